"""Nobody can let a referral lie: who is told when a clock runs and nobody acts, 催办.

Every clock has a ladder of rungs, each at a share of the clock and with those it
tells. What is reached is a pure function of the clock, its pauses and the moment:
the same question asked twice has the same answer, and asked later never a smaller
one. The shares are parameters (`ladder_limits.py`); what a rung tells stands here.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import accumulate
from typing import Final

from yilian.kernel import calendar
from yilian.kernel.calendar import Pause
from yilian.kernel.clause import Clause, clause
from yilian.kernel.text import _


class Clock(StrEnum):
    """What is waited for. Those of `clocks.ClockKind` have a breach as well."""

    ANSWER = "answer"
    INFO = "info"  # the sender was asked for more
    ARRIVAL = "arrival"  # the call to a patient who has not come
    FEEDBACK = "feedback"
    FOLLOW_UP = "follow_up"


class Audience(StrEnum):
    """Whom a rung tells. The owner is the side whose turn it is."""

    ASSIGNED = "assigned"  # who has it in hand at the owner's
    DESK = "desk"  # the owner's referral office
    DUTY = "duty"  # who is on duty for the owner's referral office
    OFFICE = "office"  # the consortium's office
    OTHER = "other"  # the side that waits


AUDIENCE_NAMES: Final[Mapping[Audience, str]] = {
    Audience.ASSIGNED: _("经办人"),
    Audience.DESK: _("转诊办公室"),
    Audience.DUTY: _("值班人员"),
    Audience.OFFICE: _("医联体办公室"),
    Audience.OTHER: _("转诊办公室"),
}

MANUAL: Final = "manual"  # a rung that somebody pressed
MANUAL_NAME: Final = _("人工催办")
NEXT: Final = "next"  # from here on the sender may ask the next hospital


@dataclass(frozen=True, slots=True)
class Rung:
    """`percent` of the clock; `tells` in the inbox and on open pages, those of
    `texts` on their telephone too. `{number}`, `{waiting}` and `{owner}` are the
    hop's number and the names of the two sides."""

    key: str
    name: str
    percent: int
    tells: Mapping[Audience, str]
    texts: tuple[Audience, ...] = ()


_ASK: Final = _("{waiting}的转诊 {number} 已等候过半，请尽快应答。")
_ASK_NOW: Final = _("{waiting}的转诊 {number} 即将超时，请立即应答。")
_LATE: Final = _("{waiting}的转诊 {number} 已超过应答时限，请立即处理。")
_LATE_THERE: Final = _("{owner}尚未应答转诊 {number}，已超时，请电话联系。")
_STUCK: Final = _("{waiting}发往{owner}的转诊 {number} 超时仍未应答，请协调。")
_STILL_LATE: Final = _("转诊 {number} 仍未应答，已上报医联体办公室。")
_OFFER: Final = _("{owner}一直没有应答转诊 {number}，可以改请下一家医院。")
_LOSING: Final = _("转诊 {number} 仍未应答，{waiting}已可改请其他医院。")
_SUPPLY: Final = _("{waiting}在等转诊 {number} 的补充资料，请尽快补充。")
_SUPPLY_LATE: Final = _("转诊 {number} 的补充资料拖延已久，请立即补充。")
_SUPPLY_STUCK: Final = _("{owner}迟迟没有补充转诊 {number} 的资料。")
_CALL: Final = _("转诊 {number} 的患者到期未到，请今天电话联系。")
_CALL_LATE: Final = _("转诊 {number} 的患者未到，电话联系已拖过一天。")
_REPORT: Final = _("转诊 {number} 的反馈即将到期，请及时反馈{waiting}。")
_REPORT_LATE: Final = _("转诊 {number} 的反馈已超期，请立即反馈{waiting}。")
_REPORT_LATE_THERE: Final = _("{owner}对转诊 {number} 的反馈已超期，可电话询问。")
_REPORT_STUCK: Final = _("{owner}对转诊 {number} 的反馈长期未报，请督促。")
_VISIT: Final = _("转诊 {number} 的患者首次随访即将到期，请安排。")
_VISIT_LATE: Final = _("转诊 {number} 的患者首次随访已超期，请立即随访。")

