"""Invented numbers of the right shape: identity, credit code, licence, telephone."""

from datetime import date
from random import Random
from typing import Final

from yilian.kernel import codes, resident_id

_MOBILE_PREFIXES: Final = (
    "139",
    "138",
    "136",
    "150",
    "151",
    "152",
    "182",
    "187",
    "199",
)
_CITY_DIALLING_CODES: Final = {
    "6401": "0951",
    "6402": "0952",
    "6403": "0953",
    "6404": "0954",
    "6405": "0955",
}


def identity_number(area: str, born_on: date, order: int) -> str:
    """18 characters after GB 11643; an odd order is a man's, an even one a woman's."""
    first = f"{area}{born_on:%Y%m%d}{order:03}"
    return first + resident_id.check_character(first)


def organisation_code(first8: str) -> str:
    """GB 11714: eight characters and their check character."""
    return first8 + codes.organisation_check_character(first8)


def credit_code(department: str, area: str, organisation: str) -> str:
    """统一社会信用代码 (GB 32100); `department` is its first two characters."""
    first = department + area + organisation
    return first + codes.credit_check_character(first)


def practice_licence(organisation: str, area: str, kind: str, profit: bool) -> str:
    """登记号, 22 characters (WS 218): code, area, economy, class, management."""
    return f"{organisation}{area}{'17' if profit else '11'}{kind}{2 if profit else 1}"


def landline(city_code: str, rng: Random) -> str:
    subscriber = f"{rng.randint(2, 8)}{rng.randint(0, 999999):06}"
    return f"{_CITY_DIALLING_CODES[city_code]}-{subscriber}"


def mobile(rng: Random) -> str:
    return f"{rng.choice(_MOBILE_PREFIXES)}{rng.randint(0, 99999999):08}"


class Issuer:
    """Gives numbers out and never one twice."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._given: set[str] = set()

    def identity_number(self, area: str, born_on: date, is_male: bool) -> str:
        while True:
            order = self._rng.randrange(1, 499) * 2 + is_male
            number = identity_number(area, born_on, order)
            if self._give(number):
                return number

    def mobile(self) -> str:
        while True:
            number = mobile(self._rng)
            if self._give(number):
                return number

    def _give(self, number: str) -> bool:
        is_new = number not in self._given
        self._given.add(number)
        return is_new
