"""The form of a contest: acts let go at one moment, and what must come of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Act = Callable[[], Any]


class Wins(StrEnum):
    ONE = "one succeeds, the others are told why not"
    SAME = "all succeed, and mean the same"
    ALL = "all succeed"


def _nothing_more() -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Fight:
    acts: Sequence[Act]
    is_right: Callable[[], bool] = _nothing_more  # looked at afterwards


@dataclass(frozen=True, slots=True)
class Contest:
    name: str
    wins: Wins
    begin: Callable[[], Fight]


@dataclass(slots=True)
class Contests:
    """A list that functions put themselves on."""

    all: list[Contest] = field(default_factory=list)

    def add(
        self, name: str, wins: Wins = Wins.ONE
    ) -> Callable[[Callable[[], Fight]], Callable[[], Fight]]:
        def keep(begin: Callable[[], Fight]) -> Callable[[], Fight]:
            self.all.append(Contest(name, wins, begin))
            return begin

        return keep
