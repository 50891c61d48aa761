"""The real divisions of Ningxia, 行政区划: cities, counties, townships, villages."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from math import cos, pi, sin
from typing import Final
from zlib import crc32

REGION: Final = "64"
COUNTY_LENGTH: Final = 6
_SUFFIXES: Final = (
    ("社区居民委员会", "社区"),
    ("社区居委会", "社区"),
    ("村村民委员会", "村"),
    ("村民委员会", "村"),
    ("村委员会", "村"),
    ("居民委员会", "社区"),
    ("村委会", "村"),
    ("居委会", "社区"),
)
_KILOMETRES_PER_DEGREE: Final = 111.2
_FIRST_TOWN: Final = 100  # codes below are streets (街道), from here towns


@dataclass(frozen=True, slots=True)
class Place:
    """`name` is the division's own, `short_name` the one people say."""

    level: str
    code: str
    name: str
    parent: str
    longitude: float
    latitude: float
    is_approximate: bool

    @property
    def short_name(self) -> str:
        for suffix, short in _SUFFIXES:
            if self.name.endswith(suffix):
                return self.name.removesuffix(suffix) + short
        return self.name

    @property
    def county_code(self) -> str:
        return self.code[:COUNTY_LENGTH]

    @property
    def city_code(self) -> str:
        return self.code[:4]

    @property
    def is_street(self) -> bool:
        return self.level == "township" and int(self.code[6:]) < _FIRST_TOWN

    @property
    def is_district(self) -> bool:
        return self.level == "county" and self.name.endswith("区")

    @property
    def is_village(self) -> bool:
        """A village (村), not a community (社区) or a farm's quarter (生活区)."""
        return self.level == "village" and self.short_name.endswith("村")


@cache
def places() -> Mapping[str, Place]:
    found: dict[str, Place] = {}
    source = resources.files("yilian.demo").joinpath("data/divisions.csv")
    with source.open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            found[row["code"]] = _place(row, found)
    return found


def place(code: str) -> Place:
    return places()[code]


def of_level(level: str) -> list[Place]:
    return [found for found in places().values() if found.level == level]


def cities() -> list[Place]:
    return of_level("city")


def counties() -> list[Place]:
    return of_level("county")


def townships() -> list[Place]:
    return of_level("township")


def villages() -> list[Place]:
    return of_level("village")


@cache
def children(code: str) -> tuple[Place, ...]:
    return _children().get(code, ())


def lineage(code: str) -> Iterator[Place]:
    """The place and all above it, from the smallest up."""
    found = place(code)
    while True:
        yield found
        if not found.parent:
            return
        found = place(found.parent)


def full_name(code: str) -> str:
    """As in an address: 宁夏回族自治区银川市永宁县闽宁镇原隆村."""
    return "".join(found.short_name for found in reversed(list(lineage(code))))


@cache
def _children() -> Mapping[str, tuple[Place, ...]]:
    below: dict[str, list[Place]] = {}
    for found in places().values():
        below.setdefault(found.parent, []).append(found)
    return {code: tuple(found) for code, found in below.items()}


def _place(row: Mapping[str, str], above: Mapping[str, Place]) -> Place:
    fields = (row["level"], row["code"], row["name"], row["parent"])
    if row["longitude"]:
        return Place(*fields, float(row["longitude"]), float(row["latitude"]), False)
    return Place(*fields, *_around(row["code"], above[row["parent"]]), True)


def _around(code: str, centre: Place) -> tuple[float, float]:
    """An invented point near the centre: the same for the same code."""
    spread = crc32(code.encode())
    angle = (spread & 0xFFFF) / 0xFFFF * 2 * pi
    kilometres = (spread >> 16) / 0xFFFF * _reach(code)
    north = kilometres * sin(angle) / _KILOMETRES_PER_DEGREE
    east = (
        kilometres
        * cos(angle)
        / (_KILOMETRES_PER_DEGREE * cos(centre.latitude * pi / 180))
    )
    return round(centre.longitude + east, 6), round(centre.latitude + north, 6)


def _reach(code: str) -> float:
    """How far, in kilometres, a place may lie from the one it belongs to."""
    township = code[6:9]
    if int(township) < _FIRST_TOWN:
        return 3.0 if len(code) == COUNTY_LENGTH + 3 else 1.0
    return 24.0 if len(code) == COUNTY_LENGTH + 3 else 5.0
