"""When something was: FHIR's dates of every precision as half-open spans."""

import re
from datetime import date, datetime, time, timedelta, timezone
from typing import Any, Final, NamedTuple

CHINA: Final = timezone(timedelta(hours=8))
_DATE: Final = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")
_A_MINUTE: Final = "YYYY-MM-DDThh:mm"
_DECEMBER: Final = 12


class Span(NamedTuple):
    """From `start` up to `end`; None is open."""

    start: datetime | None
    end: datetime | None


NEVER: Final = Span(None, None)


def span_of(value: Any) -> Span:
    """Of a date, a dateTime, an instant or a Period; `NEVER` for what is none.

    A day without a zone is a day in China.
    """
    if isinstance(value, str):
        return _of_text(value) or NEVER
    if isinstance(value, dict):
        start, end = span_of(value.get("start")), span_of(value.get("end"))
        return Span(start.start, end.end)
    return NEVER


def is_possible(text: str) -> bool:
    """Whether a date stands in the calendar: 2023-02-30 does not."""
    return _of_text(text) is not None


def _of_text(text: str) -> Span | None:
    try:
        if "T" in text:
            return _of_moment(text)
        return _of_date(text)
    except (ValueError, OverflowError):
        return None


def _of_date(text: str) -> Span | None:
    found = _DATE.fullmatch(text)
    if found is None:
        return None
    year, month, day = (int(part or 0) for part in found.groups())
    first = date(year, int(found[2] or 1), int(found[3] or 1))
    return Span(_midnight(first), _midnight(_next(first, month, day)))


def _next(first: date, month: int, day: int) -> date:
    if day:
        return first + timedelta(days=1)
    if month and month < _DECEMBER:
        return date(first.year, month + 1, 1)
    return date(first.year + 1, 1, 1)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), CHINA)


def _of_moment(text: str) -> Span:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=CHINA)
    if len(text) <= len(_A_MINUTE):
        return Span(moment, moment + timedelta(minutes=1))
    step = timedelta(milliseconds=1) if "." in text else timedelta(seconds=1)
    return Span(moment, moment + step)
