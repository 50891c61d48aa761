"""Holidays and make-up days of the years that the built-in calendar does not know.

Every module counts working days with them. The State Council's notice comes in the
autumn before; somebody writes it down as it reads, a second person releases it.
"""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any, Final

from yilian.foundation.parameters.queries import value_of
from yilian.foundation.parameters.rules import Key, register
from yilian.kernel.calendar import local_day
from yilian.kernel.clause import clause
from yilian.kernel.dated import Dated
from yilian.kernel.text import Text, _

_MOST_AT_ONCE: Final = 60  # days: no holiday is longer, but a year mistyped is
_DAY: Final = timedelta(days=1)
_ENTRY: Final = re.compile(
    r"(\d{4}-\d{1,2}-\d{1,2})(?:\s*(?:至|到|~|to)\s*(\d{4}-\d{1,2}-\d{1,2}))?"
    r"\s*(?:放假|off|(上班|work))",
    re.ASCII,
)
_RANGES: Final[Mapping[bool, str]] = {
    False: _("{first} 至 {last} 放假"),
    True: _("{first} 至 {last} 上班"),
}
_DAYS: Final[Mapping[bool, str]] = {False: _("{first} 放假"), True: _("{first} 上班")}


def working_days(now: datetime) -> Mapping[date, bool]:
    """What was released for the day of `now`: day → is it a working day?"""
    return value_of(WORKING_DAYS, local_day(now))


def written(text: str) -> dict[str, bool]:
    """As it is kept, from "2027-02-06 至 2027-02-12 放假" and the like; or JSON."""
    if text.lstrip().startswith("{"):
        return {str(day): works for day, works in json.loads(text).items()}
    found: dict[str, bool] = {}
    for part in re.split(r"[\n;；,，、。]+", text):
        if part.strip():
            found |= dict(_entry(part.strip()))
    return dict(sorted(found.items()))


def in_words(days: Mapping[date, bool]) -> list[Text]:
    """Days of one kind that follow each other are told as one."""
    return [_stretch(*stretch) for stretch in _stretches(days)]


def _entry(part: str) -> Iterator[tuple[str, bool]]:
    told = _ENTRY.fullmatch(part)
    if told is None:
        raise ValueError(part)
    first = _day(told[1])
    last = _day(told[2] or told[1])
    if not timedelta(0) <= last - first < _MOST_AT_ONCE * _DAY:
        raise ValueError(part)
    for ahead in range((last - first).days + 1):
        yield (first + ahead * _DAY).isoformat(), told[3] is not None


def _day(text: str) -> date:
    return date(*map(int, text.split("-")))


def _stretches(days: Mapping[date, bool]) -> Iterator[tuple[date, date, bool]]:
    ordered = sorted(days)
    if not ordered:
        return
    first = ordered[0]
    for day, following in pairwise(ordered):
        if following - day > _DAY or days[following] != days[day]:
            yield first, day, days[day]
            first = following
    yield first, ordered[-1], days[ordered[-1]]


def _stretch(first: date, last: date, works: bool) -> Text:
    if first == last:
        return Text(_DAYS[works], {"first": first.isoformat()})
    both = {"first": first.isoformat(), "last": last.isoformat()}
    return Text(_RANGES[works], both)


def _read(kept: Mapping[str, Any]) -> Mapping[date, bool]:
    """As kept in JSON: {"2027-02-06": false, "2027-02-14": true}."""
    return {date.fromisoformat(day): bool(works) for day, works in kept.items()}


WORKING_DAYS: Final[Key[Mapping[date, bool]]] = register(
    Key(
        name="referral.working_days",
        title=_("节假日和调休上班日（内置日历以外的年份）"),
        default=Dated({date(2017, 1, 1): {}}),
        clause=clause("RC-13"),
        read=_read,
        write=written,
        words=in_words,
        hint=_(
            "每行一段，如“2027-02-06 至 2027-02-12 放假”、“2027-02-14 上班”；"
            "还要用的以前各年也写上。"
        ),
    )
)
