"""At which share of a clock each rung of its ladder is reached: parameters."""

from collections.abc import Mapping
from typing import Final

from yilian.care.referral.rules.ladder import CLOCK_CLAUSES, LADDERS, Clock, Rung
from yilian.care.referral.rules.limits import START
from yilian.foundation.parameters.rules import Key, register
from yilian.kernel.dated import Dated
from yilian.kernel.text import _

_MOST: Final = 1000
_TITLES: Final[Mapping[tuple[Clock, str], str]] = {
    (Clock.ANSWER, "half"): _("应答催办：过半提醒"),
    (Clock.ANSWER, "soon"): _("应答催办：即将超时提醒"),
    (Clock.ANSWER, "duty"): _("应答催办：报值班"),
    (Clock.ANSWER, "office"): _("应答催办：报医联体办公室"),
    (Clock.ANSWER, "next"): _("应答催办：可改请下一家"),
    (Clock.INFO, "half"): _("补充资料催办：提醒"),
    (Clock.INFO, "duty"): _("补充资料催办：报值班"),
    (Clock.ARRIVAL, "call"): _("未到诊催办：请电话联系"),
    (Clock.ARRIVAL, "duty"): _("未到诊催办：报值班"),
    (Clock.FEEDBACK, "soon"): _("反馈催办：即将到期提醒"),
    (Clock.FEEDBACK, "duty"): _("反馈催办：超期"),
    (Clock.FEEDBACK, "office"): _("反馈催办：报医联体办公室"),
    (Clock.FOLLOW_UP, "soon"): _("首次随访催办：即将到期提醒"),
    (Clock.FOLLOW_UP, "duty"): _("首次随访催办：超期"),
}


def _problem(value: int) -> str | None:
    return None if 0 <= value <= _MOST else _("请填 0 至 1000 之间的整数。")


def _key(clock: Clock, rung: Rung) -> Key[int]:
    return Key(
        name=f"referral.ladder.{clock.value}.{rung.key}",
        title=_TITLES[clock, rung.key],
        default=Dated({START: rung.percent}),
        clause=CLOCK_CLAUSES[clock],
        unit=_("占时限的百分比"),
        read=int,
        check=_problem,
    )


SHARES: Final[Mapping[Clock, Mapping[str, Key[int]]]] = {
    clock: {rung.key: register(_key(clock, rung)) for rung in rungs}
    for clock, rungs in LADDERS.items()
}

_NUDGE_MOST: Final = 1440
NUDGE_MINUTES: Final[Key[int]] = register(
    Key(
        name="referral.ladder.nudge_minutes",
        title=_("同一转诊单两次人工催办的最短间隔"),
        default=Dated({START: 10}),
        clause=CLOCK_CLAUSES[Clock.ANSWER],
        unit=_("分钟"),
        read=int,
        check=lambda value: (
            None if 0 < value <= _NUDGE_MOST else _("请填 1 至 1440 之间的整数。")
        ),
    )
)


_HOURS: Final = 24


def _hour(name: str, title: str, hour: int) -> Key[int]:
    return Key(
        name=f"referral.ladder.{name}",
        title=title,
        default=Dated({START: hour}),
        clause=CLOCK_CLAUSES[Clock.ANSWER],
        unit=_("点"),
        read=int,
        check=lambda value: (
            None if 0 <= value <= _HOURS else _("请填 0 至 24 之间的整数。")
        ),
    )


# Outside these hours only what is pressing is told; the rest waits for the morning.
DAY_BEGINS: Final = register(
    _hour("day_begins", _("常规转诊自动催办：每天从几点起"), 7)
)
DAY_ENDS: Final = register(_hour("day_ends", _("常规转诊自动催办：每天到几点止"), 22))
