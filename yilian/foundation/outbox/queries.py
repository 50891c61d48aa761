"""Letters that could not be delivered, and how much waits."""

from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeVar, cast
from uuid import UUID

from django.db.models import Min, Q

from yilian.foundation.outbox.models import Delivery, OutboxMessage
from yilian.foundation.outbox.rules import State
from yilian.kernel.event import Event
from yilian.kernel.page import Mark, Page, cut, read_mark

SIZE: Final = 50
NOBODY: Final = "?"  # the handler's place when the event itself cannot be read


@dataclass(frozen=True, slots=True)
class Waiting:
    events: int
    deliveries: int
    since: datetime | None


@dataclass(frozen=True, slots=True)
class DeadLetter:
    id: UUID
    kind: str
    handler: str
    tries: int
    error: str
    happened_at: datetime
    state: str

    @property
    def can_be_resent(self) -> bool:
        return self.state == State.DEAD and self.handler != NOBODY


def dead_letters(cursor: str | None = None) -> Page[DeadLetter]:
    rows = Delivery.objects.filter(state=State.DEAD).select_related("message")
    mark = read_mark(cursor)
    if mark:
        older = Q(created_at__lt=mark.at) | Q(created_at=mark.at, id__lt=mark.id)
        rows = rows.filter(older)
    newest = rows.order_by("-created_at", "-id")[: SIZE + 1]
    page = cut(list(newest), SIZE, lambda row: Mark(row.created_at, row.id))
    return page.each(letter)


def letter(row: Delivery) -> DeadLetter:
    return DeadLetter(
        id=row.id,
        kind=row.message.kind,
        handler=row.handler.removeprefix("yilian."),
        tries=row.tries,
        error=row.last_error,
        happened_at=row.message.created_at,
        state=row.state,
    )


def waiting() -> Waiting:
    events = OutboxMessage.objects.filter(dispatched_at=None)
    deliveries = Delivery.objects.filter(state=State.WAITING)
    return Waiting(
        events=events.count(),
        deliveries=deliveries.count(),
        since=events.aggregate(first=Min("created_at"))["first"],
    )


# --- what the handlers of events delivered together look at -------------------------

T = TypeVar("T")
E = TypeVar("E", bound=Event)


@dataclass(frozen=True, slots=True)
class Together:
    """Events delivered in one transaction, and what their handlers share."""

    events: Sequence[Event]
    looked_at: dict[Hashable, Any] = field(default_factory=dict)
    left: dict[Callable[[list[Any]], None], list[Any]] = field(default_factory=dict)


_UNDER_WAY: Final = ContextVar[Together | None]("under_way", default=None)


@contextmanager
def delivering(events: Sequence[Event]) -> Iterator[Together]:
    together = Together(events)
    token = _UNDER_WAY.set(together)
    try:
        yield together
    finally:
        _UNDER_WAY.reset(token)


def under_way() -> Together | None:
    """What is being delivered here; None in any other act."""
    return _UNDER_WAY.get()


def once(key: Hashable, read: Callable[[], T]) -> T:
    """What several handlers read, for reading only, and none of them changes: the first
    one asks."""
    together = under_way()
    if together is None:
        return read()
    if key not in together.looked_at:
        together.looked_at[key] = read()
    return cast(T, together.looked_at[key])


def delivered_with(event: E, kind: type[E]) -> list[E]:
    """All of that kind that are delivered together with this one, itself among them:
    what is read for one can be read for all."""
    together = under_way()
    events = together.events if together else [event]
    return [one for one in events if isinstance(one, kind)]
