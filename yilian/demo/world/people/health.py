"""Who has which illness, and which tags of key populations, 重点人群, follow."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from random import Random
from typing import Final

from yilian.demo.world.chance import likely
from yilian.demo.world.people import ages
from yilian.demo.world.people.model import Tag
from yilian.registry.population.rules import GroupTag

# Percent with the condition from each age on; somewhat more than in reality, so that
# a small region has something to show.
PREVALENCE: Final[Mapping[str, Mapping[int, int]]] = {
    "hypertension": {0: 0, 35: 13, 45: 28, 55: 44, 65: 56, 75: 62},
    "diabetes": {0: 0, 30: 3, 40: 9, 55: 18, 65: 24},
    "copd": {0: 0, 40: 3, 60: 9, 70: 13},
    "coronary": {0: 0, 45: 3, 60: 10, 70: 15},
    "stroke": {0: 0, 55: 4, 65: 7, 75: 10},
    "asthma": {0: 1, 7: 2, 50: 1},
    "cataract": {0: 0, 60: 12, 75: 24},
    "severe_mental": {0: 0, 18: 1},
    "tuberculosis": {0: 0, 20: 1},
}
_TAGGED: Final = {
    "hypertension": GroupTag.HYPERTENSION,
    "diabetes": GroupTag.DIABETES,
    "severe_mental": GroupTag.SEVERE_MENTAL,
    "tuberculosis": GroupTag.TUBERCULOSIS,
}
_MIDDLE: Final = 45
_FERTILE: Final = range(20, 41)


def conditions(rng: Random, age: int, sex: str) -> frozenset[str]:
    found = {key for key in PREVALENCE if likely(rng, _percent(key, age))}
    if "diabetes" in found and age >= _MIDDLE and likely(rng, 40):
        found.add("hypertension")
    if sex == "2" and age in _FERTILE and likely(rng, 7):
        found.add("pregnancy")
    if likely(rng, 3):
        found.add("disability")
    return frozenset(found)


def tags(
    rng: Random,
    *,
    born_on: date,
    has: frozenset[str],
    is_poor: bool,
    today: date,
) -> Iterator[Tag]:
    age = ages.age_on(born_on, today)
    if age >= ages.ELDERLY:
        yield Tag(GroupTag.ELDERLY, ages.birthday(born_on, ages.ELDERLY))
    if age < ages.CHILD:
        yield Tag(GroupTag.CHILD, born_on, ages.birthday(born_on, ages.CHILD))
    if "pregnancy" in has:
        since = today - timedelta(days=rng.randrange(40, 240))
        yield Tag(GroupTag.PREGNANT, since, since + timedelta(days=300))
    for key, tag in _TAGGED.items():
        if key in has:
            yield Tag(tag, today - timedelta(days=rng.randrange(760, 3000)))
    if "disability" in has:
        yield Tag(GroupTag.DISABLED, today - timedelta(days=rng.randrange(400, 5000)))
    if is_poor:
        yield Tag(GroupTag.POVERTY, today - timedelta(days=rng.randrange(200, 1500)))


def _percent(key: str, age: int) -> int:
    table = PREVALENCE[key]
    return table[max(start for start in table if start <= age)]
