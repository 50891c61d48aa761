"""Guards against skimming: who is turned away, sent home too soon or sent elsewhere.

Counted from what the system has itself (RI-9); each says over how many it was
counted, and nothing counted is no score.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet, Sum

from yilian.care.referral.models import Referral
from yilian.care.referral.rules.states import State
from yilian.foundation.parameters.queries import value_of
from yilian.foundation.parameters.rules import Key
from yilian.insurance.budget import parameters
from yilian.insurance.budget.models import Pool, UseDay
from yilian.insurance.budget.queries import members, sums
from yilian.kernel.calendar import start_of_day
from yilian.kernel.money import ZERO
from yilian.kernel.text import _
from yilian.kernel.tier import Direction
from yilian.resources.reception.models import Encounter
from yilian.resources.reception.rules import EncounterKind, EncounterState

READMITTED_WITHIN: Final = timedelta(days=31)
BACK_WITHIN: Final = timedelta(days=7)
LONGEST_STAY: Final = timedelta(days=366)
_TENTH: Final = Decimal("0.1")


@dataclass(frozen=True, slots=True)
class Guard:
    """Of `of` so many, `found`; amounts of money for the outflow."""

    code: str
    name: str
    clause: str
    found: Decimal
    of: Decimal
    limit: Decimal
    is_money: bool = False

    @property
    def percent(self) -> Decimal | None:
        if self.of <= 0:
            return None
        return (100 * self.found / self.of).quantize(_TENTH, ROUND_HALF_UP)

    @property
    def is_over(self) -> bool:
        return self.of > 0 and self.found > self.limit * self.of

    @property
    def limit_percent(self) -> Decimal:
        return (100 * self.limit).quantize(_TENTH, ROUND_HALF_UP)

    def kept(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "found": str(self.found),
            "of": str(self.of),
            "limit": str(self.limit),
        }


def guards_of(pool: Pool) -> list[Guard]:
    day = min(date(pool.year, 12, 31), sums.end_of(pool) - timedelta(days=1))
    houses = [house.id for house in members.houses_on(pool, day)]
    return [
        _outflow(pool, day),
        _turned_away(pool, houses, day),
        _readmitted(pool, houses, day),
        _sent_down_unstable(pool, houses, day),
    ]


def _outflow(pool: Pool, day: date) -> Guard:
    rows = UseDay.objects.filter(pool=pool)
    paid = dict(rows.values_list("is_inside").annotate(sum=Sum("basic")).order_by())
    outside = paid.get(False) or ZERO
    return Guard(
        "outflow", _("外流占基金支出"), "RI-9", outside,
        outside + (paid.get(True) or ZERO),
        _limit(parameters.OUTFLOW_MOST, pool, day), is_money=True,
    )  # fmt: skip


def _turned_away(pool: Pool, houses: Sequence[UUID], day: date) -> Guard:
    # None was answered before it was sent: so the index of the answered is read from
    # the year's beginning, and not from the first of all.
    start, _end = _span(pool)
    answered = _referrals(pool).filter(
        to_institution__in=houses, answered_at__gte=start
    )
    declined = answered.filter(state=State.DECLINED.value)
    limit = _limit(parameters.REFUSED_MOST, pool, day)
    name = _("转来的病人被退回")
    return Guard("refused", name, "RI-9", *_counted(declined, answered), limit)


def _readmitted(pool: Pool, houses: Sequence[UUID], day: date) -> Guard:
    """Of the stays of up to a year that ended, those followed by another within 31
    days."""
    start, end = _span(pool)
    stays = Encounter.objects.filter(kind=EncounterKind.INPATIENT.value)
    stays = stays.exclude(state=EncounterState.ENTERED_IN_ERROR.value)
    ended = stays.filter(
        institution__in=houses, state=EncounterState.FINISHED.value,
        ended_at__gte=start, ended_at__lt=end,
        started_at__gte=start - LONGEST_STAY, started_at__lt=end,
    )  # fmt: skip
    again = stays.filter(
        person=OuterRef("person"),
        started_at__gt=OuterRef("ended_at"),
        started_at__lte=OuterRef("ended_at") + READMITTED_WITHIN,
    )
    limit = _limit(parameters.READMISSION_MOST, pool, day)
    counted = _counted(ended.filter(Exists(again)), ended)
    return Guard("readmission", _("出院 31 天内再住院"), "RI-9", *counted, limit)


def _sent_down_unstable(pool: Pool, houses: Sequence[UUID], day: date) -> Guard:
    """Of those sent down who arrived, those sent up again within seven days."""
    start, _end = _span(pool)
    down = _referrals(pool).filter(
        Q(closed_at__gte=start) | Q(closed_at=None),  # by an index, as above
        from_institution__in=houses,
        direction=Direction.DOWN.value,
        arrived_at__isnull=False,
    )
    back = Referral.objects.filter(
        person=OuterRef("person"),
        direction=Direction.UP.value,
        submitted_at__gt=OuterRef("arrived_at"),
        submitted_at__lte=OuterRef("arrived_at") + BACK_WITHIN,
    )
    limit = _limit(parameters.UNSTABLE_MOST, pool, day)
    counted = _counted(down.filter(Exists(back)), down)
    return Guard("unstable", _("下转后 7 天内又上转"), "RI-9", *counted, limit)


def _referrals(pool: Pool) -> "QuerySet[Referral]":
    start, end = _span(pool)
    return Referral.objects.filter(submitted_at__gte=start, submitted_at__lt=end)


def _span(pool: Pool) -> tuple[Any, Any]:
    return start_of_day(sums.first_day(pool)), start_of_day(sums.end_of(pool))


def _counted(found: "QuerySet[Any]", of: "QuerySet[Any]") -> tuple[Decimal, Decimal]:
    return Decimal(found.count()), Decimal(of.count())


def _limit(key: Key[Decimal], pool: Pool, day: date) -> Decimal:
    return value_of(key, day, pool.area_code)
