"""Which clocks run on which hops, and what of their ladders is written down."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from yilian.care.referral.models import FollowUp, Referral, ReferralStep, Reminder
from yilian.care.referral.queries import facts
from yilian.care.referral.rules import clocks, ladder
from yilian.care.referral.rules.ladder import LADDERS, MANUAL, NEXT, Clock, Running
from yilian.care.referral.rules.ladder_limits import DAY_BEGINS, DAY_ENDS, SHARES
from yilian.care.referral.rules.reasons import Urgency
from yilian.care.referral.rules.states import COMING, State, Step
from yilian.foundation.access.choices import values
from yilian.foundation.parameters.queries import value_of
from yilian.foundation.parameters.working_days import working_days
from yilian.kernel import calendar
from yilian.kernel.calendar import Pause

CALL: Final = "not_arrived_call"
FIRST_VISIT: Final = "first_visit"
# Somebody's turn; the calls and first visits are found by what is to be done.
OWED: Final[Mapping[State, Clock]] = {
    State.SUBMITTED: Clock.ANSWER,
    State.INFO_REQUESTED: Clock.INFO,
    State.FEEDBACK_DUE: Clock.FEEDBACK,
}
_STILL_TO_COME: Final = COMING | {State.NO_SHOW}
_CALL_WITHIN: Final = timedelta(days=2)
_LOOK_AHEAD: Final = timedelta(days=15)
_TURNS: Final = (Step.REQUEST_INFO.value, Step.ANSWER_INFO.value)


@dataclass(frozen=True, slots=True)
class Standing:
    """One clock of one hop, with the rungs that are written down."""

    referral_id: UUID
    clock: Clock
    lap: int
    running: Running
    fired: frozenset[str]

    def reached(self, now: datetime) -> list[ladder.Reached]:
        rungs = LADDERS[self.clock]
        return ladder.reached(rungs, self.running, now, shares_on(now)[self.clock])

    def is_behind(self, now: datetime) -> bool:
        """Something has been reached that is not written down."""
        if len(self.fired) == len(LADDERS[self.clock]):
            return False
        return any(one.rung.key not in self.fired for one in self.reached(now))

    @property
    def is_pressing(self) -> bool:
        return ladder.is_pressing(self.clock, self.running)


def waiting(now: datetime) -> list[UUID]:
    """The hops on whose ladders something is to be written down, oldest first.

    By night those alone that are pressing: nobody is woken for the others.
    """
    top = Reminder.objects.filter(
        referral=OuterRef("pk"), clock=Clock.ANSWER.value, rung=NEXT
    )
    owed = Referral.objects.filter(
        ~Q(state=State.SUBMITTED.value) | ~Exists(top), state__in=values(OWED)
    )
    tasks = FollowUp.objects.filter(
        done_at=None,
        kind__in=[CALL, FIRST_VISIT],
        due_on__lte=calendar.local_day(now) + _LOOK_AHEAD,
    )
    rows = [*owed, *Referral.objects.filter(pk__in=tasks.values("referral"))]
    is_night = _is_night(now)
    behind = (
        one.referral_id
        for one in standings(rows, now)
        if (one.is_pressing or not is_night) and one.is_behind(now)
    )
    return sorted(set(behind))


def _is_night(now: datetime) -> bool:
    day, hour = calendar.local_day(now), calendar.local(now).hour
    return not value_of(DAY_BEGINS, day) <= hour < value_of(DAY_ENDS, day)


def standings(rows: Sequence[Referral], now: datetime) -> list[Standing]:
    """Of these hops: every clock that runs, in four queries however many they are."""
    ids = [row.pk for row in rows]
    turns = _turns(row.pk for row in rows if row.state in OWED)
    tasks = _tasks(ids)
    fired = _fired(ids)
    working = working_days(now)
    found = []
    for row in {row.pk: row for row in rows}.values():
        for clock, lap, running in _running(row, turns[row.pk], tasks, working, now):
            keys = frozenset(fired[row.pk, clock, lap])
            found.append(Standing(row.pk, clock, lap, running, keys))
    return found


def shares_on(now: datetime) -> Mapping[Clock, Mapping[str, int]]:
    day = calendar.local_day(now)
    return {
        clock: {rung: value_of(key, day) for rung, key in keys.items()}
        for clock, keys in SHARES.items()
    }


Tasks = Mapping[UUID, Sequence[FollowUp]]
Turns = Sequence[tuple[str, datetime]]
Working = Mapping[date, bool]


def _running(
    row: Referral, turns: Turns, tasks: Tasks, working: Working, now: datetime
) -> Iterable[tuple[Clock, int, Running]]:
    if row.state == State.SUBMITTED and row.submitted_at and row.answer_due_at:
        due, is_routine = row.answer_due_at, row.urgency == Urgency.ROUTINE
        pauses = tuple(_pauses(turns))
        running = Running(row.submitted_at, due, pauses, is_routine, working)
        yield Clock.ANSWER, 1, running
    if row.state == State.INFO_REQUESTED and row.paused_at:
        asked = sum(step == Step.REQUEST_INFO for step, _at in turns)
        yield Clock.INFO, max(asked, 1), _info(row, row.paused_at, working)
    if row.state == State.FEEDBACK_DUE and row.care_ended_at and row.feedback_due_at:
        due = row.feedback_due_at
        yield Clock.FEEDBACK, 1, Running(row.care_ended_at, due, (), True, working)
    for task in tasks.get(row.pk, ()):
        yield from _of_task(row, task, now)


def _info(row: Referral, asked_at: datetime, working: Working) -> Running:
    """The sender has as long as the receiver had for its answer."""
    urgency = Urgency(row.urgency)
    due = clocks.answer_due(urgency, asked_at, facts.limits_on(asked_at), working)
    return Running(asked_at, due, (), urgency is Urgency.ROUTINE, working)


def _of_task(
    row: Referral, task: FollowUp, now: datetime
) -> Iterable[tuple[Clock, int, Running]]:
    begins = calendar.start_of_day(task.due_on)
    if task.kind == CALL and row.state in _STILL_TO_COME:
        yield Clock.ARRIVAL, 1, Running(begins, begins + _CALL_WITHIN)
    if task.kind == FIRST_VISIT:
        first = timedelta(days=facts.limits_on(now).first_follow_up_days)
        due = facts.first_visit_due(task.due_on, now)
        yield Clock.FOLLOW_UP, 1, Running(begins - first, due)


def _pauses(turns: Turns) -> Iterable[Pause]:
    asked_at: datetime | None = None
    for step, at in turns:
        if step == Step.REQUEST_INFO:
            asked_at = at
        elif asked_at is not None:
            yield Pause(asked_at, at)
            asked_at = None


def _turns(ids: Iterable[UUID]) -> Mapping[UUID, list[tuple[str, datetime]]]:
    rows = ReferralStep.objects.filter(referral__in=list(ids), step__in=_TURNS)
    found: dict[UUID, list[tuple[str, datetime]]] = defaultdict(list)
    for hop, step, at in rows.order_by("taken_at", "pk").values_list(
        "referral_id", "step", "taken_at"
    ):
        found[hop].append((step, at))
    return found


def _tasks(ids: Sequence[UUID]) -> Tasks:
    kinds = [CALL, FIRST_VISIT]
    found: dict[UUID, list[FollowUp]] = defaultdict(list)
    for task in FollowUp.objects.filter(referral__in=ids, done_at=None, kind__in=kinds):
        found[task.referral_id].append(task)
    return found


def _fired(ids: Sequence[UUID]) -> Mapping[tuple[UUID, Clock, int], set[str]]:
    rows = Reminder.objects.filter(referral__in=ids).exclude(rung=MANUAL)
    found: dict[tuple[UUID, Clock, int], set[str]] = defaultdict(set)
    for hop, clock, lap, rung in rows.values_list(
        "referral_id", "clock", "lap", "rung"
    ):
        found[hop, Clock(clock), lap].add(rung)
    return found
