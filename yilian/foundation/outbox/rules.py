"""Events as JSON and back, and what a live page is told.

An event's fields are plain: UUID, str, int, bool, date, datetime, Decimal, StrEnum,
tuples of these, or None.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from enum import Enum, StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import (
    Any,
    Final,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)
from uuid import UUID

from yilian.kernel.event import Event
from yilian.kernel.text import _

E = TypeVar("E", bound=Event)


class NotPlain(TypeError):
    """A field that cannot be kept as JSON and read back."""


@dataclass(frozen=True, slots=True)
class LiveNotice:
    """What an open page hears: that something changed, never about whom."""

    topic: str
    institution_id: UUID | None = None
    account_id: UUID | None = None
    urgency: str = "routine"
    cause: str = ""

    def payload(self) -> dict[str, str | None]:
        return {
            "topic": self.topic,
            "institution": str(self.institution_id) if self.institution_id else None,
            "account": str(self.account_id) if self.account_id else None,
            "urgency": self.urgency,
            "cause": self.cause,
        }


def gathered(notices: Iterable[LiveNotice]) -> list[LiveNotice]:
    """Of several for the same pages about the same topic one will do, the most urgent:
    a page that looks again sees everything."""
    chosen: dict[object, LiveNotice] = {}
    for notice in notices:
        pages = (notice.topic, notice.institution_id, notice.account_id)
        known = chosen.get(pages, notice)
        chosen[pages] = min(known, notice, key=_how_pressing)
    return list(chosen.values())


_PRESSING: Final = {"stat": 0, "urgent": 1}


def _how_pressing(notice: LiveNotice) -> int:
    return _PRESSING.get(notice.urgency, len(_PRESSING))


def to_body(event: Event) -> dict[str, Any]:
    return {field.name: _plain(getattr(event, field.name)) for field in fields(event)}


def from_body(kind: type[E], body: Mapping[str, Any]) -> E:
    """A field that the row does not know yet keeps its default."""
    readers = _readers(cast(Any, kind))
    return kind(
        **{name: read(body[name]) for name, read in readers.items() if name in body}
    )


@cache
def _readers(kind: type[Event]) -> Mapping[str, Callable[[Any], Any]]:
    return {name: _reader(hint) for name, hint in get_type_hints(kind).items()}


def _plain(value: object) -> Any:
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, UUID | Decimal):
        return str(value)
    if isinstance(value, date):  # a datetime is one too
        return value.isoformat()
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    raise NotPlain(type(value).__name__)


_READ: Final[Mapping[type, Callable[[Any], Any]]] = {
    UUID: UUID,
    Decimal: Decimal,
    datetime: datetime.fromisoformat,
    date: date.fromisoformat,
    str: str,
    int: int,
    bool: bool,
}


def _reader(hint: Any) -> Callable[[Any], Any]:
    read = _reader_of_a_value(hint)
    return lambda value: None if value is None else read(value)


def _reader_of_a_value(hint: Any) -> Callable[[Any], Any]:
    if get_origin(hint) in {Union, UnionType}:
        return _reader(next(t for t in get_args(hint) if t is not NoneType))
    if get_origin(hint) is tuple:
        read = _reader(get_args(hint)[0])
        return lambda items: tuple(map(read, items))
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint
    if hint in _READ:
        return _READ[hint]
    raise NotPlain(str(hint))


# Deliveries about one person always take the same lane, one batch after the other.
LANES: Final = 4


def lane_of(person_id: UUID) -> str:
    return f"lane:{person_id.int % LANES}"


MOST_TRIES: Final = 8


def seconds_to_wait(tries: int) -> int:
    """After the first failure 1 s, then 2, 4, 8 … 64: about two minutes in all."""
    return int(2 ** (tries - 1))


class State(StrEnum):
    WAITING = "waiting"
    DONE = "done"
    DEAD = "dead"


STATE_NAMES: Final[Mapping[State, str]] = {
    State.WAITING: _("等待处理"),
    State.DONE: _("已处理"),
    State.DEAD: _("未能送达"),
}
