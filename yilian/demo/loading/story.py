"""One hop on the stage: its plan, and what has become of it so far."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Self
from uuid import UUID

from yilian.care.referral.rules.reasons import CareKind, Urgency
from yilian.care.referral.rules.states import OPEN, Step
from yilian.demo.world.institutions.build import by_code
from yilian.demo.world.institutions.model import Department, Institution
from yilian.demo.world.referrals.model import PlannedReferral, PlannedStep
from yilian.kernel.tier import Direction, Tier
from yilian.resources.reception.rules import EncounterKind

_HOSPITAL: Final = frozenset({Tier.SECONDARY, Tier.TERTIARY})
_STAYS: Final = frozenset({"rehabilitation", "nursing_care"})
_DESK_MINUTES: Final = 14
_VISIT_MINUTES: Final = 45


@dataclass(slots=True)
class Story:
    """`before` is the hop whose redirection made this one."""

    plan: PlannedReferral
    before: Self | None = None
    referral_id: UUID | None = None
    encounter_id: UUID | None = None  # at the sender
    onward: Self | None = None

    @property
    def key(self) -> str:
        return self.plan.key

    @property
    def sender_post(self) -> UUID:
        """A redirected hop still goes from whoever has the patient."""
        return self.before.sender_post if self.before else self.plan.from_post

    @property
    def sender(self) -> Institution:
        if self.before:
            return self.before.sender
        return by_code()[self.plan.from_institution]

    @property
    def target(self) -> Institution | None:
        code = self.plan.to_institution
        return by_code()[code] if code else None

    @property
    def department(self) -> Department | None:
        if self.target is None:
            return None
        return self.target.department(self.plan.to_department)

    @property
    def care_kind(self) -> CareKind:
        """A bed for who cannot wait, and for who comes to stay."""
        has_ward = self.department is not None and self.department.beds > 0
        is_stay = self.plan.urgency is not Urgency.ROUTINE
        if self.department is not None:
            is_stay |= self.department.specialty in _STAYS
        return CareKind.INPATIENT if has_ward and is_stay else CareKind.OUTPATIENT

    @property
    def coming(self) -> EncounterKind:
        """As what the person is with the sender."""
        plan = self.plan
        is_hospital = self.sender.tier in _HOSPITAL
        is_stay = (
            plan.direction is Direction.DOWN or plan.urgency is not Urgency.ROUTINE
        )
        if is_hospital and is_stay and self._sending_ward:
            return EncounterKind.INPATIENT
        is_stat = plan.urgency is Urgency.STAT
        return EncounterKind.EMERGENCY if is_stat else EncounterKind.OUTPATIENT

    @property
    def comes_at(self) -> datetime:
        if self.coming is EncounterKind.INPATIENT:
            days = 7 if self.plan.direction is Direction.DOWN else 1
            return self.plan.drafted_at - timedelta(days=days, hours=3)
        return self.plan.drafted_at - timedelta(minutes=_DESK_MINUTES)

    @property
    def leaves_at(self) -> datetime | None:
        """When the sender's desk closes the visit; a departure may come sooner.

        None while the story is open and the patient waits there.
        """
        if self.coming is EncounterKind.OUTPATIENT:
            return self.comes_at + timedelta(minutes=_VISIT_MINUTES)
        if self.plan.ends_in in OPEN:
            return None
        return self.last_at + timedelta(hours=6)

    @property
    def last_at(self) -> datetime:
        plan = self.plan
        return plan.steps[-1].at if plan.steps else plan.drafted_at

    def next_after(self, taken: PlannedStep, step: Step) -> PlannedStep | None:
        """The first such step that comes after this one."""
        after = (one for one in self.plan.steps if one.at > taken.at)
        return next((one for one in after if one.step is step), None)

    @property
    def _sending_ward(self) -> bool:
        found = self.sender.department(self.plan.from_department)
        return found is not None and found.beds > 0
