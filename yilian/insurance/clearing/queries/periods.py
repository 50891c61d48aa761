"""Months of a consortium: what is in them, how far they are, which are closed."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.db.models import CharField, Count, Q, Sum
from django.db.models.functions import Cast, Concat

from yilian.insurance.clearing.models import ClosedPeriod, Entry
from yilian.insurance.clearing.models_statement import Statement
from yilian.insurance.clearing.rules import months
from yilian.insurance.clearing.rules.statement import AGREED, State
from yilian.kernel.money import ZERO

MOST: Final = 18
_PAIR: Final = Concat(
    Cast("one_id", CharField()), Cast("other_id", CharField()), output_field=CharField()
)


@dataclass(frozen=True, slots=True)
class PeriodLine:
    period: date
    entries: int
    amount: Decimal
    pairs: int
    statements: int
    agreed: int
    disputed: int
    closed_at: datetime | None
    note: str
    digest: str
    has_ended: bool
    is_next: bool  # the earliest that is still open

    @property
    def undrawn(self) -> int:
        return max(self.pairs - self.statements, 0)

    @property
    def waiting(self) -> int:
        return self.statements - self.agreed - self.disputed

    @property
    def may_close(self) -> bool:
        ready = self.has_ended and not self.undrawn and not self.waiting
        return self.is_next and ready and self.closed_at is None


def periods_of(
    consortium_id: UUID, today: date, *, house: UUID | None = None
) -> list[PeriodLine]:
    """`house`: counts and sums only of what that house is party to."""
    party = Q(one=house) | Q(other=house) if house else Q()
    business = _business(consortium_id, party)
    drawn = _drawn(consortium_id, party)
    closed = {
        row.period: row for row in ClosedPeriod.objects.filter(consortium=consortium_id)
    }
    shown = sorted({*business, *drawn, *closed}, reverse=True)[:MOST]
    open_ones = [month for month in shown if month not in closed]
    first = min(open_ones, default=None)
    return [
        _line(
            month,
            business.get(month, (0, 0, ZERO)),
            drawn.get(month, (0, 0, 0)),
            closed.get(month),
            has_ended=months.has_ended(month, today),
            is_next=month == first,
        )
        for month in shown
    ]


def _business(consortium_id: UUID, party: Q) -> dict[date, tuple[int, int, Decimal]]:
    rows = Entry.objects.filter(party, consortium=consortium_id, statement=None)
    found = (
        rows.order_by()
        .values_list("period")
        .annotate(
            n=Count("pk"),
            pairs=Count(_PAIR, distinct=True),
            a=Sum("one_owes"),
            b=Sum("other_owes"),
        )
    )
    return {month: (n, pairs, a + b) for month, n, pairs, a, b in found}


def _drawn(consortium_id: UUID, party: Q) -> dict[date, tuple[int, int, int]]:
    agreed = Q(state__in=[state.value for state in AGREED])
    found = (
        Statement.objects.filter(party, consortium=consortium_id)
        .order_by()
        .values_list("period")
        .annotate(
            n=Count("pk"),
            ok=Count("pk", filter=agreed),
            bad=Count("pk", filter=Q(state=State.DISPUTED.value)),
        )
    )
    return {month: (n, ok, bad) for month, n, ok, bad in found}


def _line(
    month: date,
    business: tuple[int, int, Decimal],
    drawn: tuple[int, int, int],
    closed: ClosedPeriod | None,
    *,
    has_ended: bool,
    is_next: bool,
) -> PeriodLine:
    return PeriodLine(
        period=month,
        entries=business[0],
        pairs=business[1],
        amount=business[2],
        statements=drawn[0],
        agreed=drawn[1],
        disputed=drawn[2],
        closed_at=closed.closed_at if closed else None,
        note=closed.note if closed else "",
        digest=closed.digest if closed else "",
        has_ended=has_ended,
        is_next=is_next,
    )
