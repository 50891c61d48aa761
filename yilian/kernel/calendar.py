"""Chinese time: local days, working days, and clocks that can be paused, 工作日.

Moments are UTC; days and hours are those of Asia/Shanghai. A working day counts
whole, from 0:00 to 24:00, and a referral that is due in n working days is due

* at the same local time, n working days later, when it began on a working day;
* n working days after 0:00 of the next working day, when it began on a day off.

So three working days from Friday 10:00 end on Wednesday 10:00, and from Saturday
they end on Thursday 0:00. Holidays and make-up days come from `chinesecalendar`,
years that it does not know yet from `extra` (day → is it a working day?); without
either, Monday to Friday count, and pages warn (`is_beyond_known`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

import chinese_calendar

CHINA: Final = ZoneInfo("Asia/Shanghai")

_FIRST_KNOWN_YEAR: Final = min(chinese_calendar.holidays).year
_LAST_KNOWN_YEAR: Final = max(chinese_calendar.holidays).year
_SATURDAY: Final = 5
_DAY: Final = timedelta(days=1)

Extra = Mapping[date, bool]


@dataclass(frozen=True, slots=True)
class Pause:
    """A stretch in which a clock stands still; open while `end` is None."""

    start: datetime
    end: datetime | None = None


def local(moment: datetime) -> datetime:
    _require_aware(moment)
    return moment.astimezone(CHINA)


def local_day(moment: datetime) -> date:
    return local(moment).date()


def start_of_day(day: date) -> datetime:
    """The moment (UTC) at which a day begins in China."""
    return datetime.combine(day, time.min, CHINA).astimezone(UTC)


def known_until() -> date:
    """The last day whose holidays `chinesecalendar` knows."""
    return date(_LAST_KNOWN_YEAR, 12, 31)


def is_beyond_known(day: date, extra: Extra | None = None) -> bool:
    """Whether working days are only guessed; one entry makes its year known."""
    years = {given.year for given in extra or {}}
    return day > known_until() and day.year not in years


def is_working_day(day: date, extra: Extra | None = None) -> bool:
    if extra and day in extra:
        return extra[day]
    if _FIRST_KNOWN_YEAR <= day.year <= _LAST_KNOWN_YEAR:
        return _is_known_workday(day)
    return day.weekday() < _SATURDAY


@cache
def _is_known_workday(day: date) -> bool:
    """The library searches all its holidays for the first and the last, every time."""
    return bool(chinese_calendar.is_workday(day))


def next_working_day(day: date, extra: Extra | None = None) -> date:
    """The first working day after that day."""
    candidate = day + _DAY
    while not is_working_day(candidate, extra):
        candidate += _DAY
    return candidate


def add_working_days(
    moment: datetime, days: int, extra: Extra | None = None
) -> datetime:
    """The moment (UTC) that lies so many working days later; see the module's rule."""
    if days < 0:
        raise ValueError("working days are counted forwards")
    begin = _begin(local(moment), extra)
    day = begin.date()
    for _step in range(days):
        day = next_working_day(day, extra)
    return datetime.combine(day, begin.timetz()).astimezone(UTC)


def add_working_time(
    moment: datetime, duration: timedelta, extra: Extra | None = None
) -> datetime:
    """As `add_working_days`, for parts of days: days off do not count."""
    if duration < timedelta(0):
        raise ValueError("working time is counted forwards")
    begin = _begin(local(moment), extra)
    since_midnight = begin - _midnight(begin.date())
    days, rest = divmod(since_midnight + duration, _DAY)
    return add_working_days(_midnight(begin.date()), days, extra) + rest


def working_time(
    start: datetime, end: datetime, extra: Extra | None = None
) -> timedelta:
    """How much of the time from start to end lies on working days; never negative."""
    here, until = local(start), local(end)
    total = timedelta(0)
    while here < until:
        midnight = _midnight(here.date() + _DAY)
        if is_working_day(here.date(), extra):
            total += min(midnight, until) - here
        here = midnight
    return total


def shift_deadline(
    deadline: datetime, pauses: Iterable[Pause], now: datetime
) -> datetime:
    """The deadline after the pauses so far; a pause too late does not revive it."""
    for start, end in _merged(pauses, now):
        if start >= deadline:
            break
        deadline += end - start
    return deadline


def remaining(deadline: datetime, pauses: Iterable[Pause], now: datetime) -> timedelta:
    """Time left on the clock, the same throughout a pause; negative when overdue."""
    return shift_deadline(deadline, pauses, now) - now


def shift_working_deadline(
    deadline: datetime,
    pauses: Iterable[Pause],
    now: datetime,
    extra: Extra | None = None,
) -> datetime:
    """As `shift_deadline` for a clock in working days: pauses count working time."""
    for start, end in _merged(pauses, now):
        if start >= deadline:
            break
        paused = working_time(start, end, extra)
        if paused:
            deadline = add_working_time(deadline, paused, extra)
    return deadline


def _begin(here: datetime, extra: Extra | None) -> datetime:
    if is_working_day(here.date(), extra):
        return here
    return _midnight(next_working_day(here.date(), extra))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, CHINA)


def _merged(
    pauses: Iterable[Pause], now: datetime
) -> Iterable[tuple[datetime, datetime]]:
    """Pauses up to now, in order, those that overlap made one."""
    merged: list[tuple[datetime, datetime]] = []
    for pause in sorted(pauses, key=lambda pause: pause.start):
        start, end = pause.start, min(pause.end or now, now)
        if merged and start <= merged[-1][1]:
            start, end = merged[-1][0], max(end, merged[-1][1])
            merged.pop()
        if start < end:
            merged.append((start, end))
    return merged


def _require_aware(moment: datetime) -> None:
    if moment.tzinfo is None:
        raise ValueError("a moment without time zone means nothing")
