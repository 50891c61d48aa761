"""What a pool's year stands at: what is available, what was used, paid and found."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Q, Sum

from yilian.insurance.budget.models import (
    Advance,
    CarryOver,
    Clearing,
    Pool,
    PoolRevision,
    Refusal,
    Score,
    UseDay,
)
from yilian.insurance.budget.rules.states import (
    AT_FAULT,
    Act,
    ClearingKind,
    Finding,
    RevisionState,
    UseKind,
)
from yilian.insurance.budget.rules.terms import in_force_of
from yilian.insurance.budget.rules.year import Pool as Amounts
from yilian.insurance.budget.rules.year import Spent, pool_of
from yilian.insurance.policy.rules.sets import InForce
from yilian.kernel.money import ZERO, Fen, to_fen


@dataclass(frozen=True, slots=True)
class Sums:
    """Of the days before `until`, in fen; inside and outside hold what was carried."""

    until: date
    inside: Fen
    outside: Fen
    carried_inside: Fen
    carried_outside: Fen
    refused: Fen
    unreasonable: Fen
    advanced: Fen
    stays_basic: Fen
    stays_total: Fen

    @property
    def spent(self) -> Spent:
        return Spent(self.inside, self.outside, self.refused, self.unreasonable)

    @property
    def carried(self) -> Fen:
        return self.carried_inside + self.carried_outside


def first_day(pool: Pool) -> date:
    return date(pool.year, 1, 1)


def end_of(pool: Pool) -> date:
    """The day after its last."""
    return date(pool.year + 1, 1, 1)


def revision_on(pool: Pool, day: date) -> PoolRevision | None:
    """The latest released by its first day, then by its number."""
    released = pool.revisions.filter(state=RevisionState.RELEASED.value)
    return released.filter(starts_on__lte=day).order_by("-starts_on", "-number").first()


def revision_of_year(pool: Pool) -> PoolRevision | None:
    """By which the year is cleared: the one in force on its last day."""
    return revision_on(pool, date(pool.year, 12, 31))


def agreed(revision: PoolRevision) -> InForce:
    return in_force_of(revision.rules, revision.starts_on)


def amounts_of(revision: PoolRevision) -> Amounts:
    return pool_of(revision.heads, agreed(revision))


def final_of(pool: Pool) -> Clearing | None:
    """The year's clearing, unless it was returned: while it stands, all is frozen."""
    made = Clearing.objects.filter(pool=pool, kind=ClearingKind.FINAL.value)
    return made.exclude(acts__act=Act.RETURNED.value).first()


def score_of(pool: Pool) -> Score | None:
    return Score.objects.filter(pool=pool).order_by("-at", "-pk").first()


def advanced(pool: Pool) -> Decimal:
    return _sum(Advance.objects.filter(pool=pool))


def sums_of(pool: Pool, until: date | None = None) -> Sums:
    end = min(until or end_of(pool), end_of(pool))
    used = _used(pool, end)
    found = _found(pool)
    carried = _carried(pool)
    return Sums(
        until=end,
        inside=_fen(used["inside"]) + carried[True],
        outside=_fen(used["outside"]) + carried[False],
        carried_inside=carried[True],
        carried_outside=carried[False],
        refused=_fen(found["refused"]),
        unreasonable=_fen(found["unreasonable"]),
        advanced=to_fen(advanced(pool)),
        stays_basic=_fen(used["stays_basic"]),
        stays_total=_fen(used["stays_total"]),
    )


def _used(pool: Pool, end: date) -> Mapping[str, Any]:
    stays = Q(kind=UseKind.INPATIENT.value)
    return UseDay.objects.filter(pool=pool, day__lt=end).aggregate(
        inside=Sum("basic", filter=Q(is_inside=True)),
        outside=Sum("basic", filter=Q(is_inside=False)),
        stays_basic=Sum("basic", filter=stays),
        stays_total=Sum("total", filter=stays),
    )


def _found(pool: Pool) -> Mapping[str, Any]:
    at_fault = [finding.value for finding in AT_FAULT]
    return Refusal.objects.filter(pool=pool).aggregate(
        refused=Sum("amount", filter=Q(finding=Finding.REFUSED.value)),
        unreasonable=Sum("amount", filter=Q(finding__in=at_fault)),
    )


def _carried(pool: Pool) -> dict[bool, Fen]:
    rows = CarryOver.objects.filter(to_pool=pool).values_list("is_inside")
    sums = dict(rows.annotate(Sum("amount")).order_by())
    return {inside: _fen(sums.get(inside)) for inside in (True, False)}


def _sum(rows: Any) -> Decimal:
    return rows.aggregate(sum=Sum("amount"))["sum"] or ZERO


def _fen(amount: Decimal | None) -> Fen:
    return to_fen(amount) if amount is not None else 0
