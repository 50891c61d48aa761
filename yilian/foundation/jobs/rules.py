"""Clocks: what runs by itself, and how often.

A module says so in its own `tasks.py`, which every process that does jobs imports:

    every(5, "yilian.resources.scheduling.services.expire_holds")
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

MINUTE: Final = 60


@dataclass(frozen=True, slots=True)
class Clock:
    """`path` names a function without arguments that may run twice unharmed."""

    path: str
    minutes: int

    def is_due(self, timestamp: int) -> bool:
        return timestamp // MINUTE % self.minutes == 0


_CLOCKS: Final[dict[str, Clock]] = {}
CLOCKS: Final[Mapping[str, Clock]] = MappingProxyType(_CLOCKS)


def every(minutes: int, path: str) -> None:
    if minutes < 1:
        raise ValueError("a clock beats once a minute at most")
    _CLOCKS[path] = Clock(path, minutes)


def due(timestamp: int) -> list[Clock]:
    return [clock for clock in CLOCKS.values() if clock.is_due(timestamp)]
