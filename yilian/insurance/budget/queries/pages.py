"""What the list of pools and the page of one pool show."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet, Sum
from django.utils import timezone

from yilian.foundation.access.actor import Actor
from yilian.foundation.access.scope import find
from yilian.insurance.budget import policies
from yilian.insurance.budget.models import (
    Advance,
    CarryOver,
    Clearing,
    ClearingAct,
    Pool,
    PoolRevision,
    Refusal,
    Share,
    UseDay,
)
from yilian.insurance.budget.queries import members, sums
from yilian.insurance.budget.queries.curve import UseCurve, curve_of
from yilian.insurance.budget.queries.guards import Guard, guards_of
from yilian.insurance.budget.queries.sums import Sums
from yilian.insurance.budget.rules.curve import Alarm, foreseen
from yilian.insurance.budget.rules.pictures import Fall, falls
from yilian.insurance.budget.rules.states import (
    Act,
    ClearingKind,
    Finding,
    RevisionState,
    Standing,
    UseKind,
)
from yilian.kernel.errors import NotFound
from yilian.kernel.ids import NIL
from yilian.kernel.money import ZERO, Fen, from_fen, to_fen
from yilian.registry.directory.models import Institution

MOST_HOUSES: Final = 10
_MOST_ROWS: Final = 60


# --- the list -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PoolLine:
    id: UUID
    consortium: str
    area_code: str
    year: int
    heads: int | None
    available: Decimal | None
    spent: Decimal
    outside: Decimal
    at_end: Decimal | None
    standing: Standing

    @property
    def percent(self) -> Decimal | None:
        return _percent(self.spent, self.available)

    @property
    def outflow(self) -> Decimal | None:
        return _percent(self.outside, self.spent)

    @property
    def balance(self) -> Decimal | None:
        if self.available is None or self.at_end is None:
            return None
        return self.available - self.at_end


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
    standings = _standings(ids, revisions)
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


def _standings(
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


@dataclass(frozen=True, slots=True)
class LineSums:
    heads: int
    available: Decimal
    spent: Decimal
    outside: Decimal
    at_end: Decimal

    @property
    def percent(self) -> Decimal | None:
        return _percent(self.spent, self.available)

    @property
    def outflow(self) -> Decimal | None:
        return _percent(self.outside, self.spent)

    @property
    def balance(self) -> Decimal:
        return self.available - self.at_end


def sums_of_lines(lines: Sequence[PoolLine]) -> LineSums:
    return LineSums(
        heads=sum(line.heads or 0 for line in lines),
        available=sum((line.available or ZERO for line in lines), ZERO),
        spent=sum((line.spent for line in lines), ZERO),
        outside=sum((line.outside for line in lines), ZERO),
        at_end=sum((line.at_end or ZERO for line in lines), ZERO),
    )


# --- one pool -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class HouseLine:
    """What the covered people's care cost in a house; no id: outside the region."""

    id: UUID | None
    name: str
    is_inside: bool
    stays: Decimal
    visits: Decimal
    cases: int

    @property
    def basic(self) -> Decimal:
        return self.stays + self.visits


@dataclass(frozen=True, slots=True)
class Houses:
    """The dearest first; the others as one sum."""

    inside: Sequence[HouseLine]
    outside: Sequence[HouseLine]
    others: tuple[int, Decimal, int]  # houses, yuan, cases


@dataclass(frozen=True, slots=True)
class ClearingLine:
    row: Clearing
    acts: frozenset[str]


