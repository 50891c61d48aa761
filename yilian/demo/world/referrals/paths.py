"""The ways a referral can go: for each state in the end, its steps and their gaps.

A gap is minutes since the step before, from and up to; "answer" is drawn after the
urgency, sometimes too late.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from random import Random
from typing import Final

from yilian.care.referral.rules.reasons import Urgency
from yilian.care.referral.rules.states import State, Step
from yilian.demo.world.chance import likely
from yilian.demo.world.history.pen import CHINA

Gap = tuple[int, int] | str
_HOUR: Final = 60
_DAY: Final = 24 * _HOUR


@dataclass(frozen=True, slots=True)
class Leg:
    """`side` is "sender", "receiver", "doctor" (of the receiver) or "system"."""

    step: Step
    side: str
    gap: Gap
    reason_code: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Path:
    """`is_open`: the story stands there now; its last step is `lag` minutes old."""

    ends_in: State
    legs: tuple[Leg, ...]
    is_open: bool
    lag: tuple[int, int] = (5, 200)


_SUBMIT: Final = Leg(Step.SUBMIT, "sender", (3, 25))
_ACCEPT: Final = Leg(Step.ACCEPT, "receiver", "answer")
_SCHEDULE: Final = Leg(Step.SCHEDULE, "receiver", (2, 50))
_DEPART: Final = Leg(Step.DEPART, "sender", (20, 5 * _HOUR))
_ARRIVE: Final = Leg(Step.ARRIVE, "receiver", (25, 26 * _HOUR))
_ADMIT: Final = Leg(Step.ADMIT, "doctor", (6, 80))
_FINISH: Final = Leg(Step.FINISH_CARE, "doctor", (2 * _DAY, 9 * _DAY))
_COMPLETE: Final = Leg(Step.COMPLETE, "doctor", (30, 2 * _DAY))
_ASK: Final = Leg(
    Step.REQUEST_INFO,
    "receiver",
    (8, 5 * _HOUR),
    note="请补充近期心电图和用药清单，并说明家属能否陪同。",
)
_ANSWER: Final = Leg(
    Step.ANSWER_INFO,
    "sender",
    (15, 20 * _HOUR),
    note="心电图已上传健康档案，用药见附页，儿子陪同。",
)
_BEFORE: Final = (_SUBMIT, _ACCEPT, _SCHEDULE)


def _no(step: Step, code: str, note: str) -> Leg:
    return Leg(step, "receiver", "answer", code, note)


def _open(state: State, *legs: Leg, lag: tuple[int, int] = (5, 200)) -> Path:
    return Path(state, legs, is_open=True, lag=lag)


def _over(state: State, *legs: Leg) -> Path:
    return Path(state, legs, is_open=False)


# The first of each state is used at least once in every region.
PATHS: Final[Mapping[State, tuple[Path, ...]]] = {
    State.DRAFT: (_open(State.DRAFT),),
    State.SUBMITTED: (
        _open(State.SUBMITTED, _SUBMIT, lag=(2, 600)),
        _open(State.SUBMITTED, _SUBMIT, lag=(5 * _DAY, 6 * _DAY)),
        _open(State.SUBMITTED, _SUBMIT, _ASK, _ANSWER),
    ),
    State.INFO_REQUESTED: (_open(State.INFO_REQUESTED, _SUBMIT, _ASK),),
    State.ACCEPTED: (_open(State.ACCEPTED, _SUBMIT, _ACCEPT),),
    State.SCHEDULED: (_open(State.SCHEDULED, *_BEFORE),),
    State.DEPARTED: (_open(State.DEPARTED, *_BEFORE, _DEPART, lag=(5, 90)),),
    State.ARRIVED: (_open(State.ARRIVED, *_BEFORE, _DEPART, _ARRIVE),),
    State.NO_SHOW: (
        _open(
            State.NO_SHOW,
            *_BEFORE,
            Leg(Step.MARK_NO_SHOW, "receiver", (3 * _DAY, 4 * _DAY)),
        ),
    ),
    State.IN_CARE: (
        _open(State.IN_CARE, *_BEFORE, _ARRIVE, _ADMIT, lag=(_DAY, 6 * _DAY)),
    ),
    State.FEEDBACK_DUE: (
        _open(State.FEEDBACK_DUE, *_BEFORE, _ARRIVE, _ADMIT, _FINISH),
        _open(
            State.FEEDBACK_DUE,
            *_BEFORE,
            _ARRIVE,
            _ADMIT,
            _FINISH,
            lag=(6 * _DAY, 9 * _DAY),
        ),
    ),
    State.CANCEL_REQUESTED: (
        _open(
            State.CANCEL_REQUESTED,
            _SUBMIT,
            _ACCEPT,
            Leg(Step.REQUEST_CANCEL, "sender", (60, _DAY), "improved", "症状缓解。"),
        ),
    ),
    State.COMPLETED: (
        _over(State.COMPLETED, *_BEFORE, _DEPART, _ARRIVE, _ADMIT, _FINISH, _COMPLETE),
        _over(State.COMPLETED, *_BEFORE, _ARRIVE, _ADMIT, _FINISH, _COMPLETE),
        _over(
            State.COMPLETED,
            _SUBMIT,
            _ASK,
            _ANSWER,
            _ACCEPT,
            _SCHEDULE,
            _ARRIVE,
            _ADMIT,
            _COMPLETE,
        ),
    ),
    State.DECLINED: (
        _over(
            State.DECLINED,
            _SUBMIT,
            _no(Step.DECLINE, "no_bed", "病区满床，预计三天后有床。"),
        ),
        _over(
            State.DECLINED,
            _SUBMIT,
            _no(Step.DECLINE, "not_indicated", "门诊调整用药即可，建议当地随访。"),
        ),
        _over(
            State.DECLINED,
            _SUBMIT,
            _ASK,
            _no(Step.DECLINE, "incomplete", "资料未能补充，请补齐后重新提交。"),
        ),
    ),
    State.REDIRECTED: (
        _over(
            State.REDIRECTED,
            _SUBMIT,
            _no(Step.REDIRECT, "needs_higher", "病情复杂，转荐上级医院。"),
        ),
    ),
    State.WITHDRAWN: (
        _over(
            State.WITHDRAWN,
            _SUBMIT,
            Leg(Step.WITHDRAW, "sender", (30, 9 * _HOUR), "patient_declined"),
        ),
        _over(
            State.WITHDRAWN,
            Leg(Step.WITHDRAW, "sender", (30, _DAY), "wrong_target"),
        ),
    ),
    State.CANCELLED: (
        _over(
            State.CANCELLED,
            _SUBMIT,
            _ACCEPT,
            Leg(Step.REQUEST_CANCEL, "sender", (60, _DAY), "gone_elsewhere"),
            Leg(Step.CONFIRM_CANCEL, "receiver", (10, 8 * _HOUR)),
        ),
        _over(
            State.CANCELLED,
            *_BEFORE,
            Leg(Step.CLOSE_ELSEWHERE, "system", (60, _DAY), "admitted_elsewhere"),
        ),
    ),
    State.EXPIRED: (
        _over(
            State.EXPIRED,
            *_BEFORE,
            Leg(Step.MARK_NO_SHOW, "receiver", (3 * _DAY, 4 * _DAY)),
            Leg(Step.EXPIRE, "system", (12 * _DAY, 15 * _DAY)),
        ),
    ),
    State.DECEASED: (
        _over(
            State.DECEASED,
            *_BEFORE,
            _ARRIVE,
            _ADMIT,
            Leg(
                Step.RECORD_DEATH,
                "doctor",
                (_HOUR, 2 * _DAY),
                note="经全力抢救无效死亡，已出具死亡医学证明。",
            ),
        ),
    ),
    State.ENTERED_IN_ERROR: (
        _over(
            State.ENTERED_IN_ERROR,
            _SUBMIT,
            Leg(Step.MARK_ERROR, "sender", (5, 90), "wrong_person"),
        ),
    ),
}
# How often each end is met, besides once for every state.
WEIGHTS: Final[Mapping[State, int]] = {
    State.COMPLETED: 56,
    State.IN_CARE: 8,
    State.SUBMITTED: 8,
    State.SCHEDULED: 5,
    State.ACCEPTED: 4,
    State.DECLINED: 4,
    State.FEEDBACK_DUE: 4,
    State.DEPARTED: 2,
    State.ARRIVED: 2,
    State.INFO_REQUESTED: 2,
    State.WITHDRAWN: 2,
    State.CANCELLED: 1,
    State.NO_SHOW: 1,
    State.REDIRECTED: 1,
}
_ANSWERS: Final[Mapping[Urgency, tuple[tuple[int, int], tuple[int, int]]]] = {
    Urgency.STAT: ((2, 9), (13, 40)),
    Urgency.URGENT: ((20, 18 * _HOUR), (25 * _HOUR, 40 * _HOUR)),
    Urgency.ROUTINE: ((60, 44 * _HOUR), (5 * _DAY, 7 * _DAY)),
}
_LATE_PERCENT: Final = 9
_OPENS: Final = 8
_CLOSES: Final = 19
_FARTHEST_DAYS: Final = 88


def moments(rng: Random, path: Path, urgency: Urgency, now: datetime) -> list[datetime]:
    """When it was drafted, and then each step; all before `now`, in order."""
    gaps = [gap_of(rng, leg.gap, urgency) for leg in path.legs]
    whole = sum(gaps, timedelta())
    if path.is_open:
        began = now - timedelta(minutes=rng.randrange(*path.lag)) - whole
        return _add(began, gaps)
    room = timedelta(days=_FARTHEST_DAYS) - whole * 2
    latest = now - whole * 2 - timedelta(days=2)
    began = latest - max(room, timedelta(days=1)) * rng.random()
    found = _add(began, gaps)
    return found if urgency is Urgency.STAT else _in_office_hours(rng, found)


def gap_of(rng: Random, gap: Gap, urgency: Urgency) -> timedelta:
    if isinstance(gap, str):
        in_time, late = _ANSWERS[urgency]
        gap = late if likely(rng, _LATE_PERCENT) else in_time
    return timedelta(minutes=rng.randrange(*gap), seconds=rng.randrange(60))


def _add(began: datetime, gaps: Iterable[timedelta]) -> list[datetime]:
    found = [began]
    for gap in gaps:
        found.append(found[-1] + gap)
    return found


def _in_office_hours(rng: Random, found: list[datetime]) -> list[datetime]:
    """Night steps move to the next morning, without changing their order."""
    moved: list[datetime] = []
    for moment in found:
        local = moment.astimezone(CHINA)
        if not _OPENS <= local.hour < _CLOSES:
            day = local.date() + timedelta(days=local.hour >= _CLOSES)
            morning = datetime.combine(day, time(_OPENS), CHINA)
            local = morning + timedelta(minutes=rng.randrange(90))
        if moved:
            local = max(local, moved[-1] + timedelta(minutes=3))
        moved.append(local)
    return moved
