"""The roll-up of settlements by day, made anew as often as one likes.

Only days that differ are written. After the year is cleared nothing changes there:
what differs then is carried into the next open year, with the clearing it follows.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Final, NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from yilian.foundation.access.actor import Actor, system_actor
from yilian.foundation.access.scope import require
from yilian.insurance.budget import policies
from yilian.insurance.budget.models import CarryOver, Clearing, Pool, UseDay
from yilian.insurance.budget.ports import UseLine, daily_use
from yilian.insurance.budget.queries import members, sums
from yilian.insurance.budget.rules.states import Act
from yilian.insurance.budget.services.collecting import collect_refusals
from yilian.insurance.budget.services.keeping import (
    INSURERS,
    audited,
    pool_in_line,
)
from yilian.kernel.money import ZERO
from yilian.registry.directory.services.loading import copy_in

CLOCK: Final = system_actor("budget.roll_up")
_A_MONTH: Final = timedelta(days=31)
_AMOUNTS: Final = ("basic", "serious", "assistance", "patient", "other", "total")


class _Place(NamedTuple):
    day: date
    institution_id: UUID | None
    kind: str


class _Cost(NamedTuple):
    is_inside: bool
    basic: Decimal
    serious: Decimal
    assistance: Decimal
    patient: Decimal
    other: Decimal
    total: Decimal
    cases: int


_Costs = dict[_Place, _Cost]


@transaction.atomic
def roll_up(actor: Actor, pool_id: UUID, start: date, end: date) -> int:
    """The days from `start` up to `end`; how many rows were written."""
    pool = pool_in_line(actor, pool_id)
    require(policies.can_roll_up(actor, pool), INSURERS)
    first, last = max(start, sums.first_day(pool)), min(end, sums.end_of(pool))
    if first >= last:
        return 0
    final = sums.final_of(pool)
    if final is not None:
        return _carry(actor, pool, final, first, last)
    collect_refusals(actor, pool)
    return refresh(actor, pool, first, last)


def roll_up_all() -> int:
    """Every night: the year that runs and whatever years are not cleared; of cleared
    ones, what came late."""
    years = (timezone.localdate().year, timezone.localdate().year - 1)
    pools = Pool.objects.filter(year__in=years).order_by("-year", "area_code")
    return sum(
        roll_up(CLOCK, pool.pk, sums.first_day(pool), sums.end_of(pool))
        for pool in pools
    )


def roll_up_day(area_code: str, day: date) -> int:
    """Something was settled: the pools of the people it was for."""
    pools = Pool.objects.filter(year=day.year)
    return sum(
        roll_up(CLOCK, pool.pk, day, day + timedelta(days=1))
        for pool in pools
        if area_code.startswith(pool.area_code)
    )


def refresh(actor: Actor, pool: Pool, first: date, last: date) -> int:
    """In line already, and the year open."""
    asked, kept = _asked(pool, first, last), _known(pool, first, last)
    if _is_silent(asked, kept, last - first):
        return 0
    wanted, known = _by_day(asked), _by_day(kept)
    differing = [day for day in {*wanted, *known} if wanted.get(day) != known.get(day)]
    if not differing:
        return 0
    UseDay.objects.filter(pool=pool, day__in=differing).delete()
    rows = [
        unsaved(pool, place, cost)
        for day in sorted(differing)
        for place, cost in sorted(wanted.get(day, {}).items(), key=_order)
    ]
    copy_in(rows)
    audited(actor, "roll_up", pool, days=len(differing), rows=len(rows))
    return len(rows)


def unsaved(pool: Pool, place: _Place, cost: _Cost) -> UseDay:
    return UseDay(pool=pool, **place._asdict(), **cost._asdict())


def costs_of(pool: Pool, rows: Iterable[UseLine]) -> _Costs:
    """One line a day, house and kind; a house is inside while it is a member."""
    inside = members.member_days(pool)
    found: _Costs = {}
    for row in rows:
        place = _Place(row.day, row.institution_id, row.kind)
        other = row.total - row.basic - row.serious - row.assistance - row.patient
        cost = _Cost(
            inside.is_inside(row.institution_id, row.day),
            row.basic, row.serious, row.assistance, row.patient, other, row.total,
            row.count,
        )  # fmt: skip
        found[place] = _added(found[place], cost) if place in found else cost
    return found


def _asked(pool: Pool, first: date, last: date) -> _Costs:
    rows = daily_use()(pool.area_code, first, last)
    return costs_of(pool, rows)


def _known(pool: Pool, first: date, last: date) -> _Costs:
    rows = UseDay.objects.filter(pool=pool, day__gte=first, day__lt=last)
    return {
        _Place(*values[:3]): _Cost(*values[3:])
        for values in rows.values_list(*_Place._fields, *_Cost._fields)
    }


def _is_silent(asked: _Costs, known: _Costs, span: timedelta) -> bool:
    """A source that has forgotten months is out of order: what is known stays."""
    return not asked and bool(known) and span > _A_MONTH


def _by_day(costs: _Costs) -> Mapping[date, _Costs]:
    found: dict[date, _Costs] = defaultdict(dict)
    for place, cost in costs.items():
        found[place.day][place] = cost
    return dict(found)


def _order(pair: tuple[_Place, _Cost]) -> tuple[str, str]:
    return str(pair[0].institution_id), pair[0].kind


def _added(one: _Cost, other: _Cost) -> _Cost:
    amounts = {name: getattr(one, name) + getattr(other, name) for name in _AMOUNTS}
    return one._replace(**amounts, cases=one.cases + other.cases)


_Where = tuple[date, UUID | None, bool]


def _carry(actor: Actor, pool: Pool, final: Clearing, first: date, last: date) -> int:
    """What differs from the frozen days and was not carried yet. With no open year
    to carry it to, it waits for one."""
    into = _next_open(pool)
    if into is None:
        return 0
    rows = late_rows(pool, final, first, last)
    for row in rows:
        row.to_pool = into
    CarryOver.objects.bulk_create(rows)
    if rows:
        audited(actor, "carry_over", into, rows=len(rows), from_year=pool.year)
    return len(rows)


def late_rows(pool: Pool, final: Clearing, first: date, last: date) -> list[CarryOver]:
    """Unsaved, without saying yet where it counts: what differs from the frozen days
    and counts nowhere else."""
    asked, kept = _asked(pool, first, last), _known(pool, first, last)
    if _is_silent(asked, kept, last - first):
        return []
    wanted, known = _basic(asked), _basic(kept)
    done = _carried(pool, first, last)
    late = {
        where: wanted.get(where, ZERO) - known.get(where, ZERO) - done.get(where, ZERO)
        for where in {*wanted, *known, *done}
    }
    return [
        CarryOver(
            from_pool=pool, institution_id=house, is_inside=inside, day=day,
            amount=amount, clearing=final, at=timezone.now(),
        )
        for (day, house, inside), amount in sorted(late.items(), key=str)
        if amount
    ]  # fmt: skip


def _next_open(pool: Pool) -> Pool | None:
    later = Pool.objects.filter(area_code=pool.area_code, year__gt=pool.year)
    return next(
        (one for one in later.order_by("year") if sums.final_of(one) is None), None
    )


def _basic(costs: _Costs) -> dict[_Where, Decimal]:
    found: dict[_Where, Decimal] = defaultdict(Decimal)
    for place, cost in costs.items():
        found[place.day, place.institution_id, cost.is_inside] += cost.basic
    return dict(found)


def _carried(pool: Pool, first: date, last: date) -> dict[_Where, Decimal]:
    """To a later year, or into a supplementary clearing that was not returned."""
    rows = CarryOver.objects.filter(
        from_pool=pool, day__gte=first, day__lt=last
    ).exclude(supplement__acts__act=Act.RETURNED.value)
    sums_of = rows.values_list("day", "institution", "is_inside")
    return {
        (day, house, inside): amount
        for day, house, inside, amount in sums_of.annotate(Sum("amount")).order_by()
    }
