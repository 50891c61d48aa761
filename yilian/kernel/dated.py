"""Values that change on a date, such as a deductible or a time limit."""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Generic, TypeVar

T = TypeVar("T")


class NoValueInForce(LookupError):
    """No value is in force on the day asked for."""


@dataclass(frozen=True, slots=True)
class Dated(Generic[T]):
    by_start: Mapping[date, T]

    def on(self, day: date) -> T:
        starts = sorted(self.by_start)
        index = bisect_right(starts, day)
        if index == 0:
            raise NoValueInForce(f"no value in force on {day}")
        return self.by_start[starts[index - 1]]
