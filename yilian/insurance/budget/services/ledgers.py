"""Subsidies by result (NX-3.1-b), a house's distributable income and its points."""

from datetime import date
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from yilian.foundation.access.actor import Actor
from yilian.foundation.access.database import one_at_a_time
from yilian.foundation.access.scope import find, require
from yilian.foundation.audit.services import record
from yilian.foundation.idempotency.services import once
from yilian.foundation.parameters.queries import value_of
from yilian.insurance.budget import parameters, policies
from yilian.insurance.budget.models import IncomeEntry, PointsEntry, SubsidyEntry
from yilian.insurance.budget.queries import ledgers
from yilian.insurance.budget.rules.ledgers import distributable, subsidy
from yilian.insurance.budget.rules.states import PointKind
from yilian.insurance.budget.services.keeping import require_account
from yilian.kernel.errors import Conflict, Invalid, NotFound
from yilian.kernel.money import from_fen, to_fen
from yilian.kernel.safe_text import required_text
from yilian.kernel.text import _
from yilian.registry.directory.models import Institution, PractitionerRole

_LONGEST: Final = 200
_MOST_POINTS: Final = Decimal(1000)
_COMMISSIONS: Final = _("财政补助由当地卫生健康委登记。")
_FINANCE: Final = _("只有本机构的医保财务可以登记收支和绩效积分。")


@transaction.atomic
def grant_subsidy(
    actor: Actor,
    *,
    key: UUID,
    institution_id: UUID,
    year: int,
    base: Decimal,
    score: Decimal,
    assessment: str,
    evidence: str,
) -> SubsidyEntry:
    """On the house's own channel, which joining a consortium never changes."""
    house = find(Institution.objects.all(), institution_id)
    require(policies.can_keep_subsidies(actor, house.area_code), _COMMISSIONS)

    def make() -> UUID:
        one_at_a_time(f"budget.subsidy.{house.pk}.{year}")
        row = unsaved_subsidy(house, year, base, score)
        row.assessment = required_text(assessment, max_length=_LONGEST)
        row.evidence = required_text(evidence, max_length=_LONGEST)
        row.replaces = _free(
            SubsidyEntry.objects.filter(
                institution=house, year=year, channel=row.channel
            ),
            _("这一年同一渠道的补助已登记。如有错误，请先冲销原来的一笔。"),
        )
        row.by_id = require_account(actor)
        row.save(force_insert=True)
        _audit(actor, "grant_subsidy", row, year=year)
        return row.pk

    return SubsidyEntry.objects.get(pk=once(actor, key, "budget.grant_subsidy", make))


@transaction.atomic
def take_back_subsidy(
    actor: Actor, entry_id: UUID, *, key: UUID, reason: str
) -> SubsidyEntry:
    given = find(ledgers.subsidies_visible_to(actor), entry_id)
    house = given.institution
    require(policies.can_keep_subsidies(actor, house.area_code), _COMMISSIONS)

    def make() -> UUID:
        one_at_a_time(f"budget.subsidy.{house.pk}.{given.year}")
        _require_not_reversed(SubsidyEntry, given)
        red: SubsidyEntry = _copy(given)
        red.amount, red.base = -given.amount, -given.base
        red.evidence = required_text(reason, max_length=_LONGEST)
        _reverse(actor, red, given)
        _audit(actor, "take_back_subsidy", red, year=given.year)
        return red.pk

    made = once(actor, key, "budget.take_back_subsidy", make)
    return SubsidyEntry.objects.get(pk=made)


@transaction.atomic
def enter_income(
    actor: Actor,
    *,
    key: UUID,
    month: date,
    income: Decimal,
    cost: Decimal,
    evidence: str,
) -> IncomeEntry:
    """Of one's own house; funds and the staff's part come from the parameters."""
    house = _own_house(actor)

    def make() -> UUID:
        one_at_a_time(f"budget.income.{house.pk}.{month}")
        if month.day != 1 or month > timezone.localdate():
            raise Invalid(fields={"month": _("请选择已经开始的月份。")})
        row = unsaved_income(house, month, income, cost)
        row.evidence = required_text(evidence, max_length=_LONGEST)
        row.replaces = _free(
            IncomeEntry.objects.filter(institution=house, month=month),
            _("这个月的收支已登记。如有错误，请先冲销原来的一笔。"),
        )
        row.by_id = require_account(actor)
        row.save(force_insert=True)
        _audit(actor, "enter_income", row, month=str(month))
        return row.pk

    return IncomeEntry.objects.get(pk=once(actor, key, "budget.enter_income", make))


@transaction.atomic
def take_back_income(
    actor: Actor, entry_id: UUID, *, key: UUID, reason: str
) -> IncomeEntry:
    house = _own_house(actor)
    given = find(IncomeEntry.objects.filter(institution=house), entry_id)

    def make() -> UUID:
        one_at_a_time(f"budget.income.{house.pk}.{given.month}")
        _require_not_reversed(IncomeEntry, given)
        red: IncomeEntry = _copy(given)
        for name in ("income", "cost", "funds", "distributable"):
            setattr(red, name, -getattr(given, name))
        red.evidence = required_text(reason, max_length=_LONGEST)
        _reverse(actor, red, given)
        _audit(actor, "take_back_income", red, month=str(given.month))
        return red.pk

    made = once(actor, key, "budget.take_back_income", make)
    return IncomeEntry.objects.get(pk=made)


