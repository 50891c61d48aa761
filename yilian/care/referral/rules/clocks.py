"""Time limits of a referral, all of them parameters (rules-clinical 13)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from yilian.care.referral.rules.reasons import Urgency
from yilian.kernel import calendar
from yilian.kernel.clause import Clause, clause
from yilian.kernel.text import _

GROUND: Final[Clause] = clause("RC-13")


class ClockKind(StrEnum):
    ANSWER = "answer"
    ARRIVAL = "arrival"
    FEEDBACK = "feedback"
    FOLLOW_UP = "follow_up"


CLOCK_NAMES: Final[Mapping[ClockKind, str]] = {
    ClockKind.ANSWER: _("应答"),
    ClockKind.ARRIVAL: _("到诊"),
    ClockKind.FEEDBACK: _("反馈"),
    ClockKind.FOLLOW_UP: _("随访"),
}


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits in force on a day, in the units their names say."""

    stat_minutes: int = 10
    urgent_hours: int = 24
    routine_working_days: int = 3
    validity_inpatient_days: int = 7
    validity_outpatient_days: int = 14
    feedback_working_days: int = 3
    not_arrived_days: int = 3
    first_follow_up_days: int = 7
    last_follow_up_days: int = 14
    hold_hours: int = 72
    emergency_filing_working_days: int = 5
    continuity_days: int = 365
    elderly_from: int = 65
    child_to: int = 6
    # Days in hospital after which going down is worth asking (rules/going_down.py).
    rehabilitation_days: int = 5
    recovery_days: int = 10
    stable_after_crisis_days: int = 7
    settled_plan_days: int = 7


def answer_due(
    urgency: Urgency,
    submitted_at: datetime,
    limits: Limits,
    working: Mapping[date, bool] | None = None,
) -> datetime:
    """When the receiver must have answered. `working` corrects the calendar."""
    if urgency is Urgency.STAT:
        return submitted_at + timedelta(minutes=limits.stat_minutes)
    if urgency is Urgency.URGENT:
        return submitted_at + timedelta(hours=limits.urgent_hours)
    days = limits.routine_working_days
    return calendar.add_working_days(submitted_at, days, working)


def resumed(
    urgency: Urgency,
    due_at: datetime,
    paused_at: datetime,
    now: datetime,
    working: Mapping[date, bool] | None = None,
) -> datetime:
    """The time the sender took is not held against the receiver.

    A clock in working days counts the working time of the pause only; a pause that
    began too late revives nothing.
    """
    pause = calendar.Pause(paused_at, now)
    if urgency is Urgency.ROUTINE:
        return calendar.shift_working_deadline(due_at, [pause], now, working)
    return calendar.shift_deadline(due_at, [pause], now)


def valid_until(submitted_at: datetime, limits: Limits, *, inpatient: bool) -> datetime:
    """Until when an arrival counts as referred (rules-insurance 4)."""
    days = (
        limits.validity_inpatient_days if inpatient else limits.validity_outpatient_days
    )
    return submitted_at + timedelta(days=days)


def is_overdue(
    due_at: datetime | None, paused_at: datetime | None, now: datetime
) -> bool:
    return due_at is not None and paused_at is None and now >= due_at
