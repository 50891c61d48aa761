"""Slips of shared services: recorded by who did it, acknowledged by who asked."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from yilian.foundation.access.actor import Actor
from yilian.foundation.access.scope import find, require
from yilian.foundation.audit.services import record as record_audit
from yilian.foundation.idempotency.services import once
from yilian.foundation.parameters.queries import value_of
from yilian.insurance.clearing import policies
from yilian.insurance.clearing.models import SharedService
from yilian.insurance.clearing.queries.books import consortium_between
from yilian.insurance.clearing.rules import slip as slips
from yilian.insurance.clearing.rules.ledger import MOST_FEN, owed
from yilian.insurance.clearing.rules.numbers import SLIP, number_of
from yilian.insurance.clearing.rules.slip import Kind, State, Step
from yilian.insurance.clearing.services.posting import post, reverse
from yilian.insurance.clearing.services.telling import tell_of_slip
from yilian.insurance.policy.queries.prices import Price, price_of
from yilian.kernel.errors import Invalid, NotFound, NotPermitted
from yilian.kernel.ids import NIL
from yilian.kernel.money import from_fen, round_fen, to_fen
from yilian.kernel.text import _
from yilian.registry.directory.models import Institution
from yilian.registry.directory.queries import today

_COUNTY: Final = 6
_HUNDREDTH: Final = Decimal("0.01")
_WHO: Final = _("只有医疗机构的医保财务可以登记服务单。")
_CAME: Final = _("{house}登记了服务单 {number}，请核对签认。")
_CAME_BACK: Final = _("{house}退回了服务单 {number}，请核对。")
_VOIDED: Final = _("{house}红冲了服务单 {number}。")


@dataclass(frozen=True, slots=True)
class Facts:
    """What is typed; price and split follow from the item, the kind and the day."""

    requester_id: UUID
    kind: Kind
    item_code: str
    quantity: Decimal
    performed_on: date
    reference: str = ""
    note: str = ""


@transaction.atomic
def record(actor: Actor, *, key: UUID, facts: Facts) -> SharedService:
    require(policies.can_record(actor), _WHO)
    made = once(actor, key, "shared_service", lambda: _record(actor, facts))
    return SharedService.objects.get(pk=made)


@transaction.atomic
def acknowledge(actor: Actor, slip_id: UUID) -> SharedService:
    """Posts: the requester owes the provider its share from here on."""
    row = _take(actor, slip_id, Step.ACKNOWLEDGE)
    kind = Kind(row.kind)
    post(
        actor,
        event_kind=slips.EVENT,
        event_id=row.id,
        day=row.performed_on,
        lines=owed(row.provider_id, row.requester_id, to_fen(row.owed)),
        text=row.item_name,
        clause=slips.KIND_CLAUSES[kind].id,
        item_code=row.item_code,
        requester_percent=row.requester_percent,
        consortium_id=row.consortium_id,
    )
    return row


@transaction.atomic
def acknowledge_many(actor: Actor, slip_ids: Iterable[UUID]) -> int:
    """All or none, in one order, so that two desks do not wait for each other."""
    chosen = sorted(set(slip_ids))
    for slip_id in chosen:
        acknowledge(actor, slip_id)
    return len(chosen)


@transaction.atomic
def send_back(actor: Actor, slip_id: UUID, *, reason: str) -> SharedService:
    row = _take(actor, slip_id, Step.RETURN, reason)
    tell_of_slip(row, row.provider_id, row.requester_id, _CAME_BACK, "returned")
    return row


@transaction.atomic
def withdraw(actor: Actor, slip_id: UUID, *, reason: str) -> SharedService:
    return _take(actor, slip_id, Step.WITHDRAW, reason)


@transaction.atomic
def void(actor: Actor, slip_id: UUID, *, reason: str) -> SharedService:
    """A red entry in the open period; the first stays as it is."""
    row = _take(actor, slip_id, Step.VOID, reason)
    reverse(actor, event_kind=slips.EVENT, event_id=row.id, reason=row.reason)
    tell_of_slip(row, row.requester_id, row.provider_id, _VOIDED, "voided")
    return row


def priced(actor: Actor, item_code: str, day: date) -> Price | None:
    """By the catalogue of the provider's county on the day of the service."""
    houses = Institution.objects.filter(pk=actor.institution_id or NIL)
    area = houses.values_list("area_code", flat=True).first() or ""
    return price_of(item_code, day, area[:_COUNTY])


def _record(actor: Actor, facts: Facts) -> UUID:
    provider = actor.institution_id
    if provider is None:
        raise NotFound
    _require_sane(provider, facts)
    within = consortium_between(provider, facts.requester_id, facts.performed_on)
    if within is None:
        raise _at("requester_id", _("两家机构当天不在同一个医联体内，不能在这里结算。"))
    price = priced(actor, facts.item_code, facts.performed_on)
    if price is None or price.price <= 0:
        raise _at("item_code", _("价格目录里没有这个项目在当天的价格。"))
    total = to_fen(round_fen(price.price * facts.quantity))
    if total > MOST_FEN:
        raise _at("quantity", _("金额过大，请检查是否多输了数字。"))
    percent = value_of(slips.SPLITS[facts.kind], facts.performed_on, price.area_code)
    row = SharedService(
        consortium_id=within,
        provider_id=provider,
        requester_id=facts.requester_id,
        kind=facts.kind.value,
        item_code=price.code,
        item_name=price.name,
        unit=price.unit,
        quantity=facts.quantity,
        unit_price=price.price,
        total=from_fen(total),
        requester_percent=percent,
        owed=from_fen(slips.provider_share(total, percent)),
        performed_on=facts.performed_on,
        reference=facts.reference,
        note=facts.note,
        recorded_by=actor.account_id,
    )
    row.number = number_of(SLIP, facts.performed_on, row.id)
    row.save(force_insert=True)
    _audit(actor, "record", row)
    tell_of_slip(row, row.requester_id, provider, _CAME, "recorded")
    return row.id


def _require_sane(provider: UUID, facts: Facts) -> None:
    if facts.requester_id == provider:
        raise _at("requester_id", _("提供方与申请方不能相同。"))
    if not facts.quantity.is_finite() or facts.quantity <= 0:
        raise _at("quantity", _("数量须大于零。"))
    if facts.quantity != facts.quantity.quantize(_HUNDREDTH):
        raise _at("quantity", _("数量最多两位小数。"))
    if facts.performed_on > today():
        raise _at("performed_on", _("发生日期不能晚于今天。"))


def _at(field: str, words: str) -> Invalid:
    return Invalid(fields={field: words})


def _take(actor: Actor, slip_id: UUID, step: Step, reason: str = "") -> SharedService:
    visible = SharedService.objects.visible_to(actor).select_for_update(of=("self",))
    row = find(visible, slip_id)
    if not policies.can_take_slip(actor, row, step):
        why = policies.why_not_slip(step)
        raise NotPermitted(why.template, **why.values)
    if slips.BY_STEP[step].needs_reason and not reason.strip():
        raise _at("reason", _("请写明原因。"))
    row.state = slips.next_state(State(row.state), step).value
    row.reason = reason.strip()[:200]
    row.decided_at, row.decided_by = timezone.now(), actor.account_id
    row.save(update_fields=["state", "reason", "decided_at", "decided_by"])
    _audit(actor, step.value, row)
    return row


def _audit(actor: Actor, verb: str, row: SharedService) -> None:
    record_audit(
        actor,
        f"clearing.slip_{verb}",
        object_kind="shared_service",
        object_id=row.id,
        detail={"kind": row.kind, "state": row.state},
    )
