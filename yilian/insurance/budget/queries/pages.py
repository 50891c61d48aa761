"""What the page of one pool shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
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
    Pool,
    PoolRevision,
    Refusal,
    UseDay,
)
from yilian.insurance.budget.queries import members, sums
from yilian.insurance.budget.queries.curve import UseCurve, curve_of
from yilian.insurance.budget.queries.guards import Guard, guards_of
from yilian.insurance.budget.queries.lines import percent, standings_of
from yilian.insurance.budget.queries.sums import Sums
from yilian.insurance.budget.rules.curve import Alarm
from yilian.insurance.budget.rules.pictures import Fall, falls
from yilian.insurance.budget.rules.states import (
    Act,
    ClearingKind,
    RevisionState,
    Standing,
    UseKind,
)
from yilian.kernel.money import ZERO, to_fen

MOST_HOUSES: Final = 10
_MOST_ROWS: Final = 60


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
        return percent(Decimal(self.sums.outside), Decimal(spent))

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
        standing=standings_of([pool.pk], {pool.pk: revision} if revision else {})[
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


def member_choices(pool: Pool) -> list[tuple[str, str]]:
    day = min(timezone.localdate(), sums.end_of(pool) - timedelta(days=1))
    return [(str(one.id), one.name) for one in members.houses_on(pool, day)]
