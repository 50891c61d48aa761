"""The readable number of a referral, 转诊单号: said on the phone, typed at a desk.

`Z` + date + six letters and digits that cannot be mistaken for one another + a
check character, e.g. `Z261121-7K3QMF-4`. It leads to the row only for those who
may see it; it tells nothing of the person.
"""

import secrets
from datetime import date
from typing import Final

# As many as the modulus, a prime: every slip of one character and every swap of two
# neighbours is caught.
ALPHABET: Final = "23456789ACDEFHJKMNPRTWX"
_LENGTH: Final = 6
_DAY: Final = 6


def new_number(day: date) -> str:
    body = "".join(secrets.choice(ALPHABET) for _ in range(_LENGTH))
    stem = f"{day:%y%m%d}{body}"
    return f"Z{day:%y%m%d}-{body}-{_check(stem)}"


def tidy(typed: str) -> str | None:
    """The number as stored, or None where it cannot be one."""
    bare = "".join(c for c in typed.upper() if c.isalnum())
    if len(bare) != 1 + _DAY + _LENGTH + 1 or bare[0] != "Z":
        return None
    stem, check = bare[1:-1], bare[-1]
    day, body = stem[:_DAY], stem[_DAY:]
    is_shaped = day.isascii() and day.isdigit() and all(c in ALPHABET for c in body)
    if not is_shaped or _check(stem) != check:
        return None
    return f"Z{day}-{body}-{check}"


def _check(stem: str) -> str:
    digits = [*map(int, stem[:_DAY]), *map(ALPHABET.index, stem[_DAY:])]
    total = sum((at + 1) * digit for at, digit in enumerate(digits))
    return ALPHABET[total % len(ALPHABET)]
