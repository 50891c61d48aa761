"""Who owes whom in a consortium in a month, and the officers' sums."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.db.models import Count, Q, QuerySet, Sum

from yilian.foundation.access.actor import Actor
from yilian.insurance.clearing import policies
from yilian.insurance.clearing.models import Entry
from yilian.insurance.clearing.models_statement import Statement
from yilian.insurance.clearing.queries.houses import consortia_named, led
from yilian.insurance.clearing.rules.flow import Debt
from yilian.insurance.clearing.rules.ledger import EntryKind
from yilian.insurance.clearing.rules.statement import AGREED, State
from yilian.kernel.money import ZERO
from yilian.registry.consortium.models import Consortium
from yilian.registry.directory.models import Institution

MOST_HOUSES: Final = 14


@dataclass(frozen=True, slots=True)
class House:
    id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class Cell:
    """`payer` owes `payee` so much for the month; the pair's statement, if drawn."""

    amount: Decimal
    statement_id: UUID | None
    state: State | None
    shade: int  # 0 to 5, for the picture


@dataclass(frozen=True, slots=True)
class Row:
    house: House
    cells: list[Cell | None]  # None where a house meets itself
    total: Decimal


@dataclass(frozen=True, slots=True)
class Matrix:
    houses: list[House]
    rows: list[Row]
    totals: list[Decimal]
    left_out: int  # houses beyond what a picture can show
    debts: list[Debt]

    @property
    def total(self) -> Decimal:
        return sum(self.totals, ZERO)


def offices(actor: Actor) -> dict[UUID, str]:
    """The consortia this actor keeps, by name."""
    return consortia_named(led(actor)) if policies.is_office(actor) else {}


def months_of(consortium_id: UUID, most: int = 13) -> list[date]:
    rows = Entry.objects.filter(consortium=consortium_id).order_by("-period")
    return list(rows.values_list("period", flat=True).distinct()[:most])


def matrix(actor: Actor, consortium_id: UUID, period: date) -> Matrix:
    """Four statements, whatever the size. Adjustments count to their statement."""
    owed = _owed(Entry.objects.visible_to(actor), consortium_id, period)
    turnover: dict[UUID, Decimal] = {}
    for (payer, payee), amount in owed.items():
        for house in (payer, payee):
            turnover[house] = turnover.get(house, ZERO) + amount
    largest = sorted(turnover, key=lambda one: (-turnover[one], str(one)))
    houses = _houses(largest[:MOST_HOUSES])
    drawn = _drawn(consortium_id, period)
    most = max(owed.values(), default=ZERO)
    rows = [_row(house, houses, owed, drawn, most) for house in houses]
    names = {house.id: house.name for house in houses}
    return Matrix(
        houses=houses,
        rows=rows,
        totals=[
            sum((owed.get((x.id, house.id), ZERO) for x in houses), ZERO)
            for house in houses
        ],
        left_out=len(largest) - len(houses),
        debts=_net(owed, names),
    )


def _owed(
    rows: QuerySet[Entry], consortium_id: UUID, period: date
) -> dict[tuple[UUID, UUID], Decimal]:
    business = Q(statement=None, period=period)
    mended = Q(statement__period=period, kind=EntryKind.ADJUSTMENT.value)
    found = (
        rows.filter(business | mended, consortium=consortium_id)
        .order_by()
        .values_list("one_id", "other_id")
        .annotate(a=Sum("one_owes"), b=Sum("other_owes"))
    )
    owed: dict[tuple[UUID, UUID], Decimal] = {}
    for one, other, one_owes, other_owes in found:
        if one_owes:
            owed[one, other] = one_owes
        if other_owes:
            owed[other, one] = other_owes
    return owed


def _houses(ids: list[UUID]) -> list[House]:
    rows = Institution.objects.filter(pk__in=ids).order_by("code")
    return [House(pk, name) for pk, name in rows.values_list("pk", "short_name")]


def _drawn(
    consortium_id: UUID, period: date
) -> dict[tuple[UUID, UUID], tuple[UUID, State]]:
    rows = Statement.objects.filter(consortium=consortium_id, period=period)
    facts = rows.values_list("one_id", "other_id", "pk", "state")
    return {(one, other): (pk, State(state)) for one, other, pk, state in facts}


def _row(
    house: House,
    houses: list[House],
    owed: dict[tuple[UUID, UUID], Decimal],
    drawn: dict[tuple[UUID, UUID], tuple[UUID, State]],
    most: Decimal,
) -> Row:
    cells: list[Cell | None] = []
    for other in houses:
        if other.id == house.id:
            cells.append(None)
            continue
        one, two = sorted((house.id, other.id))
        statement, state = drawn.get((one, two), (None, None))
        amount = owed.get((house.id, other.id), ZERO)
        cells.append(Cell(amount, statement, state, _shade(amount, most)))
    return Row(house, cells, sum((cell.amount for cell in cells if cell), ZERO))


_SHADES: Final = 5


def _shade(amount: Decimal, most: Decimal) -> int:
    if amount <= 0 or most <= 0:
        return 0
    return min(_SHADES, int(amount * _SHADES / most) + 1)


def _net(owed: dict[tuple[UUID, UUID], Decimal], names: dict[UUID, str]) -> list[Debt]:
    """What each pair comes to, the larger debtor as payer."""
    debts = []
    for (payer, payee), amount in owed.items():
        net = amount - owed.get((payee, payer), ZERO)
        if net > 0 and payer in names and payee in names:
            debts.append(Debt(names[payer], names[payee], net))
    return sorted(debts, key=lambda debt: (-debt.amount, debt.payer, debt.payee))


# --- sums for officers --------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SumLine:
    """A consortium's month in numbers; no house is named."""

    consortium: str
    entries: int
    amount: Decimal
    statements: int
    agreed: int
    disputed: int


def sums(actor: Actor, period: date) -> list[SumLine]:
    """Of the consortia in the officer's area."""
    if not policies.can_see_sums(actor):
        return []
    around = Consortium.objects.filter(area_code__startswith=actor.area_code)
    business = Entry.objects.filter(
        consortium__in=around, period=period, statement=None
    )
    found = (
        business.order_by()
        .values_list("consortium_id", "consortium__alias")
        .annotate(n=Count("pk"), a=Sum("one_owes"), b=Sum("other_owes"))
        .order_by("consortium__alias")
    )
    states: dict[UUID, dict[str, int]] = {}
    drawn = Statement.objects.filter(consortium__in=around, period=period)
    for consortium, state, n in drawn.values_list("consortium_id", "state").annotate(
        n=Count("pk")
    ):
        states.setdefault(consortium, {})[state] = n
    return [
        SumLine(
            alias,
            n,
            a + b,
            sum(states.get(pk, {}).values()),
            sum(states.get(pk, {}).get(state.value, 0) for state in AGREED),
            states.get(pk, {}).get(State.DISPUTED.value, 0),
        )
        for pk, alias, n, a, b in found
    ]
