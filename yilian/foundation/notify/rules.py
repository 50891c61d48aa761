"""How pressing a notice is, and what its subscribers are told."""

from enum import StrEnum


class Urgency(StrEnum):
    """The words of `kernel` and of referrals (decisions 19)."""

    STAT = "stat"
    URGENT = "urgent"
    ROUTINE = "routine"