_A: Final = Audience
LADDERS: Final[Mapping[Clock, tuple[Rung, ...]]] = {
    Clock.ANSWER: (
        Rung("half", _("等候过半"), 50, {_A.ASSIGNED: _ASK, _A.DESK: _ASK},
             (_A.ASSIGNED,)),
        Rung("soon", _("即将超时"), 80, {_A.ASSIGNED: _ASK_NOW, _A.DESK: _ASK_NOW},
             (_A.ASSIGNED,)),
        Rung("duty", _("超时，报值班"), 100,
             {_A.DUTY: _LATE, _A.DESK: _LATE, _A.OTHER: _LATE_THERE}, (_A.DUTY,)),
        Rung("office", _("报医联体办公室"), 120,
             {_A.OFFICE: _STUCK, _A.DESK: _STILL_LATE, _A.DUTY: _STILL_LATE},
             (_A.OFFICE,)),
        Rung(NEXT, _("可改请下一家"), 150,
             {_A.OTHER: _OFFER, _A.DESK: _LOSING, _A.DUTY: _LOSING}, (_A.OTHER,)),
    ),
    Clock.INFO: (
        Rung("half", _("催补充资料"), 50, {_A.ASSIGNED: _SUPPLY, _A.DESK: _SUPPLY},
             (_A.ASSIGNED,)),
        Rung("duty", _("补充资料拖延"), 100,
             {_A.ASSIGNED: _SUPPLY_LATE, _A.DESK: _SUPPLY_LATE, _A.DUTY: _SUPPLY_LATE,
              _A.OTHER: _SUPPLY_STUCK}, (_A.ASSIGNED, _A.DUTY)),
    ),
    Clock.ARRIVAL: (
        Rung("call", _("请电话联系"), 0, {_A.DESK: _CALL}),
        Rung("duty", _("未联系，报值班"), 100,
             {_A.DESK: _CALL_LATE, _A.DUTY: _CALL_LATE}, (_A.DUTY,)),
    ),
    Clock.FEEDBACK: (
        Rung("soon", _("反馈即将到期"), 80, {_A.ASSIGNED: _REPORT, _A.DESK: _REPORT}),
        Rung("duty", _("反馈超期"), 100,
             {_A.ASSIGNED: _REPORT_LATE, _A.DESK: _REPORT_LATE,
              _A.OTHER: _REPORT_LATE_THERE}, (_A.ASSIGNED,)),
        Rung("office", _("报医联体办公室"), 200,
             {_A.OFFICE: _REPORT_STUCK, _A.DESK: _REPORT_LATE}),
    ),
    Clock.FOLLOW_UP: (
        Rung("soon", _("首次随访即将到期"), 80, {_A.ASSIGNED: _VISIT, _A.DESK: _VISIT}),
        Rung("duty", _("首次随访超期"), 100, {_A.ASSIGNED: _VISIT_LATE,
             _A.DESK: _VISIT_LATE}, (_A.ASSIGNED,)),
    ),
}  # fmt: skip
CLOCK_CLAUSES: Final[Mapping[Clock, Clause]] = {
    Clock.ANSWER: clause("RC-13"),
    Clock.INFO: clause("RC-13"),
    Clock.ARRIVAL: clause("RC-14"),
    Clock.FEEDBACK: clause("NX-2.2.4-a"),
    Clock.FOLLOW_UP: clause("RC-14"),
}
_BY_DAY: Final = frozenset({Clock.ARRIVAL, Clock.FOLLOW_UP})
# What somebody may remind the other side of by hand, and what it says.
NUDGES: Final[Mapping[Clock, str]] = {
    Clock.ANSWER: _("{by}催办：请应答转诊 {number}。"),
    Clock.INFO: _("{by}催办：请补充转诊 {number} 的资料。"),
    Clock.FEEDBACK: _("{by}催办：请反馈转诊 {number}。"),
}


def rung_named(clock: Clock, key: str) -> Rung | None:
    return next((rung for rung in LADDERS[clock] if rung.key == key), None)


@dataclass(frozen=True, slots=True)
class Running:
    """A clock that runs: from `start` to `due_at`, which closed pauses have already
    put off. With `working` it counts working time, and only that of the pauses."""

    start: datetime
    due_at: datetime
    pauses: tuple[Pause, ...] = ()
    in_working_time: bool = False
    working: Mapping[date, bool] | None = None


@dataclass(frozen=True, slots=True)
class Reached:
    rung: Rung
    at: datetime


@dataclass(frozen=True, slots=True)
class Firing:
    """A rung to be written down; only one of them is told."""

    rung: Rung
    at: datetime
    is_told: bool


def moments(
    rungs: Sequence[Rung],
    running: Running,
    now: datetime,
    percents: Mapping[str, int] | None = None,
) -> list[Reached]:
    """When each rung is reached as things stand; never before the one below it."""
    shares = percents or {}
    length = _length(running, now)
    raw = (
        _shifted(_after(running, length * shares.get(r.key, r.percent) / 100),
                 running, now)
        for r in rungs
    )  # fmt: skip
    return [Reached(*both) for both in zip(rungs, accumulate(raw, max), strict=True)]


def reached(
    rungs: Sequence[Rung],
    running: Running,
    now: datetime,
    percents: Mapping[str, int] | None = None,
) -> list[Reached]:
    """The rungs whose moment has come, lowest first."""
    found = moments(rungs, running, now, percents)
    return [one for one in found if one.at <= now]


def is_pressing(clock: Clock, running: Running) -> bool:
    """Emergencies and urgent cases know no night; what counts working days does, and
    so do calls and visits."""
    return clock not in _BY_DAY and not running.in_working_time


def plan(found: Iterable[Reached], fired: Collection[str]) -> list[Firing]:
    """What is to be written down now. After a long silence only the highest is told,
    the ones below are noted as passed over; below a rung that has fired none is."""
    steps = list(found)
    highest = steps[-1].rung.key if steps else ""
    return [
        Firing(one.rung, one.at, is_told=one.rung.key == highest)
        for one in steps
        if one.rung.key not in fired
    ]


def _length(running: Running, now: datetime) -> timedelta:
    """Of the clock itself: what lies between its ends, without the pauses that put
    it off. One that began after it had run out put off nothing."""
    between = _active(running, running.start, running.due_at)
    counted = (p for p in running.pauses if p.end and p.start < running.due_at)
    paused = (_active(running, p.start, min(p.end or now, now)) for p in counted)
    return max(between - sum(paused, timedelta(0)), timedelta(0))


def _active(running: Running, start: datetime, end: datetime) -> timedelta:
    if running.in_working_time:
        return calendar.working_time(start, end, running.working)
    return end - start


def _after(running: Running, duration: timedelta) -> datetime:
    if running.in_working_time:
        return calendar.add_working_time(running.start, duration, running.working)
    return running.start + duration


def _shifted(at: datetime, running: Running, now: datetime) -> datetime:
    if running.in_working_time:
        return calendar.shift_working_deadline(at, running.pauses, now, running.working)
    return calendar.shift_deadline(at, running.pauses, now)
