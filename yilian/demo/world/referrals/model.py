"""A referral that is to be carried out, with the moment of each of its steps."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from yilian.care.referral.rules.reasons import Urgency
from yilian.care.referral.rules.states import State, Step
from yilian.kernel.tier import Direction


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """`post` is who does it (None: the system's clock).

    `reason_code` is one of `rules/reasons.py`; `note` is a question, an answer or a
    remark; `visit_at` comes with a schedule, `feedback` with completion; `target`
    and `target_department` with a redirection.
    """

    step: Step
    at: datetime
    post: UUID | None
    reason_code: str = ""
    note: str = ""
    visit_at: datetime | None = None
    feedback: Mapping[str, str] = field(default_factory=dict)
    target: str = ""
    target_department: str = ""


@dataclass(frozen=True, slots=True)
class PlannedReferral:
    """Institutions by code, departments by key; `follows` is the hop before.

    `content` has the sections of `rules/handover.py`. With `outside_name` the
    destination lies outside the region and `to_institution` is "". `drafted_at`
    comes before the first step; `ends_in` is where the steps lead.
    """

    key: str
    person: UUID
    follows: str
    from_institution: str
    from_department: str
    from_post: UUID
    to_institution: str
    to_department: str
    outside_name: str
    outside_place: str
    direction: Direction
    urgency: Urgency
    specialty: str
    diagnosis_code: str
    diagnosis_name: str
    complaint: str
    reason: str
    rule_ids: tuple[str, ...]
    content: Mapping[str, str]
    skip_reason: str
    outside_reason: str
    consent_by: str
    drafted_at: datetime
    steps: tuple[PlannedStep, ...]
    ends_in: State
