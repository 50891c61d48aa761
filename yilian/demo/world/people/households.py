"""Households before anybody has a name: where they live, who belongs to them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Final

from yilian.demo.world import places
from yilian.demo.world.chance import likely, pick
from yilian.demo.world.people import names

MINNING: Final = "640121104"  # 闽宁镇: the corridor of the cast starts here
# Percent of residents by township or county: the corridor is dense, the rest is spread.
_WHERE: Final[Mapping[str, int]] = {
    MINNING: 220,
    "640121102": 80,
    "640121": 100,
    "640104": 70,
    "640105": 40,
    "640106": 55,
    "640122": 32,
    "640181": 30,
    "640202": 28,
    "640205": 18,
    "640221": 26,
    "640302": 42,
    "640303": 22,
    "640323": 16,
    "640324": 32,
    "640381": 24,
    "640402": 44,
    "640422": 30,
    "640423": 12,
    "640424": 10,
    "640425": 16,
    "640502": 36,
    "640521": 32,
    "640522": 34,
}
# Percent of Hui by county, about as in the census; Minning is a town of settlers.
_HUI_PERCENT: Final[Mapping[str, int]] = {
    MINNING: 45,
    "640104": 20,
    "640105": 19,
    "640106": 21,
    "640121": 20,
    "640122": 24,
    "640181": 48,
    "640202": 12,
    "640205": 22,
    "640221": 34,
    "640302": 55,
    "640303": 60,
    "640323": 3,
    "640324": 85,
    "640381": 20,
    "640402": 46,
    "640422": 56,
    "640423": 11,
    "640424": 80,
    "640425": 30,
    "640502": 7,
    "640521": 25,
    "640522": 70,
}
_HUI_SHARE: Final = 0.35
_SHAPES: Final = {
    "nuclear": 30,
    "three_generations": 34,
    "couple": 10,
    "elderly_couple": 14,
    "elderly_alone": 5,
    "young_alone": 7,
}
_OTHERS_IN: Final = 90  # one household of so many is of another people
_VILLAGES_IN_USE: Final = 5
_PATIENCE: Final = 30


@dataclass(frozen=True, slots=True)
class Figure:
    """`generation` 0 are grandparents, 1 parents, 2 children."""

    age: int
    sex: str
    generation: int
    is_twin: bool = False


@dataclass(frozen=True, slots=True)
class Household:
    village: str
    ethnicity: str
    figures: tuple[Figure, ...]


class Settler:
    """Draws households; the share of Hui stays at a third in every region's size."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._owed = 0.0
        expected = sum(
            weight * _HUI_PERCENT.get(area, _HUI_PERCENT[area[:6]])
            for area, weight in _WHERE.items()
        )
        mean = expected / sum(_WHERE.values()) / 100
        self._scale = _HUI_SHARE / mean

    def household(self, room: int) -> Household:
        """`room`: no more people than this."""
        area = pick(self._rng, dict(_WHERE))
        figures = tuple(figures_of(self._rng))[:room]
        ethnicity = self._ethnicity(area, len(figures))
        return Household(self._village(area), ethnicity, figures)

    def _ethnicity(self, area: str, size: int) -> str:
        percent = _HUI_PERCENT.get(area, _HUI_PERCENT[area[:6]])
        chance = min(0.97, percent / 100 * self._scale)
        # What chance left behind is made up for: households are few and large.
        is_hui = self._rng.random() < chance + self._owed / _PATIENCE
        self._owed += chance * size - size * is_hui
        if is_hui:
            return names.HUI
        if self._rng.randrange(_OTHERS_IN) == 0:
            return self._rng.choice((names.UYGUR, names.MANCHU))
        return names.HAN

    def _village(self, area: str) -> str:
        if places.place(area).level == "county":
            townships = places.children(area)
            near = int(len(townships) * self._rng.random() ** 2)
            area = townships[near].code
        villages = places.children(area)
        if area == MINNING:
            return self._rng.choice(villages).code
        return villages[self._rng.randrange(min(len(villages), _VILLAGES_IN_USE))].code


def figures_of(rng: Random) -> Iterator[Figure]:
    shape = pick(rng, _SHAPES)
    if shape == "young_alone":
        yield Figure(rng.randrange(19, 34), rng.choice("12"), 1)
    elif shape == "elderly_alone":
        yield Figure(rng.randrange(66, 93), rng.choice("122"), 0)
    elif shape == "elderly_couple":
        yield from _couple(rng, rng.randrange(60, 86), 0)
    elif shape == "couple":
        yield from _couple(rng, rng.randrange(48, 63), 1)
    else:
        yield from _family(rng, has_elders=shape == "three_generations")


def _family(rng: Random, *, has_elders: bool) -> Iterator[Figure]:
    parents = rng.randrange(25, 50)
    if has_elders:
        elders = parents + rng.randrange(22, 30)
        if likely(rng, 55):
            yield from _couple(rng, elders, 0)
        else:
            yield Figure(elders, rng.choice("122"), 0)
    yield from _couple(rng, parents, 1)
    yield from _children(rng, parents)


def _couple(rng: Random, age: int, generation: int) -> Iterator[Figure]:
    yield Figure(age, "1", generation)
    yield Figure(max(20, age - rng.randrange(-1, 5)), "2", generation)


def _children(rng: Random, parents: int) -> Iterator[Figure]:
    count = rng.choices((0, 1, 2, 3), (10, 40, 38, 12))[0]
    age = parents - rng.randrange(22, 27)
    for _ in range(count):
        if age < 0:
            return
        if likely(rng, 1.5):
            yield Figure(age, rng.choice("12"), 2)
            yield Figure(age, rng.choice("12"), 2, is_twin=True)
            return
        yield Figure(age, rng.choice("12"), 2)
        age -= rng.randrange(2, 6)
