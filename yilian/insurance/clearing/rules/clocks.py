"""How long a statement may wait, and who is told on the way, 时限与提醒."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from yilian.foundation.parameters.rules import Key, register
from yilian.insurance.clearing.rules.statement import Clock
from yilian.kernel.clause import Clause, clause
from yilian.kernel.dated import Dated
from yilian.kernel.text import _

START: Final = date(2017, 1, 1)
CLOCK_CLAUSE: Final[Clause] = clause("RI-11")
_MOST_DAYS: Final = 180
_DAYS: Final[Mapping[Clock, int]] = {Clock.CONFIRM: 10, Clock.ANSWER: 10, Clock.PAY: 30}
_TITLES: Final[Mapping[Clock, str]] = {
    Clock.CONFIRM: _("对账单确认时限"),
    Clock.ANSWER: _("对账异议答复时限"),
    Clock.PAY: _("确认后付款时限"),
}


def _problem(value: int) -> str | None:
    return None if 0 < value <= _MOST_DAYS else _("请填 1 至 180 之间的整数。")


LIMITS: Final[Mapping[Clock, Key[int]]] = {
    kind: register(
        Key(
            name=f"clearing.days.{kind.value}",
            title=_TITLES[kind],
            default=Dated({START: days}),
            clause=CLOCK_CLAUSE,
            unit=_("天"),
            read=int,
            check=_problem,
        )
    )
    for kind, days in _DAYS.items()
}

WAITED_FOR: Final[Mapping[Clock, str]] = {
    Clock.CONFIRM: _("待双方确认"),
    Clock.ANSWER: _("待答复异议"),
    Clock.PAY: _("待付款"),
}


@dataclass(frozen=True, slots=True)
class Rung:
    """Told once at this share of the clock; the office only at the last."""

    key: str
    percent: int
    words: str
    tells_office: bool = False


LADDER: Final[tuple[Rung, ...]] = (
    Rung("half", 50, _("{month}与{other}的对账单{waited}，时限已过半。")),
    Rung("due", 100, _("{month}与{other}的对账单{waited}，已到时限。")),
    Rung(
        "office",
        150,
        _("{month}{one}与{other}的对账单{waited}，已超过时限一半以上。"),
        tells_office=True,
    ),
)


def reached(begins_at: datetime, due_at: datetime, now: datetime) -> Iterator[Rung]:
    """The rungs that lie behind; a limit is never shorter than a moment."""
    whole = max(due_at - begins_at, timedelta(minutes=1))
    passed = (now - begins_at) / whole * 100
    return (rung for rung in LADDER if passed >= rung.percent)
