"""What is owed around a hop: clocks that ran out, calls and follow-ups to make."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import QuerySet

from yilian.care.referral.models import Breach, FollowUp, Referral
from yilian.care.referral.queries import facts, ladders
from yilian.care.referral.rules.clocks import ClockKind, is_overdue
from yilian.kernel import calendar
from yilian.kernel.text import _
from yilian.kernel.tier import Direction

CALL: Final = ladders.CALL
FIRST_VISIT: Final = ladders.FIRST_VISIT
CHECK_RESULT: Final = "check_result"


def note_if_late(referral: Referral, clock: ClockKind, due_at: datetime) -> bool:
    """Write down once that this clock ran out; whether it is new."""
    owner = referral.to_institution_id or referral.from_institution_id
    _row, is_new = Breach.objects.get_or_create(
        referral=referral,
        clock=clock.value,
        defaults={"institution_id": owner, "due_at": due_at},
    )
    return is_new


def answer_given(referral: Referral, now: datetime) -> None:
    """The receiver has answered; late, if so, also where no clock had looked yet."""
    if is_overdue(referral.answer_due_at, referral.paused_at, now):
        _met(referral, ClockKind.ANSWER, referral.answer_due_at, now)


def feedback_given(referral: Referral, now: datetime) -> None:
    if is_overdue(referral.feedback_due_at, None, now):
        _met(referral, ClockKind.FEEDBACK, referral.feedback_due_at, now)


def follow_up_done(follow_up: FollowUp, now: datetime) -> None:
    """A first visit later than the last day it was due on is a breach too."""
    if follow_up.kind == CALL:
        _unmet(follow_up.referral, ClockKind.ARRIVAL).update(met_at=now)
    if follow_up.kind != FIRST_VISIT:
        return
    due_at = facts.first_visit_due(follow_up.due_on, now)
    if now >= due_at:
        _met(follow_up.referral, ClockKind.FOLLOW_UP, due_at, now)


def plan_call(referral: Referral, due_on: date) -> None:
    """Somebody telephones a patient who has not come, once."""
    owner = referral.to_institution_id or referral.from_institution_id
    _plan(referral, CALL, owner, due_on)


def plan_first_visit(referral: Referral, now: datetime) -> None:
    """The receiver of a down-referral sees the patient again in 7 to 14 days."""
    institution = referral.to_institution_id
    if referral.direction != Direction.DOWN or institution is None:
        return
    days = facts.limits_on(now).first_follow_up_days
    due_on = calendar.local_day(now) + timedelta(days=days)
    _plan(referral, FIRST_VISIT, institution, due_on)


def plan_check_of_result(referral: Referral) -> None:
    """A rule wants to know in time what became of it: the sender looks."""
    if referral.check_result_on is not None:
        home = referral.from_institution_id
        _plan(referral, CHECK_RESULT, home, referral.check_result_on)


def drop(referral: Referral, kinds: Iterable[str], now: datetime) -> None:
    """No longer needed: the patient came, the feedback is here, or it is all over."""
    waiting = FollowUp.objects.filter(referral=referral, kind__in=kinds, done_at=None)
    waiting.update(done_at=now, outcome=_("已不需要"))


def _plan(referral: Referral, kind: str, owner: UUID, due_on: date) -> None:
    FollowUp.objects.get_or_create(
        referral=referral,
        kind=kind,
        defaults={
            "person_id": referral.person_id,
            "institution_id": owner,
            "due_on": due_on,
        },
    )


def _met(
    referral: Referral, clock: ClockKind, due_at: datetime | None, now: datetime
) -> None:
    if due_at is None:
        return
    note_if_late(referral, clock, due_at)
    _unmet(referral, clock).update(met_at=now)


def _unmet(referral: Referral, clock: ClockKind) -> QuerySet[Breach]:
    return Breach.objects.filter(referral=referral, clock=clock.value, met_at=None)
