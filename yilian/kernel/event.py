"""A fact that a module announces, in the past tense."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Event:
    """Subclasses are frozen dataclasses of plain values (UUID, str, date, int …)."""
