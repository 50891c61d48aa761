"""Reading FHIR elements out of JSON that may be wrong in any place."""

import calendar
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from yilian.record.advice.facts import Born

Resource = Mapping[str, Any]
SHANGHAI: Final = timezone(timedelta(hours=8))

_PARTIAL: Final = re.compile(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class Moment:
    """A point in time and the day it was in China."""

    at: datetime
    day: date


@dataclass(frozen=True, slots=True)
class Coding:
    system: str
    code: str
    display: str


def part(resource: Resource, key: str) -> Resource:
    value = resource.get(key)
    return value if isinstance(value, Mapping) else {}


def items(resource: Resource, key: str) -> Iterator[Resource]:
    value = resource.get(key)
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, Mapping))


def text(resource: Resource, key: str) -> str:
    value = resource.get(key)
    return value.strip() if isinstance(value, str) else ""


def codings(concept: Resource) -> tuple[Coding, ...]:
    return tuple(
        Coding(text(c, "system"), text(c, "code"), text(c, "display"))
        for c in items(concept, "coding")
    )


def words(concept: Resource) -> str:
    """All that a concept says in words."""
    return " ".join([text(concept, "text"), *(c.display for c in codings(concept))])


def first_code(resource: Resource, key: str) -> str:
    """The code of a status-like CodeableConcept, or its text."""
    concept = part(resource, key)
    found = codings(concept)
    return (found[0].code if found else text(concept, "text")).lower()


def moment(value: str) -> Moment | None:
    """A dateTime or instant; None when the day itself is not given."""
    try:
        if "T" not in value:
            return at_midnight(date.fromisoformat(value))
        at = datetime.fromisoformat(value)
        # FHIR demands an offset; without one it is local time.
        here = at.replace(tzinfo=SHANGHAI) if at.tzinfo is None else at
        return Moment(here.astimezone(UTC), here.astimezone(SHANGHAI).date())
    except (ValueError, OverflowError):
        return None


def first_moment(*values: str) -> Moment | None:
    return next((found for value in values if (found := moment(value))), None)


def day(value: str) -> date | None:
    found = moment(value)
    return found.day if found else None


def effective(resource: Resource, key: str = "effective") -> Moment | None:
    """Of effectiveDateTime, effectiveInstant, effectivePeriod or effectiveTiming."""
    period = part(resource, f"{key}Period")
    events = part(resource, f"{key}Timing").get("event")
    timing = events[0] if isinstance(events, list) and events else ""
    return first_moment(
        text(resource, f"{key}DateTime"),
        text(resource, f"{key}Instant"),
        text(period, "end"),
        text(period, "start"),
        timing if isinstance(timing, str) else "",
    )


def born(value: str) -> Born | None:
    """A birth date known to the day, the month or the year."""
    found = _PARTIAL.fullmatch(value)
    if found is None:
        return None
    year, month, last = (int(number) if number else None for number in found.groups())
    try:
        first = date(year or 0, month or 1, last or 1)
    except ValueError:
        return None
    last_month = month or 12
    last_day = last or calendar.monthrange(first.year, last_month)[1]
    return Born(first, date(first.year, last_month, last_day))


def number(value: object) -> Decimal | None:
    """A JSON number, with its digits kept; never a text or a boolean."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def at_midnight(found: date) -> Moment:
    return Moment(datetime.combine(found, time(), SHANGHAI).astimezone(UTC), found)
