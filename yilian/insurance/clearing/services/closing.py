"""Closing a month of a consortium for good, 关账. It is never opened again."""

from datetime import date
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Sum
from django.utils import timezone

from yilian.foundation.access.actor import Actor
from yilian.foundation.access.scope import require
from yilian.foundation.audit.services import record as record_audit
from yilian.insurance.clearing import policies
from yilian.insurance.clearing.models import ClosedPeriod, Entry, Posting
from yilian.insurance.clearing.models_statement import Statement
from yilian.insurance.clearing.queries.books import closed_until
from yilian.insurance.clearing.queries.files import digest_of_period
from yilian.insurance.clearing.queries.houses import led
from yilian.insurance.clearing.rules import months
from yilian.insurance.clearing.rules.statement import AGREED, State
from yilian.insurance.clearing.services.holding import hold_alone
from yilian.kernel.errors import Conflict, Invalid
from yilian.kernel.money import ZERO
from yilian.kernel.text import _
from yilian.registry.directory.queries import today

_WHO: Final = _("只有医联体牵头单位的医联体办公室可以关账。")


@transaction.atomic
def close(
    actor: Actor, consortium_id: UUID, period: date, *, note: str = ""
) -> ClosedPeriod:
    """Each pair with business in the month has signed, or its dispute stands on
    record with a note."""
    require(policies.can_close(actor, led(actor), consortium_id), _WHO)
    hold_alone(consortium_id)
    _require_next(consortium_id, period)
    states = _states(consortium_id, period)
    disputed = states.pop(State.DISPUTED, 0)
    _require_signed(consortium_id, period, states)
    if disputed and not note.strip():
        raise Invalid(
            fields={"note": _("有对账单仍在异议中，请写明带异议关账的说明。")}
        )
    row = ClosedPeriod.objects.create(
        consortium_id=consortium_id,
        period=period,
        entries=Entry.objects.filter(consortium=consortium_id, period=period).count(),
        statements=sum(states.values()) + disputed,
        disputed=disputed,
        turnover=_turnover(consortium_id, period),
        digest=digest_of_period(consortium_id, period),
        note=note.strip()[:400],
        closed_at=timezone.now(),
        closed_by=actor.account_id,
    )
    record_audit(
        actor,
        "clearing.close",
        object_kind="consortium",
        object_id=consortium_id,
        detail={"period": f"{period:%Y-%m}", "entries": row.entries},
    )
    return row


def _require_next(consortium_id: UUID, period: date) -> None:
    last = closed_until(consortium_id)
    if last is not None and period <= last:
        raise Conflict(_("这个月已经关账，不能重复关账，也不能重新打开。"))
    if period.day != 1 or not months.has_ended(period, today()):
        raise Conflict(_("这个月还没有结束，不能关账。"))
    earlier = Entry.objects.filter(consortium=consortium_id, period__lt=period)
    if last is not None:
        earlier = earlier.filter(period__gt=last)
    first = earlier.order_by("period").values_list("period", flat=True).first()
    if first is not None:
        raise Conflict(
            _("更早的 {month} 还没有关账，请按月份先后关账。"), month=f"{first:%Y-%m}"
        )


def _states(consortium_id: UUID, period: date) -> dict[State, int]:
    rows = Statement.objects.filter(consortium=consortium_id, period=period)
    found = rows.values_list("state").annotate(n=Count("pk"))
    return {State(state): n for state, n in found}


def _require_signed(
    consortium_id: UUID, period: date, states: dict[State, int]
) -> None:
    business = Entry.objects.filter(
        consortium=consortium_id, period=period, statement=None
    )
    pairs = business.values("one", "other").distinct().count()
    drawn = Statement.objects.filter(consortium=consortium_id, period=period).count()
    if pairs > drawn:
        raise Conflict(_("还有 {n} 对机构没有出具对账单，请先出具。"), n=pairs - drawn)
    waiting = sum(n for state, n in states.items() if state not in AGREED)
    if waiting:
        raise Conflict(
            _("还有 {n} 张对账单没有双方确认，请先确认或提出异议。"), n=waiting
        )


def _turnover(consortium_id: UUID, period: date) -> Decimal:
    rows = Posting.objects.filter(
        entry__consortium=consortium_id, entry__period=period, amount__gt=0
    )
    return rows.aggregate(all=Sum("amount"))["all"] or ZERO
