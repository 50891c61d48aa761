"""Which parameters a person's services are settled by.

Day by day what was in force, as one set (`policy.rules.releases.spliced`). With the
number of the newest release known then, the same line is put together again, however
many releases came after.
"""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from uuid import UUID

from yilian.insurance.policy.queries.parameters import heads, version
from yilian.insurance.policy.rules.releases import (
    NoParametersInForce,
    Span,
    spans,
    spliced,
)
from yilian.insurance.policy.rules.sets import ParameterSet

_Parts = tuple[tuple[Span, UUID], ...]


@dataclass(frozen=True)
class Line:
    """`number` is that of the newest release it was made of."""

    parameters: ParameterSet
    number: int
    parts: _Parts

    def set_on(self, day: date) -> ParameterSet:
        """The released set that holds on the day: what a settlement names."""
        at = bisect_right([span.start for span, _id in self.parts], day) - 1
        return version(self.parts[max(at, 0)][1])


def line_of(area: str, *, known: int | None = None) -> Line:
    """Raises `NoParametersInForce` where nothing was ever released for the area."""
    found = [h for h in heads(area) if known is None or h.number <= known]
    if not found:
        raise NoParametersInForce(date.min, area)
    parts = tuple((span, head.id) for span, head in spans(found, area))
    return Line(_spliced(area, parts), max(h.number for h in found), parts)


@lru_cache(maxsize=32)
def _spliced(area: str, parts: _Parts) -> ParameterSet:
    sets = [(span, version(version_id)) for span, version_id in parts]
    newest = sets[-1][1]
    return spliced(sets, set_id=newest.id, version=newest.version)
