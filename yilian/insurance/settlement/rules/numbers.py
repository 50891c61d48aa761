"""The readable number of a settlement, 结算单号.

`J` + date + nine letters and digits that cannot be mistaken for one another + a
check character, e.g. `J261122-7K3QMF4AB-H`. Made of the row's own id, so that it
is as unique as that; it tells nothing of the person.
"""

from datetime import date
from typing import Final
from uuid import UUID

# As many as the modulus, a prime: every slip and every swap of neighbours is caught.
ALPHABET: Final = "23456789ACDEFHJKMNPRTWX"
_LENGTH: Final = 9
_DAY: Final = 6
_SPACE: Final = len(ALPHABET) ** _LENGTH


def number_of(day: date, row_id: UUID) -> str:
    body = _letters(row_id.int % _SPACE)
    stem = f"{day:%y%m%d}{body}"
    return f"J{day:%y%m%d}-{body}-{_check(stem)}"


def tidy(typed: str) -> str | None:
    """The number as stored, or None where it cannot be one."""
    bare = "".join(c for c in typed.upper() if c.isalnum())
    if len(bare) != 1 + _DAY + _LENGTH + 1 or bare[0] != "J":
        return None
    stem, check = bare[1:-1], bare[-1]
    day, body = stem[:_DAY], stem[_DAY:]
    is_shaped = day.isascii() and day.isdigit() and all(c in ALPHABET for c in body)
    if not is_shaped or _check(stem) != check:
        return None
    return f"J{day}-{body}-{check}"


def _letters(number: int) -> str:
    found = []
    for _place in range(_LENGTH):
        number, at = divmod(number, len(ALPHABET))
        found.append(ALPHABET[at])
    return "".join(found)


def _check(stem: str) -> str:
    digits = [*map(int, stem[:_DAY]), *map(ALPHABET.index, stem[_DAY:])]
    total = sum((at + 1) * digit for at, digit in enumerate(digits))
    return ALPHABET[total % len(ALPHABET)]
