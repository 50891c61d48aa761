"""How far back a bill's settling has to look.

Counters begin anew each year. A stay over New Year, a chain that may run over it, and
an explicit link bring the year before along.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from uuid import UUID

_MONTH: Final = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class Span:
    """Of a bill: when, whether a stay, and which it says it follows."""

    id: UUID
    is_stay: bool
    admitted_on: date
    discharged_on: date
    follows: UUID | None = None


def window_start(bill: Span, settled: Collection[Span]) -> date:
    """The first of January from which on everything settled may matter."""
    since = date(bill.admitted_on.year, 1, 1)
    while True:
        within = [bill, *(s for s in settled if s.discharged_on >= since)]
        before = [s for s in settled if s.is_stay and s.discharged_on < since]
        earlier = _earlier(within, before, since)
        if earlier is None:
            return since
        since = date(earlier.year, 1, 1)


def _earlier(within: list[Span], before: list[Span], since: date) -> date | None:
    first = min(span.admitted_on for span in within)
    if first < since:
        return first
    stays = [span for span in within if span.is_stay]
    linked = {span.follows for span in stays}
    is_near = any(span.admitted_on - since < _MONTH for span in stays)
    days = (
        span.admitted_on
        for span in before
        if span.id in linked or (is_near and since - span.discharged_on <= _MONTH)
    )
    return min(days, default=None)
