"""Chance that can be repeated: a stream of numbers for each (seed, subject).

Every subject has a stream of its own, so that a change in how one institution is
drawn leaves all others as they were.
"""

from datetime import UTC, datetime
from hashlib import blake2b
from random import Random
from typing import Final
from uuid import UUID, uuid5

_NAMESPACE: Final = UUID("6f1c1d1e-9a36-5c0e-8d0b-640000000000")


def stream(*subject: object) -> Random:
    key = "\x1f".join(str(part) for part in subject).encode()
    number = int.from_bytes(blake2b(key, digest_size=8).digest())
    return Random(number)  # noqa: S311  an invented region, not a secret


def fixed_id(*subject: object) -> UUID:
    """The same subject has the same id in every run."""
    return uuid5(_NAMESPACE, "\x1f".join(str(part) for part in subject))


def dated_id(rng: Random, at: datetime) -> UUID:
    """A UUID version 7 of the moment when the fact happened."""
    millis = int(at.astimezone(UTC).timestamp() * 1000)
    bits = rng.getrandbits(74)
    value = millis << 80 | 0x7 << 76 | (bits >> 62) << 64
    return UUID(int=value | 0b10 << 62 | bits & (1 << 62) - 1)


def pick(rng: Random, weighted: dict[str, int]) -> str:
    return rng.choices(list(weighted), weights=list(weighted.values()))[0]


def likely(rng: Random, percent: float) -> bool:
    return rng.random() * 100 < percent
