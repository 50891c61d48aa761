"""How dates, moments, money and marked texts are said, in the reader's language."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext, ngettext
from markupsafe import Markup

from yilian.kernel.text import Text

HERE: Final = ZoneInfo("Asia/Shanghai")
NOTHING: Final = "—"
MONTHS: Final = ("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec").split()  # noqa: SIM905
MINUTE, HOUR, DAY = 60, 3600, 86400
SMALL_CHILD_MONTHS: Final = 36


def in_english() -> bool:
    return (get_language() or "").startswith("en")


def text(value: object) -> str:
    """A marked string, a Text, or a list of them, in the reader's language."""
    if type(value) is str:
        return _said(value, get_language() or "")
    if isinstance(value, Text):
        said = {name: text(part) for name, part in value.values.items()}
        return gettext(value.template).format(**said)
    if isinstance(value, str | Promise):
        # What is markup has been said already, by a template.
        return value if isinstance(value, Markup) else _in_words(str(value))
    if isinstance(value, date):
        return moment(value) if isinstance(value, datetime) else day(value)
    if isinstance(value, Iterable):
        return gettext("、").join(text(part) for part in value)
    return "" if value is None else str(value)


def text_in(language: str) -> Callable[[object], str]:
    """`text` for templates of one language, which need not ask which it is."""

    def text_there(value: object) -> str:
        kind = type(value)
        if kind is str:
            return _said(value, language)
        return value if kind is Markup else text(value)  # type: ignore[return-value]

    return text_there


def _in_words(marked: str) -> str:
    return gettext(marked) if marked else ""


@lru_cache(maxsize=5_000)
def _said(marked: str, language: str) -> str:
    with translation.override(language or None):
        return _in_words(marked)


def in_both_languages(value: object) -> str:
    """For a console, where nobody has chosen one."""
    with translation.override("zh-hans"):
        chinese = text(value)
    with translation.override("en"):
        english = text(value)
    return chinese if english == chinese else f"{chinese} {english}"


def day(value: date | None, today: date | None = None) -> str:
    """11月21日; with its year when that is not this year."""
    if value is None:
        return NOTHING
    on = _local_date(value)
    this_year = on.year == (today or timezone.now().astimezone(HERE).date()).year
    if in_english():
        said = f"{on.day} {MONTHS[on.month - 1]}"
        return said if this_year else f"{said} {on.year}"
    said = f"{on.month}月{on.day}日"
    return said if this_year else f"{on.year}年{said}"


def full_day(value: date | None) -> str:
    """With the year always: for print, where "this year" passes."""
    return day(value, today=date.min)


def moment(value: datetime | None, today: date | None = None) -> str:
    """11月21日 14:20, in the time of Ningxia."""
    if value is None:
        return NOTHING
    return f"{day(value, today)} {hour(value)}"


def hour(value: datetime | None) -> str:
    if value is None:
        return NOTHING
    return f"{value.astimezone(HERE):%H:%M}"


def ago(value: datetime | None, now: datetime | None = None) -> str:
    """3 分钟前, 2 小时前, 5 天前; older than a week, the day itself."""
    if value is None:
        return NOTHING
    seconds = int(((now or timezone.now()) - value).total_seconds())
    if seconds < MINUTE:
        return gettext("刚刚")
    if seconds < HOUR:
        n = seconds // MINUTE
        return ngettext("%(n)d 分钟前", "%(n)d 分钟前", n) % {"n": n}
    if seconds < DAY:
        n = seconds // HOUR
        return ngettext("%(n)d 小时前", "%(n)d 小时前", n) % {"n": n}
    if seconds < 7 * DAY:
        n = seconds // DAY
        return ngettext("%(n)d 天前", "%(n)d 天前", n) % {"n": n}
    return day(value)


def lasting(value: timedelta | None) -> str:
    """A length of time in at most two units: 16 分钟, 3 小时 20 分, 2 天."""
    if value is None:
        return NOTHING
    seconds = max(0, int(value.total_seconds()))
    if seconds < HOUR:
        return gettext("{n} 分钟").format(n=seconds // MINUTE)
    if seconds < DAY:
        hours, rest = divmod(seconds // MINUTE, 60)
        return gettext("{hours} 小时 {minutes} 分").format(hours=hours, minutes=rest)
    return gettext("{n} 天").format(n=seconds // DAY)


@dataclass(frozen=True, slots=True)
class ClockFace:
    """What a clock shows: the big figure, its unit, by when, and how it stands."""

    figure: str
    unit: str
    state: str
    due: str = ""


def clock_face(
    deadline: datetime | None, *, paused: bool = False, now: datetime | None = None
) -> ClockFace:
    """The same table as `face()` in yilian.js, which lets it run on."""
    if paused:
        return ClockFace(gettext("暂停"), "", "paused")
    if deadline is None:
        return ClockFace(NOTHING, "", "none")
    left = int((deadline - (now or timezone.now())).total_seconds())
    figure, unit = _figure(abs(left))
    due = day(deadline) if left >= DAY else hour(deadline)
    if left < 0:
        return ClockFace(f"+{figure}", gettext("已超时"), "overdue", due)
    return ClockFace(figure, unit, "running", due)


def _figure(seconds: int) -> tuple[str, str]:
    minutes, rest = divmod(seconds, MINUTE)
    if seconds < HOUR:
        return f"{minutes:02}:{rest:02}", ""
    if seconds < DAY:
        return f"{minutes // 60}:{minutes % 60:02}", gettext("小时")
    return gettext("{n} 天").format(n=seconds // DAY), ""


def yuan(value: Decimal | int | None) -> str:
    """6,500.00; a deduction carries a true minus sign."""
    if value is None:
        return NOTHING
    return f"{value:z,.2f}".replace("-", "−")


def number(value: Decimal | int | None) -> str:
    return NOTHING if value is None else f"{value:,}"


def percent(value: Decimal | float | None) -> str:
    """None, nothing counted, is a dash and not a bad score."""
    return NOTHING if value is None else f"{value:g} %"


def age(born_on: date | None, today: date | None = None) -> str:
    """58 岁; small children in months, newborns in days."""
    if born_on is None:
        return NOTHING
    on = today or timezone.now().astimezone(HERE).date()
    months = (on.year - born_on.year) * 12 + on.month - born_on.month
    months -= on.day < born_on.day
    if months < 1:
        n = (on - born_on).days
        return ngettext("%(n)d 天龄", "%(n)d 天龄", n) % {"n": n}
    if months < SMALL_CHILD_MONTHS:
        return ngettext("%(n)d 月龄", "%(n)d 月龄", months) % {"n": months}
    n = months // 12
    return ngettext("%(n)d 岁", "%(n)d 岁", n) % {"n": n}


def _local_date(value: date) -> date:
    if isinstance(value, datetime):
        return value.astimezone(HERE).date()
    return value
