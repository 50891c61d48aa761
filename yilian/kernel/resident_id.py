"""Resident identity number, 公民身份号码 (GB 11643-1999): arithmetic only.

Six digits of area, eight of birth date, three of order (odd for men), one check
character. Which kinds of document carry such a number, and how a refusal is
worded, is in `identity_number.py`.
"""

import re
from datetime import date
from itertools import pairwise
from typing import Final

from yilian.kernel.sex import Sex

LENGTH: Final = 18
OLD_LENGTH: Final = 15
FIRST_YEAR: Final = 1850

_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_CHARACTERS: Final = "10X98765432"
_SHAPE: Final = re.compile(r"[1-9]\d{16}[\dX]", re.ASCII)
_OLD_SHAPE: Final = re.compile(r"[1-9]\d{14}", re.ASCII)
# Old numbers with these orders were given to people of a hundred years.
_CENTENARIAN_ORDERS: Final = frozenset({"996", "997", "998", "999"})


def has_shape(number: str) -> bool:
    return _SHAPE.fullmatch(number) is not None


def has_old_shape(number: str) -> bool:
    return _OLD_SHAPE.fullmatch(number) is not None


def check_character(first17: str) -> str:
    """ISO 7064 MOD 11-2 over the first 17 digits."""
    total = sum(
        int(digit) * weight for digit, weight in zip(first17, _WEIGHTS, strict=True)
    )
    return _CHECK_CHARACTERS[total % 11]


def has_right_check(number: str) -> bool:
    return number[17] == check_character(number[:17])


def birth_date(number: str) -> date | None:
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None


def sex(number: str) -> Sex:
    return Sex.MALE if int(number[16]) % 2 else Sex.FEMALE


def is_valid(number: str) -> bool:
    """Shape, a day that exists, and the check character; nothing about today."""
    if not has_shape(number):
        return False
    born_on = birth_date(number)
    return (
        born_on is not None and born_on.year >= FIRST_YEAR and has_right_check(number)
    )


def upgrade(old: str) -> str:
    """The 18 characters of an old number of 15 digits."""
    first17 = old[:6] + _century(old) + old[6:]
    return first17 + check_character(first17)


def was_for_centenarian(old: str) -> bool:
    return old[12:] in _CENTENARIAN_ORDERS


def one_swap_away(number: str) -> frozenset[str]:
    """The valid numbers that differ by two neighbours having changed places.

    The check character finds every such slip, so a valid number is never one
    swap away from another valid number.
    """
    return frozenset(
        swapped
        for at, (left, right) in enumerate(pairwise(number))
        if left != right
        and is_valid(swapped := number[:at] + right + left + number[at + 2 :])
    )


def _century(old: str) -> str:
    born_in_18xx = was_for_centenarian(old) and int("18" + old[6:8]) >= FIRST_YEAR
    return "18" if born_in_18xx else "19"
