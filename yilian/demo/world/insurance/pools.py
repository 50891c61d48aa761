"""The global budgets of some counties: what they have and how they stand.

Where the demo's settlements say what was used, they are used. Without them the days
are invented, so that curves and clearings can be shown.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Final
from uuid import UUID

from yilian.demo.world.build import Region
from yilian.demo.world.chance import stream
from yilian.demo.world.institutions.build import by_code, by_name
from yilian.kernel.money import ZERO
from yilian.kernel.tier import Tier


@dataclass(frozen=True, slots=True)
class Plan:
    """`room` is what was available last year for each yuan used; last year's score;
    how far its clearing has come, and the score that a second look gave it after."""

    area: str
    room: Decimal
    score: str
    is_confirmed: bool = False
    is_shared: bool = False
    score_after: str = ""


# In the shape of examples 15 and 16 of RI-8: one keeps a tenth, one overspends.
PLANS: Final = (
    Plan(
        "640121",
        Decimal("1.1076"),
        "92",
        is_confirmed=True,
        is_shared=True,
        score_after="87",
    ),
    Plan("640122", Decimal("0.9274"), "86.5"),
    Plan("640181", Decimal("1.0210"), "88"),
    Plan("640422", Decimal("1.0450"), "81"),
)
_FIRST_DAY: Final = timedelta(days=1)
_STAYS_A_HEAD, _VISITS_A_HEAD = 0.17, 5.2
# A month's share of the stays: winter and early spring are dear.
_SEASON: Final = (1.22, 1.12, 1.06, 1.0, 0.96, 0.92, 0.9, 0.9, 0.94, 0.98, 1.06, 1.16)
_OUTSIDE: Final = ("宁夏医科大学总医院", "宁夏回族自治区人民医院", "银川市第一人民医院")
_STAY_YUAN: Final = {
    Tier.PRIMARY: 1_900.0,
    Tier.SECONDARY: 4_300.0,
    Tier.TERTIARY: 9_600.0,
    None: 10_800.0,
}
_VISIT_YUAN: Final = {
    Tier.VILLAGE: 16.0,
    Tier.PRIMARY: 34.0,
    Tier.SECONDARY: 52.0,
    Tier.TERTIARY: 60.0,
    None: 60.0,
}


@dataclass(frozen=True, slots=True)
class UseOfDay:
    day: date
    institution_id: UUID | None
    kind: str
    basic: Decimal
    patient: Decimal
    count: int
    serious: Decimal = ZERO
    assistance: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        return self.basic + self.patient


@dataclass(frozen=True, slots=True)
class _House:
    id: UUID | None
    tier: Tier | None


def heads_of(region: Region, area: str) -> int:
    """The insured residents of the demo."""
    return sum(
        one.insured_area.startswith(area) and one.insured_type != "none"
        for one in region.population.residents
    )


def invented_use(region: Region, area: str, year: int, end: date) -> list[UseOfDay]:
    rng = stream(region.seed, "budget", area, year)
    heads = heads_of(region, area)
    houses = _houses(region, area)
    return list(_days(rng, heads, houses, date(year, 1, 1), end))


def _days(
    rng: Random, heads: int, houses: dict[str, list[_House]], start: date, end: date
) -> Iterator[UseOfDay]:
    day = start
    while day < end:
        season = _SEASON[day.month - 1] / 365
        for kind, often in (
            ("inpatient", _STAYS_A_HEAD),
            ("outpatient", _VISITS_A_HEAD),
        ):
            for house, number in _where(rng, heads * often * season, kind, houses):
                yield _use(rng, day, house, kind, number)
        day += _FIRST_DAY


def _where(
    rng: Random, mean: float, kind: str, houses: dict[str, list[_House]]
) -> list[tuple[_House, int]]:
    number = _poisson(rng, mean)
    weights = (30, 43, 23, 4) if kind == "inpatient" else (78, 15, 6, 1)
    groups = ("primary", "county", "outside", "elsewhere")
    found: dict[_House, int] = {}
    for group in rng.choices(groups, weights, k=number):
        options = houses[group] or houses["county"]
        house = rng.choice(options)
        found[house] = found.get(house, 0) + 1
    return list(found.items())


def _use(rng: Random, day: date, house: _House, kind: str, number: int) -> UseOfDay:
    is_stay = kind == "inpatient"
    mean = (_STAY_YUAN if is_stay else _VISIT_YUAN).get(house.tier, 1_900.0)
    drawn = sum(mean * rng.lognormvariate(-0.08, 0.4) for _one in range(number))
    basic = Decimal(round(100 * drawn)).scaleb(-2)
    ratio = 0.55 if is_stay else 0.9
    patient = Decimal(round(100 * drawn * ratio)).scaleb(-2)
    return UseOfDay(day, house.id, kind, basic, patient, number)


def _houses(region: Region, area: str) -> dict[str, list[_House]]:
    members = [
        by_code()[one.institution]
        for one in region.memberships
        if one.consortium == f"CO-{area}"
    ]
    small = (Tier.VILLAGE, Tier.PRIMARY)
    return {
        "primary": [_House(one.id, one.tier) for one in members if one.tier in small],
        "county": [
            _House(one.id, one.tier) for one in members if one.tier not in small
        ],
        "outside": [_House(by_name()[name].id, Tier.TERTIARY) for name in _OUTSIDE],
        "elsewhere": [_House(None, None)],
    }


def _poisson(rng: Random, mean: float) -> int:
    """Arrivals in one day, by the times between them."""
    number, at = 0, rng.expovariate(1.0)
    while at < mean:
        number += 1
        at += rng.expovariate(1.0)
    return number
