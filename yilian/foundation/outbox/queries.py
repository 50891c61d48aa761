"""Letters that could not be delivered, and how much waits."""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar, cast
from uuid import UUID

from django.db.models import Min, Q

from yilian.foundation.outbox.models import Delivery, OutboxMessage
from yilian.foundation.outbox.rules import State
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


# --- what the handlers of one event look at ----------------------------------------

T = TypeVar("T")
_LOOKED_AT: Final = ContextVar[dict[Hashable, Any] | None]("looked_at", default=None)


@contextmanager
def one_event() -> Iterator[None]:
    """Its handlers follow each other inside, in one transaction."""
    token = _LOOKED_AT.set({})
    try:
        yield
    finally:
        _LOOKED_AT.reset(token)


def once(key: Hashable, read: Callable[[], T]) -> T:
    """What several handlers of one event read, for reading only: the first one asks."""
    known = _LOOKED_AT.get()
    if known is None:
        return read()
    if key not in known:
        known[key] = read()
    return cast(T, known[key])
