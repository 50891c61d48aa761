"""Counts and sums by month and by what was treated: never a person."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from django.db.models import Case, IntegerField, Q, QuerySet, Sum, Value, When
from django.db.models.functions import ExtractMonth, Left

from yilian.care.referral.rules.counting import LEAST_SHOWN, few
from yilian.foundation.access.actor import Actor, Reach, Role
from yilian.insurance.settlement import policies
from yilian.insurance.settlement.models import Settlement
from yilian.insurance.settlement.rules.case import (
    PENALISED,
    PLACE_NAMES,
    Kind,
    Place,
    Scheme,
)
from yilian.insurance.settlement.rules.ledger import Entry
from yilian.insurance.settlement.rules.names import service_name
from yilian.kernel.money import ZERO

_COUNTS: Final = Case(
    When(entry=Entry.REVERSAL.value, then=Value(-1)),
    default=Value(1),
    output_field=IntegerField(),
)
_PENALISED: Final = Q(referral_state__in=sorted(state.value for state in PENALISED))
_COUNTY: Final = 6
_ORDER: Final = [place.value for place in Place]


@dataclass(frozen=True, slots=True)
class SumLine:
    """`is_hidden`: so few that a person might be told from it."""

    key: str
    count: int
    total: Decimal
    basic: Decimal
    upper: Decimal
    own: Decimal
    penalised: int
    is_hidden: bool

    @property
    def count_words(self) -> str:
        return few(self.count) if self.is_hidden else f"{self.count:,}"

    @property
    def penalised_words(self) -> str:
        return few(self.penalised) if self.is_hidden else f"{self.penalised:,}"

    @property
    def fund(self) -> Decimal:
        return self.basic + self.upper


@dataclass(frozen=True, slots=True)
class Sums:
    year: int
    years: list[int]
    months: list[SumLine]
    kinds: list[tuple[str, SumLine]]
    places: list[tuple[str, SumLine]]
    counties: list[SumLine]
    whole: SumLine
    hides: bool


def may_sum(actor: Actor) -> bool:
    """Who settles, who charged, and the officers of the area."""
    is_officer = actor.reach is Reach.AREA and actor.has(Role.OFFICER)
    return policies.is_insurer(actor) or policies.is_finance(actor) or is_officer


def sums(actor: Actor, year: int, today: date) -> Sums:
    """By the day of booking: a red entry takes back in the month it is booked."""
    rows = _rows(actor)
    of_year = rows.filter(
        booked_on__gte=date(year, 1, 1), booked_on__lt=date(year + 1, 1, 1)
    )
    hides = not (policies.is_insurer(actor) or policies.is_finance(actor))
    cells = _cells(of_year)
    is_wide = actor.reach is Reach.AREA and len(actor.area_code) < _COUNTY
    return Sums(
        year=year,
        years=_years(rows, today.year),
        months=_by(cells, 0, hides=hides),
        kinds=[
            (service_name(Kind(k), Scheme(s)), line)
            for line in _by(cells, 1, hides=hides)
            for k, s in [line.key.split("|")]
        ],
        places=[
            (PLACE_NAMES[Place(line.key)], line)
            for line in sorted(
                _by(cells, 2, hides=hides), key=lambda one: _ORDER.index(one.key)
            )
        ],
        counties=_by(cells, 3, hides=hides) if is_wide else [],
        whole=_line("", cells, hides=hides),
        hides=hides,
    )


def _rows(actor: Actor) -> QuerySet[Settlement]:
    if actor.reach is Reach.AREA and actor.has(Role.OFFICER):
        return Settlement.objects.filter(insured_area__startswith=actor.area_code)
    return Settlement.objects.visible_to(actor)


def _years(rows: QuerySet[Settlement], this_year: int) -> list[int]:
    first = rows.order_by("booked_on").values_list("booked_on", flat=True).first()
    start = min(first.year if first else this_year, this_year)
    return list(range(this_year, start - 1, -1))


_Cell = tuple[tuple[str, str, str, str], tuple[Any, ...]]


def _cells(rows: QuerySet[Settlement]) -> list[_Cell]:
    """One question; every table of the page is folded from its answer."""
    found = (
        rows.annotate(
            month=ExtractMonth("booked_on"),
            county=Left("insured_area", _COUNTY),
        )
        .values_list("month", "kind", "scheme", "place", "county")
        .annotate(
            number=Sum(_COUNTS),
            all=Sum("total"),
            basic=Sum("basic_pay"),
            own=Sum("patient_pay"),
            penalised=Sum(_COUNTS, filter=_PENALISED, default=0),
        )
        .order_by()
    )
    return [
        ((f"{m:02d}", f"{kind}|{scheme}", place, county), tuple(amounts))
        for m, kind, scheme, place, county, *amounts in found
    ]


def _by(cells: Iterable[_Cell], at: int, *, hides: bool) -> list[SumLine]:
    groups: dict[str, list[_Cell]] = {}
    for cell in cells:
        groups.setdefault(cell[0][at], []).append(cell)
    return [_line(key, groups[key], hides=hides) for key in sorted(groups)]


def _line(key: str, cells: Iterable[_Cell], *, hides: bool) -> SumLine:
    shown = [amounts for _keys, amounts in cells]
    count, total, basic, own, penalised = (
        sum((row[at] for row in shown), ZERO if at in (1, 2, 3) else 0)
        for at in range(5)
    )
    return SumLine(
        key=key,
        count=int(count),
        total=Decimal(total),
        basic=Decimal(basic),
        upper=Decimal(total - basic - own),
        own=Decimal(own),
        penalised=int(penalised),
        is_hidden=hides and 0 < count < LEAST_SHOWN,
    )
