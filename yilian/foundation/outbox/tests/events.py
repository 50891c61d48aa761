"""Events and listeners of the tests only."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from django.db import connection

from yilian.foundation.access.actor import system_actor
from yilian.foundation.audit import services as audit
from yilian.foundation.outbox.queries import once
from yilian.foundation.outbox.rules import LiveNotice
from yilian.foundation.outbox.services import at_the_end
from yilian.kernel.event import Event

DESK: Final = UUID(int=7)
PATIENCE: Final = 60
IN_THE_MIDDLE: Final = 4242
SAID: Final = "张三 must not get into a log"


HANDLED: Final[list[int]] = []  # in this process, in the order it came
READ: Final[list[int]] = []
LEFT: Final[list[list[int]]] = []


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True)
class Everything(Event):
    """One field of each plain kind."""

    id: UUID
    colour: Colour
    on: date
    at: datetime
    yuan: Decimal
    count: int
    is_so: bool
    others: tuple[UUID, ...]
    nobody: UUID | None
    said: str = "later added"


@dataclass(frozen=True)
class Happened(Event):
    number: int
    mood: str = "well"  # "well", "fails", "slow"


def write_down(event: Happened) -> None:
    if event.mood == "fails":
        raise ValueError(SAID)
    if event.mood == "slow" and "SLOW" in os.environ:
        audit.record(system_actor("test"), "test.begun", detail={"n": event.number})
        with connection.cursor() as cursor:  # seen from outside: I am in the middle
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [IN_THE_MIDDLE])
        time.sleep(PATIENCE)
    once(event.number, lambda: READ.append(event.number))
    HANDLED.append(event.number)
    audit.record(system_actor("test"), "test.done", detail={"n": event.number})


def look_on(event: Happened) -> None:
    """A second listener, who looks at the same and leaves something to the end."""
    at_the_end(LEFT.append, event.number)
    once(event.number, lambda: READ.append(event.number))


def tell_the_desk(event: Happened) -> list[LiveNotice]:
    return [LiveNotice("referral", institution_id=DESK, cause=str(event.number))]


def everything() -> Everything:
    return Everything(
        id=UUID(int=1),
        colour=Colour.RED,
        on=date(2026, 3, 2),
        at=datetime(2026, 3, 2, 4, 5, 6, 789, tzinfo=UTC),
        yuan=Decimal("0.10"),
        count=3,
        is_so=True,
        others=(UUID(int=2), UUID(int=3)),
        nobody=None,
    )


SUBSCRIPTIONS: Mapping[type[Event], Sequence[Callable[[Any], None]]] = {
    Everything: [],
    Happened: [write_down, look_on],
}
LIVE: Mapping[type[Event], Callable[[Any], list[LiveNotice]]] = {
    Happened: tell_the_desk
}
