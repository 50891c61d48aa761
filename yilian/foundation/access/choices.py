"""Enum members as plain strings, for columns and constraints."""

from collections.abc import Iterable
from enum import StrEnum


def values(members: Iterable[StrEnum]) -> list[str]:
    """Plain, sorted strings for a constraint.

    Django would write enum members into the migration as imports of our code,
    and a set in a new order on every run.
    """
    return sorted(member.value for member in members)