@transaction.atomic
def give_points(
    actor: Actor,
    *,
    key: UUID,
    practitioner_id: UUID,
    month: date,
    kind: PointKind,
    points: Decimal,
    ground: str,
) -> PointsEntry:
    """To somebody who works in the house."""
    house = _own_house(actor)

    def make() -> UUID:
        works = PractitionerRole.objects.filter(
            practitioner=practitioner_id, institution=house
        )
        if not works.exists():
            raise NotFound
        if not 0 < points <= _MOST_POINTS:
            raise Invalid(fields={"points": _("积分应大于 0，最多 1000。")})
        if month.day != 1 or month > timezone.localdate():
            raise Invalid(fields={"month": _("请选择已经开始的月份。")})
        row = PointsEntry.objects.create(
            institution=house,
            practitioner_id=practitioner_id,
            month=month,
            kind=kind.value,
            points=points,
            ground=required_text(ground, max_length=_LONGEST),
            by_id=require_account(actor),
            at=timezone.now(),
        )
        _audit(actor, "give_points", row, month=str(month))
        return row.pk

    return PointsEntry.objects.get(pk=once(actor, key, "budget.give_points", make))


@transaction.atomic
def take_back_points(
    actor: Actor, entry_id: UUID, *, key: UUID, reason: str
) -> PointsEntry:
    house = _own_house(actor)
    given = find(PointsEntry.objects.filter(institution=house), entry_id)

    def make() -> UUID:
        one_at_a_time(f"budget.points.{given.pk}")
        _require_not_reversed(PointsEntry, given)
        red: PointsEntry = _copy(given)
        red.points = -given.points
        red.ground = required_text(reason, max_length=_LONGEST)
        _reverse(actor, red, given)
        _audit(actor, "take_back_points", red, month=str(given.month))
        return red.pk

    made = once(actor, key, "budget.take_back_points", make)
    return PointsEntry.objects.get(pk=made)


def unsaved_subsidy(
    house: Institution, year: int, base: Decimal, score: Decimal
) -> SubsidyEntry:
    day = date(year, 12, 31)
    rate = value_of(parameters.LINKED_RATE, day, house.area_code)
    bands = value_of(parameters.SUBSIDY_FACTORS, day, house.area_code)
    linked = subsidy(to_fen(base), rate, score, bands)
    return SubsidyEntry(
        institution=house,
        year=year,
        channel=house.funding_channel,
        base=base,
        linked_rate=rate,
        score=score,
        factor=linked.factor,
        amount=from_fen(linked.amount),
        at=timezone.now(),
    )


def unsaved_income(
    house: Institution, month: date, income: Decimal, cost: Decimal
) -> IncomeEntry:
    fund_rate = value_of(parameters.FUND_RATE, month, house.area_code)
    staff_rate = value_of(parameters.STAFF_RATE, month, house.area_code)
    counted = distributable(to_fen(income), to_fen(cost), fund_rate, staff_rate)
    return IncomeEntry(
        institution=house,
        month=month,
        income=income,
        cost=cost,
        funds=from_fen(counted.funds),
        fund_rate=fund_rate,
        staff_rate=staff_rate,
        distributable=from_fen(counted.distributable),
        at=timezone.now(),
    )


def _own_house(actor: Actor) -> Institution:
    if actor.institution_id is None:
        raise NotFound
    require(policies.can_keep_income(actor, actor.institution_id), _FINANCE)
    return Institution.objects.get(pk=actor.institution_id)


def _free(rows: Any, refusal: str) -> Any:
    """The red entry that a new row replaces; refused while one stands."""
    last = rows.order_by("at", "pk").last()
    if last is not None and last.reverses_id is None:
        raise Conflict(refusal)
    return last


def _require_not_reversed(model: Any, given: Any) -> None:
    if given.reverses_id or model.objects.filter(reverses=given).exists():
        raise Conflict(_("这一笔已经冲销。请刷新页面查看。"))


def _copy(given: Any) -> Any:
    names = [
        field.attname
        for field in given._meta.concrete_fields
        if field.name not in {"id", "reverses", "replaces", "by", "at"}
    ]
    return type(given)(**{name: getattr(given, name) for name in names})


def _reverse(actor: Actor, red: Any, given: Any) -> None:
    red.reverses = given
    red.by_id = require_account(actor)
    red.at = timezone.now()
    red.save(force_insert=True)


def _audit(actor: Actor, verb: str, row: Any, **detail: Any) -> None:
    record(
        actor,
        f"budget.{verb}",
        object_kind=type(row).__name__,
        object_id=row.pk,
        detail={"institution": str(row.institution_id), **detail},
    )
