"""From where to where: the houses a route joins, for a person living somewhere."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from yilian.demo.world import places
from yilian.demo.world.consortia.bodies import county_lead
from yilian.demo.world.institutions.build import by_code, by_name, institutions
from yilian.demo.world.institutions.model import Institution
from yilian.demo.world.institutions.plots import center_code, outpost_code
from yilian.demo.world.people.papers import TERTIARY_BY_CITY
from yilian.kernel.tier import skips
from yilian.registry.directory.rules import InstitutionKind

Finder = Callable[[str], Institution | None]
OUTSIDE: Final = "outside"


@dataclass(frozen=True, slots=True)
class Route:
    """`target` is None for a destination outside the region."""

    source: Institution
    target: Institution | None


def route(name: str, village: str) -> Route | None:
    """None where the way leads nowhere: no such house, or its own lead."""
    start, _, end = name.partition("-")
    source = _FINDERS[start](village)
    if end == OUTSIDE:
        return Route(source, None) if source else None
    target = _FINDERS[end](village)
    if source is None or target is None or source.code == target.code:
        return None
    return Route(source, target)


def is_skipping(found: Route) -> bool:
    source = found.source.tier
    target = found.target.tier if found.target else None
    return source is not None and target is not None and skips(source, target)


def _village(village: str) -> Institution | None:
    return by_code()[outpost_code(village)]


def _center(village: str) -> Institution | None:
    return by_code()[center_code(village[:9])]


def _county(village: str) -> Institution | None:
    return county_lead(village[:6])


def _tertiary(village: str) -> Institution | None:
    return by_code()[TERTIARY_BY_CITY[village[:4]]]


def _tcm(village: str) -> Institution | None:
    return by_name().get(f"{places.place(village[:6]).name}中医医院")


def _ningan(_village: str) -> Institution | None:
    return by_name()["宁夏回族自治区宁安医院"]


def _rehab(village: str) -> Institution | None:
    is_south = village[:4] == "6404"
    return by_name()["原州区康复医院" if is_south else "西夏区康复医院"]


@cache
def _nursing(city: str) -> Institution | None:
    for found in institutions():
        if found.kind == InstitutionKind.NURSING_HOSPITAL and found.city_code == city:
            return found
    return None


_FINDERS: Final[Mapping[str, Finder]] = {
    "village": _village,
    "center": _center,
    "county": _county,
    "tertiary": _tertiary,
    "tcm": _tcm,
    "ningan": _ningan,
    "rehab": _rehab,
    "nursing": lambda village: _nursing(village[:4]),
}
