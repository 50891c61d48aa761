"""A page of a list: its lines, and where the next one begins.

A cursor names the last line shown, not a count, so a page neither skips nor
repeats when rows come in meanwhile; a spoilt one starts at the beginning.
"""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar
from uuid import UUID

L = TypeVar("L")
M = TypeVar("M")


@dataclass(frozen=True, slots=True)
class Page(Generic[L]):
    lines: Sequence[L]
    next: str | None = None

    def each(self, change: Callable[[L], M]) -> "Page[M]":
        return Page([change(line) for line in self.lines], self.next)


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a list ordered by moment and id."""

    at: datetime
    id: UUID

    @property
    def cursor(self) -> str:
        plain = f"{self.at.isoformat()}|{self.id}"
        return base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")


def read_mark(cursor: str | None) -> Mark | None:
    """None for the beginning, and for anything that is no cursor of ours."""
    try:
        padded = (cursor or "") + "=" * (-len(cursor or "") % 4)
        at, _bar, row_id = base64.urlsafe_b64decode(padded).decode().partition("|")
        mark = Mark(datetime.fromisoformat(at), UUID(row_id))
    except (ValueError, binascii.Error):
        return None
    return mark if mark.at.tzinfo else None


def cut(rows: Sequence[L], size: int, mark_of: Callable[[L], Mark]) -> Page[L]:
    """A page from one row more than it shows."""
    shown = rows[:size]
    has_more = len(rows) > size
    return Page(shown, mark_of(shown[-1]).cursor if has_more else None)