@dataclass(frozen=True, slots=True)
class PoolPage:
    pool: Pool
    standing: Standing
    revision: PoolRevision | None
    waiting: PoolRevision | None
    sums: Sums
    curve: UseCurve
    waterfall: Sequence[tuple[str, Decimal, Fall]]
    houses: Houses | None
    kinds: Sequence[tuple[UseKind, Decimal, Decimal]]
    guards: Sequence[Guard]
    score: Any
    advances: Sequence[Advance]
    refusals: Sequence[Refusal]
    revisions: Sequence[PoolRevision]
    clearings: Sequence[ClearingLine]
    carried: Sequence[CarryOver]

    @property
    def final(self) -> Clearing | None:
        return next(
            (
                one.row
                for one in self.clearings
                if one.row.kind == ClearingKind.FINAL and Act.RETURNED not in one.acts
            ),
            None,
        )

    @property
    def is_over(self) -> bool:
        return timezone.localdate() >= sums.end_of(self.pool)

    @property
    def outflow(self) -> Decimal | None:
        spent = self.sums.inside + self.sums.outside
        return _percent(Decimal(self.sums.outside), Decimal(spent))

    @property
    def alarms(self) -> bool:
        return self.curve.alarm is not Alarm.CALM


def pool_page(actor: Actor, pool_id: UUID) -> PoolPage:
    pool = find(Pool.objects.visible_to(actor).select_related("consortium"), pool_id)
    revision = sums.revision_of_year(pool)
    curve = curve_of(pool, revision)
    revisions = list(pool.revisions.order_by("-number"))
    return PoolPage(
        pool=pool,
        standing=_standings([pool.pk], {pool.pk: revision} if revision else {})[
            pool.pk
        ],
        revision=revision,
        waiting=next((r for r in revisions if r.state == RevisionState.PROPOSED), None),
        sums=sums.sums_of(pool, curve.until),
        curve=curve,
        waterfall=waterfall(revision) if revision else (),
        houses=_houses(actor, pool),
        kinds=_kinds(pool),
        guards=guards_of(pool),
        score=sums.score_of(pool),
        advances=_with_red(Advance, Advance.objects.filter(pool=pool), "month", "at"),
        refusals=_refusals(actor, pool),
        revisions=revisions,
        clearings=clearing_lines(pool),
        carried=list(
            CarryOver.objects.filter(to_pool=pool)
            .select_related("institution", "clearing")
            .order_by("-at")[:_MOST_ROWS]
        ),
    )


def waterfall(revision: PoolRevision) -> list[tuple[str, Decimal, Fall]]:
    """The pool, less premium, less reserve, is what is available."""
    whole = to_fen(revision.pool_amount)
    parts = {
        "premium": revision.premium_amount,
        "reserve": revision.reserve_amount,
        "available": revision.available,
    }
    drawn = falls(whole, [to_fen(amount) for amount in parts.values()])
    lines = [
        (name, amount, fall)
        for (name, amount), fall in zip(parts.items(), drawn, strict=True)
    ]
    return [("pool", revision.pool_amount, falls(whole, [whole])[0]), *lines]


def clearing_lines(pool: Pool) -> list[ClearingLine]:
    rows = pool.clearings.prefetch_related("acts").order_by("-made_at", "-number")
    return [
        ClearingLine(row, frozenset(act.act for act in row.acts.all())) for row in rows
    ]


def _houses(actor: Actor, pool: Pool) -> Houses | None:
    """All of them for insurer and office, its own for a member, none for officers."""
    rows = UseDay.objects.filter(pool=pool)
    if not policies.can_see_members(actor, pool):
        if policies.can_see_sums(actor, pool):
            return None
        rows = rows.filter(institution=actor.institution_id)
    lines = _house_lines(rows)
    inside = [line for line in lines if line.is_inside]
    outside = [line for line in lines if not line.is_inside]
    rest = [*inside[MOST_HOUSES:], *outside[MOST_HOUSES:]]
    return Houses(
        inside[:MOST_HOUSES],
        outside[:MOST_HOUSES],
        (
            len(rest),
            sum((one.basic for one in rest), ZERO),
            sum(one.cases for one in rest),
        ),
    )


