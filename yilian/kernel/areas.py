"""Areas by their code, 行政区划代码 (GB/T 2260, GB/T 10114).

The length of a code says its level: 2 province, 4 city, 6 county, 9 township,
12 village. The lists here only say whether the area of an identity number is
plausible; the register of areas with names and dates is in `registry`.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from yilian.kernel.text import _


class AreaLevel(StrEnum):
    PROVINCE = "province"
    CITY = "city"
    COUNTY = "county"
    TOWNSHIP = "township"
    VILLAGE = "village"


AREA_LEVEL_NAMES: Final[Mapping[AreaLevel, str]] = {
    AreaLevel.PROVINCE: _("省（自治区、直辖市）"),
    AreaLevel.CITY: _("市"),
    AreaLevel.COUNTY: _("县（市、区）"),
    AreaLevel.TOWNSHIP: _("乡镇（街道）"),
    AreaLevel.VILLAGE: _("村（社区）"),
}

LENGTHS: Final[Mapping[AreaLevel, int]] = {
    AreaLevel.PROVINCE: 2,
    AreaLevel.CITY: 4,
    AreaLevel.COUNTY: 6,
    AreaLevel.TOWNSHIP: 9,
    AreaLevel.VILLAGE: 12,
}
_LEVELS: Final = {length: level for level, length in LENGTHS.items()}
_DIGITS: Final = re.compile(r"\d+", re.ASCII)

NINGXIA: Final = "64"

# First digit → second digits. 71, 81 and 82 stand in the standard, although
# citizens' numbers hardly ever carry them.
_PROVINCE_DIGITS: Final = {
    "1": "12345",
    "2": "123",
    "3": "1234567",
    "4": "123456",
    "5": "01234",
    "6": "12345",
    "7": "1",
    "8": "12",
}
PROVINCES: Final = frozenset(
    first + second for first, rest in _PROVINCE_DIGITS.items() for second in rest
)

_NINGXIA_TODAY: Final = {
    "6401": "04 05 06 21 22 81",
    "6402": "02 05 21",
    "6403": "02 03 23 24 81",
    "6404": "02 22 23 24 25",
    "6405": "02 21 22",
}
# From general knowledge: districts and counties renamed or abolished, and the two
# prefectures (6421, 6422) before them; they live on in identity numbers.
_NINGXIA_FORMERLY: Final = {
    "6401": "02 03 11 23",
    "6402": "03 04 11 22 23",
    "6403": "21 22 82",
    "6421": "01 02 03 21 22 23 24 25 26 27",
    "6422": "21 22 23 24 25 26",
}
_NINGXIA_COUNTIES: Final = frozenset(
    city + county
    for table in (_NINGXIA_TODAY, _NINGXIA_FORMERLY)
    for city, counties in table.items()
    for county in counties.split()
)


def level_of(code: str) -> AreaLevel | None:
    """None when the code has no length or characters of an area code."""
    if _DIGITS.fullmatch(code) is None:
        return None
    return _LEVELS.get(len(code))


def prefix(code: str, level: AreaLevel) -> str | None:
    """The area of that level in which the area lies; None when it is wider."""
    length = LENGTHS[level]
    return code[:length] if len(code) >= length else None


def parent(code: str) -> str | None:
    """The next wider area; None for a province."""
    shorter = [length for length in _LEVELS if length < len(code)]
    return code[: max(shorter)] if shorter else None


def lies_in(code: str, wider: str) -> bool:
    """Whether an area is the other one or a part of it."""
    return code.startswith(wider)


def short(code: str) -> str:
    """Without the zeros that fill a wider area's code: 640100000000 → 6401.

    A level below the province never numbers an area with zeros only.
    """
    for length in sorted(_LEVELS):
        if not code[length:].strip("0"):
            return code[:length]
    return code


def is_known_county(code: str) -> bool:
    """Known today or formerly. Outside Ningxia only the province is looked at."""
    if code.startswith(NINGXIA):
        return code in _NINGXIA_COUNTIES
    return code[: LENGTHS[AreaLevel.PROVINCE]] in PROVINCES
