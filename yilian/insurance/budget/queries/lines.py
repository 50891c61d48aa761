"""What the list of pools shows of each."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, Sum
from django.utils import timezone

from yilian.foundation.access.actor import Actor
from yilian.insurance.budget.models import (
    CarryOver,
    Clearing,
    ClearingAct,
    Pool,
    PoolRevision,
    Refusal,
    Share,
    UseDay,
)
from yilian.insurance.budget.queries import sums
from yilian.insurance.budget.rules.curve import foreseen
from yilian.insurance.budget.rules.states import (
    Act,
    ClearingKind,
    Finding,
    RevisionState,
    Standing,
)
from yilian.kernel.money import ZERO, Fen, from_fen, to_fen


@dataclass(frozen=True, slots=True, kw_only=True)
class LineSums:
    """Amounts of a pool, or of several; None where nothing is released."""

    heads: int | None
    available: Decimal | None
    spent: Decimal
    outside: Decimal
    at_end: Decimal | None

    @property
    def percent(self) -> Decimal | None:
        return percent(self.spent, self.available)

    @property
    def outflow(self) -> Decimal | None:
        return percent(self.outside, self.spent)

    @property
    def balance(self) -> Decimal | None:
        if self.available is None or self.at_end is None:
            return None
        return self.available - self.at_end


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolLine(LineSums):
    id: UUID
    consortium: str
    area_code: str
    year: int
    standing: Standing


def years_of(actor: Actor) -> list[int]:
    years = Pool.objects.visible_to(actor).order_by("-year")
    return list(years.values_list("year", flat=True).distinct())


def pool_lines(actor: Actor, year: int) -> list[PoolLine]:
    """A fixed number of questions, however many pools."""
    pools = list(
        Pool.objects.visible_to(actor)
        .filter(year=year)
        .select_related("consortium")
        .order_by("area_code")
    )
    ids = [pool.pk for pool in pools]
    revisions = _revisions(ids)
    used, certain = _used_of(ids), _certain_of(ids)
    before = _days_before(pools, year)
    days = _days_of(ids)
    standings = standings_of(ids, revisions)
    return [
        _line(
            pool,
            revisions.get(pool.pk),
            used.get(pool.pk, (ZERO, ZERO)),
            certain.get(pool.pk, ZERO),
            _at_end(pool, days.get(pool.pk, {}), before.get(pool.area_code, {})),
            standings[pool.pk],
        )
        for pool in pools
    ]


def _line(  # noqa: PLR0917
    pool: Pool,
    revision: PoolRevision | None,
    used: tuple[Decimal, Decimal],
    certain: Decimal,
    at_end: Fen,
    standing: Standing,
) -> PoolLine:
    inside, outside = used
    return PoolLine(
        id=pool.pk,
        consortium=pool.consortium.alias,
        area_code=pool.area_code,
        year=pool.year,
        heads=revision.heads if revision else None,
        available=revision.available if revision else None,
        spent=inside + outside + certain,
        outside=outside,
        at_end=from_fen(at_end) + certain if revision else None,
        standing=standing,
    )


def _revisions(ids: Iterable[UUID]) -> dict[UUID, PoolRevision]:
    released = PoolRevision.objects.filter(
        pool__in=ids, state=RevisionState.RELEASED.value
    )
    return {one.pool_id: one for one in released.order_by("starts_on", "number")}


def _used_of(ids: Iterable[UUID]) -> dict[UUID, tuple[Decimal, Decimal]]:
    rows = UseDay.objects.filter(pool__in=ids).values_list("pool")
    summed = rows.annotate(
        inside=Sum("basic", filter=Q(is_inside=True), default=ZERO),
        outside=Sum("basic", filter=Q(is_inside=False), default=ZERO),
    ).order_by()
    return {pool: (inside, outside) for pool, inside, outside in summed}


def _certain_of(ids: Iterable[UUID]) -> dict[UUID, Decimal]:
    """Carried in, less what an audit refused."""
    found: dict[UUID, Decimal] = defaultdict(Decimal)
    refused = Refusal.objects.filter(pool__in=ids, finding=Finding.REFUSED.value)
    for pool, amount in refused.values_list("pool").annotate(Sum("amount")).order_by():
        found[pool] -= amount
    carried = CarryOver.objects.filter(to_pool__in=ids).values_list("to_pool")
    for pool, amount in carried.annotate(Sum("amount")).order_by():
        found[pool] += amount
    return dict(found)


def _days_of(ids: Iterable[UUID]) -> dict[UUID, dict[date, Fen]]:
    rows = UseDay.objects.filter(pool__in=ids).values_list("pool", "day")
    found: dict[UUID, dict[date, Fen]] = defaultdict(dict)
    for pool, day, amount in rows.annotate(Sum("basic")).order_by():
        found[pool][day] = to_fen(amount)
    return found


def _days_before(pools: Sequence[Pool], year: int) -> dict[str, dict[date, Fen]]:
    areas = [pool.area_code for pool in pools]
    before = Pool.objects.filter(year=year - 1, area_code__in=areas)
    named = dict(before.values_list("pk", "area_code"))
    return {named[pool]: days for pool, days in _days_of(list(named)).items()}


def _at_end(pool: Pool, days: Mapping[date, Fen], before: Mapping[date, Fen]) -> Fen:
    until = min(timezone.localdate(), sums.end_of(pool))
    spent = {day: amount for day, amount in days.items() if day < until}
    return foreseen(pool.year, until, spent, before).at_end


def standings_of(
    ids: Sequence[UUID], revisions: Mapping[UUID, PoolRevision]
) -> dict[UUID, Standing]:
    finals = Clearing.objects.filter(
        pool__in=ids, kind=ClearingKind.FINAL.value
    ).exclude(acts__act=Act.RETURNED.value)
    shared = Share.objects.filter(clearing=OuterRef("pk"))
    confirmed = ClearingAct.objects.filter(clearing=OuterRef("pk"))
    rows = finals.annotate(
        is_shared=Exists(shared),
        by_insurer=Exists(confirmed.filter(act=Act.INSURER.value)),
        by_office=Exists(confirmed.filter(act=Act.CONSORTIUM.value)),
    ).values_list("pool", "is_shared", "by_insurer", "by_office")
    found = {pool: _how_far(*facts) for pool, *facts in rows}
    return {
        pool: found.get(
            pool, Standing.RUNNING if pool in revisions else Standing.PROPOSED
        )
        for pool in ids
    }


def _how_far(is_shared: bool, by_insurer: bool, by_office: bool) -> Standing:
    if is_shared:
        return Standing.DISTRIBUTED
    return Standing.CLEARED if by_insurer and by_office else Standing.CLEARING


def sums_of_lines(lines: Sequence[PoolLine]) -> LineSums:
    return LineSums(
        heads=sum(line.heads or 0 for line in lines),
        available=sum((line.available or ZERO for line in lines), ZERO),
        spent=sum((line.spent for line in lines), ZERO),
        outside=sum((line.outside for line in lines), ZERO),
        at_end=sum((line.at_end or ZERO for line in lines), ZERO),
    )


def percent(part: Decimal, whole: Decimal | None) -> Decimal | None:
    if not whole or whole <= 0:
        return None
    return round(100 * part / whole, 1)
