"""How a pool is used up over the year, and where that leads, 使用曲线与预测.

The forecast is simple on purpose and says how it was made: what is left of the year
runs as the same days of the year before did, times this year's use so far over last
year's; without a year before, as the mean day so far. The band around it comes from
how far the weeks so far lay from what they should have been (four in five).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from math import isqrt
from typing import Final

from yilian.kernel.money import Fen
from yilian.kernel.text import _

_DAY: Final = timedelta(days=1)
_WEEK: Final = 7
# Sooner, a few stays decide everything.
LEAST_DAYS: Final = 28
_FOUR_IN_FIVE: Final = 128  # 1.28 standard deviations, in hundredths

ByDay = Mapping[date, Fen]


class Method(StrEnum):
    SEASONAL = "seasonal"
    EVEN = "even"
    OVER = "over"  # the year is over: nothing to foresee


METHOD_NAMES: Final[Mapping[Method, str]] = {
    Method.SEASONAL: _("按上年同期的季节走势：上年剩余天数的支出 × 今年与上年同期之比"),
    Method.EVEN: _("按今年已过天数的日均支出（没有可比的上年数据）"),
    Method.OVER: _("全年已过，按实际支出"),
}


class Alarm(StrEnum):
    CALM = "calm"
    WATCH = "watch"
    WARN = "warn"
    STOP = "stop"


ALARM_NAMES: Final[Mapping[Alarm, str]] = {
    Alarm.CALM: _("正常"),
    Alarm.WATCH: _("关注"),
    Alarm.WARN: _("预警"),
    Alarm.STOP: _("警戒"),
}


@dataclass(frozen=True, slots=True)
class Forecast:
    method: Method
    at_end: Fen
    spread: Fen  # of four in five, to either side
    by_day: ByDay  # what is left of the year


@dataclass(frozen=True, slots=True)
class Month:
    """A line of the table beside the curve."""

    month: int
    spent: Fen  # foreseen for what has not passed
    in_all: Fen
    line: Fen
    is_foreseen: bool

    @property
    def ahead(self) -> Fen:
        return self.in_all - self.line


def days_of(year: int) -> int:
    return (date(year + 1, 1, 1) - date(year, 1, 1)).days


def line_on(available: Fen, year: int, days: int) -> Fen:
    """The budget's even line after so many days."""
    return available * days // days_of(year)


def foreseen(year: int, until: date, spent: ByDay, before: ByDay) -> Forecast:
    """`spent` of the days before `until`, `before` of the whole year before."""
    left = _days(until, date(year + 1, 1, 1))
    so_far = sum(spent.values())
    if not left:
        return Forecast(Method.OVER, so_far, 0, {})
    passed = _days(date(year, 1, 1), until)
    was = {day: before.get(_year_ago(day), 0) for day in (*passed, *left)}
    base = sum(was[day] for day in passed)
    if len(passed) >= LEAST_DAYS and base > 0 and so_far > 0:
        return _seasonal(spent, was, passed, left)
    return _even(spent, passed, left)


def alarm_of(at_end: Fen, spent: Fen, available: Fen, limits: "AlarmLimits") -> Alarm:
    """By the forecast's part of what is available; spent already is spent."""
    if available <= 0 or spent > available:
        return Alarm.STOP
    part = Decimal(at_end) / available
    for alarm, limit in (
        (Alarm.STOP, limits.stop),
        (Alarm.WARN, limits.warn),
        (Alarm.WATCH, limits.watch),
    ):
        if part >= limit:
            return alarm
    return Alarm.CALM


@dataclass(frozen=True, slots=True)
class AlarmLimits:
    watch: Decimal
    warn: Decimal
    stop: Decimal


def months_of(
    year: int, until: date, spent: ByDay, forecast: Forecast, available: Fen
) -> list[Month]:
    both = {**spent, **forecast.by_day}
    sums = [0] * 13
    for day, amount in both.items():
        sums[day.month] += amount
    lines, in_all = [], 0
    for month in range(1, 13):
        in_all += sums[month]
        end = date(year + month // 12, month % 12 + 1, 1)
        days = (end - date(year, 1, 1)).days
        line = line_on(available, year, days)
        lines.append(Month(month, sums[month], in_all, line, end > until))
    return lines


def in_all(by_day: ByDay, start: Fen = 0) -> list[tuple[date, Fen]]:
    """Day by day, summed."""
    found, total = [], start
    for day in sorted(by_day):
        total += by_day[day]
        found.append((day, total))
    return found


def _seasonal(
    spent: ByDay, was: ByDay, passed: list[date], left: list[date]
) -> Forecast:
    so_far, base = sum(spent.values()), sum(was[day] for day in passed)
    smooth = _smooth(was, left)
    by_day = {day: smooth[day] * so_far // base for day in left}
    expected = {day: was[day] * so_far // base for day in passed}
    spread = _spread(spent, expected, passed, len(left))
    return Forecast(Method.SEASONAL, so_far + sum(by_day.values()), spread, by_day)


def _even(spent: ByDay, passed: list[date], left: list[date]) -> Forecast:
    so_far = sum(spent.values())
    mean = so_far // len(passed) if passed else 0
    by_day = dict.fromkeys(left, mean)
    spread = _spread(spent, dict.fromkeys(passed, mean), passed, len(left))
    return Forecast(Method.EVEN, so_far + sum(by_day.values()), spread, by_day)


def _smooth(was: ByDay, left: list[date]) -> dict[date, Fen]:
    """Each week's days alike: a single dear stay says nothing of its very day."""
    found: dict[date, Fen] = {}
    for first in range(0, len(left), _WEEK):
        week = left[first : first + _WEEK]
        total = sum(was[day] for day in week)
        mean, over = divmod(total, len(week))
        found |= {day: mean + (place < over) for place, day in enumerate(week)}
    return found


def _spread(spent: ByDay, expected: ByDay, passed: list[date], left: int) -> Fen:
    weeks = [
        passed[first : first + _WEEK]
        for first in range(0, len(passed) - _WEEK + 1, _WEEK)
    ]
    if not weeks:
        return 0
    squares = sum(
        sum(spent.get(day, 0) - expected[day] for day in week) ** 2 for week in weeks
    )
    variance = squares * left // (len(weeks) * _WEEK)
    return isqrt(max(variance, 0)) * _FOUR_IN_FIVE // 100


def _days(start: date, end: date) -> list[date]:
    return [start + n * _DAY for n in range(max(0, (end - start).days))]


def _year_ago(day: date) -> date:
    if (day.month, day.day) == (2, 29):
        return date(day.year - 1, 2, 28)
    return day.replace(year=day.year - 1)
