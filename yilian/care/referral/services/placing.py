"""Where the patient is to go: a bed, an appointment, or just a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from yilian.care.referral.models import Referral
from yilian.care.referral.queries import facts
from yilian.care.referral.rules.reasons import CareKind, Urgency
from yilian.care.referral.services import steps
from yilian.foundation.access.actor import Actor
from yilian.kernel import calendar
from yilian.kernel.errors import Invalid
from yilian.kernel.text import _
from yilian.registry.directory.models import Department
from yilian.registry.population.queries import chosen_institutions
from yilian.resources.scheduling.models import Slot
from yilian.resources.scheduling.rules import FOR_CONTRACT, FOR_REFERRAL, Quota
from yilian.resources.scheduling.services.holds import hold_bed, hold_slot

_LEEWAY = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the patient is to go: a bed of a department, a slot, or just a time."""

    department_id: UUID | None = None
    slot_id: UUID | None = None
    wants_bed: bool = False
    visit_at: datetime | None = None

    @property
    def is_given(self) -> bool:
        return self.slot_id is not None or self.wants_bed or self.visit_at is not None


NOWHERE = Place()


def keep_place(actor: Actor, referral: Referral, place: Place, now: datetime) -> None:
    """Hold what was chosen; two people can never take the last one. Sets the row."""
    steps.free_place(actor, referral)
    set_department(referral, place.department_id)
    if place.slot_id is not None:
        _keep_slot(actor, referral, place.slot_id, now)
        return
    referral.visit_at = place.visit_at or now
    if referral.visit_at < now - _LEEWAY:
        raise Invalid(fields={"visit_at": _("就诊时间已经过去，请另选。")})
    if place.wants_bed:
        _keep_bed(actor, referral, referral.visit_at, now)


def set_department(referral: Referral, department_id: UUID | None) -> None:
    if department_id is not None:
        referral.to_department = own_department(referral, department_id)


def own_department(referral: Referral, department_id: UUID) -> Department:
    here = Department.objects.filter(institution=referral.to_institution_id)
    found = here.filter(pk=department_id, closed_on=None).first()
    if found is None:
        raise Invalid(fields={"department_id": _("请选择本院的科室。")})
    return found


@transaction.atomic
def lose_place(referral_id: UUID, hold_id: UUID) -> Referral | None:
    """The hold ran out or its appointment was cancelled: the hop holds nothing now."""
    referral = (
        Referral.objects.select_for_update(of=("self",))
        .filter(pk=referral_id, hold_id=hold_id)
        .first()
    )
    if referral is None:
        return None
    referral.hold_id = None
    referral.revision += 1
    referral.save(update_fields=["hold_id", "revision"])
    return referral


def _keep_slot(actor: Actor, referral: Referral, slot_id: UUID, now: datetime) -> None:
    slot = Slot.objects.filter(
        pk=slot_id, institution=referral.to_institution_id
    ).first()
    if slot is None:
        raise Invalid(fields={"slot_id": _("请选择本院的号源。")})
    hold = hold_slot(
        actor,
        slot_id,
        person_id=referral.person_id,
        purpose_kind=steps.EVIDENCE,
        purpose_id=referral.id,
        expires_at=_expiry(slot.starts_at, now),
        quotas=_quotas(referral, now),
    )
    referral.hold_id, referral.visit_at = hold.id, slot.starts_at
    referral.to_department_id = slot.department_id


def _keep_bed(
    actor: Actor, referral: Referral, from_at: datetime, now: datetime
) -> None:
    if referral.to_department_id is None:
        raise Invalid(fields={"department_id": _("请选择收治科室。")})
    own_department(referral, referral.to_department_id)
    hold = hold_bed(
        actor,
        referral.to_department_id,
        person_id=referral.person_id,
        purpose_kind=steps.EVIDENCE,
        purpose_id=referral.id,
        from_at=from_at,
        expires_at=_expiry(from_at, now),
        quotas=_quotas(referral, now),
    )
    referral.hold_id = hold.id
    referral.care_kind = CareKind.INPATIENT.value


def _expiry(visit_at: datetime, now: datetime) -> datetime:
    hours = facts.limits_on(now).hold_hours
    return max(now, visit_at) + timedelta(hours=hours)


def _quotas(referral: Referral, now: datetime) -> Sequence[Quota]:
    """What is kept for contracted residents is for them, and for emergencies."""
    if referral.urgency == Urgency.STAT:
        return FOR_CONTRACT
    day = calendar.local_day(now)
    is_contracted = bool(chosen_institutions(referral.person_id, day))
    return FOR_CONTRACT if is_contracted else FOR_REFERRAL
