"""What a house has to give and to get, and how its months went."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.db.models import Case, F, Q, Sum, When

from yilian.foundation.access.actor import Actor
from yilian.insurance.clearing.models import Entry
from yilian.insurance.clearing.queries.houses import names_of
from yilian.insurance.clearing.rules.ledger import EntryKind
from yilian.insurance.clearing.rules.months import back, following
from yilian.kernel.money import ZERO

MONTHS: Final = 12
_EARNS: Final = (EntryKind.PAYMENT.value,)


@dataclass(frozen=True, slots=True)
class Standing:
    """With one counterparty, payments counted: what is still open."""

    house_id: UUID
    house: str
    to_get: Decimal
    to_give: Decimal

    @property
    def net(self) -> Decimal:
        return self.to_get - self.to_give


@dataclass(frozen=True, slots=True)
class MonthLine:
    """Income and cost of a month by the books, without payments."""

    month: date
    income: Decimal
    cost: Decimal

    @property
    def net(self) -> Decimal:
        return self.income - self.cost


@dataclass(frozen=True, slots=True)
class Overview:
    standings: list[Standing]
    months: list[MonthLine]

    @property
    def to_get(self) -> Decimal:
        return sum((line.to_get for line in self.standings), ZERO)

    @property
    def to_give(self) -> Decimal:
        return sum((line.to_give for line in self.standings), ZERO)


def overview(actor: Actor, today: date) -> Overview:
    house = actor.institution_id
    if house is None:
        return Overview([], [])
    rows = _of(house)
    return Overview(_standings(rows), _months(rows, today))


def _of(house: UUID) -> Any:
    """Every entry of the house, seen from its side."""
    rows = Entry.objects.filter(Q(one=house) | Q(other=house))
    is_one = When(one=house, then=F("other_owes"))
    gives = When(one=house, then=F("one_owes"))
    return rows.annotate(
        gets=Case(is_one, default=F("one_owes")),
        gives=Case(gives, default=F("other_owes")),
        across=Case(When(one=house, then=F("other")), default=F("one")),
    )


def _standings(rows: Any) -> list[Standing]:
    found: Any = (
        rows.order_by()
        .values("across")
        .annotate(get=Sum("gets"), give=Sum("gives"))
        .exclude(get=0, give=0)
    )
    sums = [(row["across"], row["get"], row["give"]) for row in found]
    names = names_of(house for house, _get, _give in sums)
    lines = [Standing(house, names[house], get, give) for house, get, give in sums]
    return sorted(lines, key=lambda line: (-abs(line.net), line.house))


def _months(rows: Any, today: date) -> list[MonthLine]:
    shown = back(today.replace(day=1), MONTHS)
    found = (
        rows.exclude(kind__in=_EARNS)
        .filter(period__gte=shown[0], period__lt=following(shown[-1]))
        .order_by()
        .values_list("period")
        .annotate(get=Sum("gets"), give=Sum("gives"))
    )
    by_month = {month: (get, give) for month, get, give in found}
    return [MonthLine(month, *by_month.get(month, (ZERO, ZERO))) for month in shown]
