"""Counts and sums by month and by what was treated: never a person."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from django.db.models import Q, QuerySet

from yilian.care.referral.rules.counting import LEAST_SHOWN, few
from yilian.foundation.access.actor import Actor, Reach, Role
from yilian.insurance.settlement import policies
from yilian.insurance.settlement.models import MonthSum, Settlement
from yilian.insurance.settlement.queries.summed import by_month
from yilian.insurance.settlement.rules.case import (
    PLACE_NAMES,
    Kind,
    Place,
    Scheme,
)
from yilian.insurance.settlement.rules.names import service_name
from yilian.kernel.ids import NIL
from yilian.kernel.money import ZERO

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
    hides = not (policies.is_insurer(actor) or policies.is_finance(actor))
    cells = _cells(actor, year)
    is_wide = actor.reach is Reach.AREA and len(actor.area_code) < _COUNTY
    return Sums(
        year=year,
        years=_years(actor, today.year),
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


def _years(actor: Actor, this_year: int) -> list[int]:
    of = _within(actor)
    first = _first(MonthSum.objects.filter(of)) or _first(Settlement.objects.filter(of))
    start = min(first.year if first else this_year, this_year)
    return list(range(this_year, start - 1, -1))


def _first(rows: "QuerySet[Any]") -> date | None:
    days = rows.order_by("booked_on").values_list("booked_on", flat=True)
    found: date | None = days.first()
    return found


def _within(actor: Actor) -> Q:
    """What the actor may add up."""
    if actor.reach is Reach.AREA and actor.has(Role.INSURER, Role.OFFICER):
        return Q(insured_area__startswith=actor.area_code)
    return Q(institution=actor.institution_id or NIL)


_Cell = tuple[tuple[str, str, str, str], tuple[Any, ...]]


def _cells(actor: Actor, year: int) -> list[_Cell]:
    """One question; every table of the page is folded from its answer."""
    span = Q(booked_on__gte=date(year, 1, 1), booked_on__lt=date(year + 1, 1, 1))
    return [_cell(row) for row in by_month(_within(actor) & span, _KEYS)]


def _cell(row: tuple[Any, ...]) -> _Cell:
    day, kind, scheme, place, county, *amounts = row
    total, basic, _supplement, _serious, _assistance, own, counted, penalised = amounts
    return (
        (f"{day.month:02d}", f"{kind}|{scheme}", place, county),
        (counted, total, basic, own, penalised),
    )


_KEYS: Final = ("booked_on", "kind", "scheme", "place", "insured_area")


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