def _house_lines(rows: "QuerySet[UseDay]") -> list[HouseLine]:
    summed = (
        rows.values_list("institution", "institution__short_name", "is_inside")
        .annotate(
            stays=Sum("basic", filter=Q(kind=UseKind.INPATIENT.value), default=ZERO),
            visits=Sum("basic", filter=Q(kind=UseKind.OUTPATIENT.value), default=ZERO),
            number=Sum("cases"),
        )
        .order_by()
    )
    lines = [
        HouseLine(house, name or "", inside, stays, visits, cases)
        for house, name, inside, stays, visits, cases in summed
    ]
    return sorted(lines, key=lambda line: (-line.basic, line.name))


def _kinds(pool: Pool) -> list[tuple[UseKind, Decimal, Decimal]]:
    rows = UseDay.objects.filter(pool=pool).values_list("kind")
    summed = rows.annotate(
        inside=Sum("basic", filter=Q(is_inside=True), default=ZERO),
        outside=Sum("basic", filter=Q(is_inside=False), default=ZERO),
    ).order_by("kind")
    return [(UseKind(kind), inside, outside) for kind, inside, outside in summed]


def _refusals(actor: Actor, pool: Pool) -> list[Refusal]:
    rows = Refusal.objects.filter(pool=pool).select_related("institution")
    if not policies.can_see_members(actor, pool):
        rows = rows.filter(institution=actor.institution_id)
    return _with_red(Refusal, rows, "-at", "-pk")[:_MOST_ROWS]


def _with_red(model: Any, rows: "QuerySet[Any]", *order: str) -> list[Any]:
    """Each row knows whether a red entry has taken it back."""
    red = model.objects.filter(reverses=OuterRef("pk"))
    return list(rows.annotate(is_taken_back=Exists(red)).order_by(*order))


# --- a figure opened: a house, its days ---------------------------------------


@dataclass(frozen=True, slots=True)
class DayLine:
    day: date
    kind: UseKind
    basic: Decimal
    total: Decimal
    cases: int


@dataclass(frozen=True, slots=True)
class HousePage:
    pool: Pool
    institution: Institution | None
    days: Sequence[DayLine]
    next: date | None

    @property
    def basic(self) -> Decimal:
        return sum((line.basic for line in self.days), ZERO)


_DAYS_A_PAGE: Final = 60


def house_page(
    actor: Actor, pool_id: UUID, institution_id: UUID | None, before: date | None
) -> HousePage:
    """Day by day, the latest first; a member's office opens its own house only."""
    pool = find(Pool.objects.visible_to(actor).select_related("consortium"), pool_id)
    house = _house_in_sight(actor, pool, institution_id)
    rows = UseDay.objects.filter(pool=pool, institution=house)
    if before:
        rows = rows.filter(day__lt=before)
    found = [
        DayLine(day, UseKind(kind), basic, total, cases)
        for day, kind, basic, total, cases in rows.order_by("-day", "kind").values_list(
            "day", "kind", "basic", "total", "cases"
        )[: _DAYS_A_PAGE + 1]
    ]
    if len(found) <= _DAYS_A_PAGE:
        return HousePage(pool, house, found, None)
    # A day is not divided between two pages.
    cut = found[-1].day
    return HousePage(
        pool, house, [one for one in found if one.day > cut], cut + timedelta(days=1)
    )


def _house_in_sight(
    actor: Actor, pool: Pool, institution_id: UUID | None
) -> Institution | None:
    if policies.can_see_members(actor, pool):
        if institution_id is None:
            return None
        return find(Institution.objects.all(), institution_id)
    houses = Institution.objects.filter(pk=actor.institution_id or NIL)
    if policies.can_see_sums(actor, pool) or institution_id is None:
        raise NotFound
    return find(houses, institution_id)


def member_choices(pool: Pool) -> list[tuple[str, str]]:
    day = min(timezone.localdate(), sums.end_of(pool) - timedelta(days=1))
    return [(str(one.id), one.name) for one in members.houses_on(pool, day)]


def _percent(part: Decimal, whole: Decimal | None) -> Decimal | None:
    if not whole or whole <= 0:
        return None
    return round(100 * part / whole, 1)
