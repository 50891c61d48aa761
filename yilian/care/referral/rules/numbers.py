"""The readable number of a referral, 转诊单号: said on the phone, typed at a desk.

`Z` + date + six letters and digits that cannot be mistaken for one another + a
check character, e.g. `Z261121-7K3QMF-4`. It leads to the row only for those who
may see it; it tells nothing of the person.
"""

import secrets
from datetime import date
from typing import Final

ALPHABET: Final = "23456789ACDEFGHJKMNPQRTUVWXY"
_LENGTH: Final = 6


def new_number(day: date) -> str:
    body = "".join(secrets.choice(ALPHABET) for _ in range(_LENGTH))
    stem = f"{day:%y%m%d}{body}"
    return f"Z{day:%y%m%d}-{body}-{_check(stem)}"


def tidy(typed: str) -> str | None:
    """The number as stored, or None where it cannot be one."""
    bare = "".join(c for c in typed.upper() if c.isalnum())
    if len(bare) != 1 + 6 + _LENGTH + 1 or bare[0] != "Z":
        return None
    stem, check = bare[1:-1], bare[-1]
    if not stem[:6].isdigit() or any(c not in ALPHABET for c in stem[6:]):
        return None
    return f"Z{stem[:6]}-{stem[6:]}-{check}" if _check(stem) == check else None


def _check(stem: str) -> str:
    # Weights differ by neighbour, so that a swap is caught; the modulus is the
    # prime below the alphabet's 28.
    total = sum((at + 1) * int(c, 36) for at, c in enumerate(stem))
    return ALPHABET[total % 23]
