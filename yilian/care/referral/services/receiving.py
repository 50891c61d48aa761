"""What the receiving side does: ask, accept, place, receive, treat, report back."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from yilian.care.referral import policies
from yilian.care.referral.queries import facts
from yilian.care.referral.models import FollowUp, Referral
from yilian.care.referral.rules import handover, numbers
from yilian.care.referral.rules.reasons import (
    DECLINE_REASONS,
    REDIRECT_REASONS,
    REFUSE_CANCEL_REASONS,
    CareKind,
    Urgency,
)
from yilian.care.referral.rules.states import State, Step
from yilian.care.referral.services import steps
from yilian.care.referral.services.sending import resume_clock, send
from yilian.care.referral.services.steps import lock, locked, take
from yilian.foundation.access.actor import Actor
from yilian.foundation.access.scope import require
from yilian.foundation.audit.services import record as record_audit
from yilian.kernel import calendar
from yilian.kernel.errors import Invalid
from yilian.kernel.ids import new_id
from yilian.kernel.text import _
from yilian.kernel.tier import Direction, Tier, direction
from yilian.registry.directory.models import Department, Institution, PractitionerRole
from yilian.registry.population.rules import Scope
from yilian.resources.reception.models import Encounter
from yilian.resources.reception.queries import open_encounter_of
from yilian.resources.reception.rules import Disposition, EncounterKind, Presence
from yilian.resources.reception.services import (
    close_encounter,
    link_referral,
    open_encounter,
)
from yilian.resources.scheduling.rules import Quota
from yilian.resources.scheduling.services.holds import hold_bed, hold_slot, use_hold


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


@transaction.atomic
def request_info(actor: Actor, referral_id: UUID, *, question: str) -> Referral:
    referral = lock(actor, referral_id, Step.REQUEST_INFO)
    if not question.strip():
        raise Invalid(fields={"question": _("请写明需要补充什么。")})
    referral.paused_at = timezone.now()
    take(actor, referral, Step.REQUEST_INFO, note=question, now=referral.paused_at)
    return referral


@transaction.atomic
def accept(
    actor: Actor, referral_id: UUID, *, place: Place = NOWHERE, note: str = ""
) -> Referral:
    """Take the patient, with a place at once where one is given."""
    referral = lock(actor, referral_id, Step.ACCEPT)
    steps.require_evidence_outside(referral, note)
    now = timezone.now()
    referral.answered_at = now
    if place.department_id is not None:
        referral.to_department = _own_department(referral, place.department_id)
    take(actor, referral, Step.ACCEPT, note=note, now=now)
    steps.open_to(actor, referral, referral.to_institution_id, Scope.FULL)
    steps.open_to(actor, referral, referral.from_institution_id, Scope.FULL)
    if place.is_given:
        _place(actor, referral, place, now)
    return referral


@transaction.atomic
def decline(
    actor: Actor, referral_id: UUID, *, reason_code: str, note: str = ""
) -> Referral:
    referral = lock(actor, referral_id, Step.DECLINE)
    steps.require_reason(reason_code, DECLINE_REASONS, note)
    steps.require_evidence_outside(referral, note)
    now = timezone.now()
    resume_clock(referral, now)
    referral.answered_at = now
    take(actor, referral, Step.DECLINE, reason_code=reason_code, note=note, now=now)
    steps.close_to_receiver(referral)
    steps.close_episode_if_done(referral, now)
    return referral


@transaction.atomic
def redirect(
    actor: Actor,
    referral_id: UUID,
    *,
    to_institution_id: UUID,
    to_department_id: UUID | None = None,
    reason_code: str,
    note: str = "",
) -> Referral:
    """Not here, but there: a new hop to the other place in the same answer.

    Returns the new hop. It goes from the same sender, who still has the patient.
    """
    referral = lock(actor, referral_id, Step.REDIRECT)
    steps.require_reason(reason_code, REDIRECT_REASONS, note)
    target = _other_place(referral, to_institution_id)
    now = timezone.now()
    resume_clock(referral, now)
    referral.answered_at = now
    take(actor, referral, Step.REDIRECT, reason_code=reason_code, note=note, now=now)
    steps.close_to_receiver(referral)
    onward = _onward(referral, target, to_department_id, now)
    onward.outside_reason = referral.outside_reason or "no_capability"
    onward.save(force_insert=True)
    send(actor, onward, consent_by=referral.consent_by, now=now)
    return onward


@transaction.atomic
def schedule(actor: Actor, referral_id: UUID, *, place: Place) -> Referral:
    referral = lock(actor, referral_id, Step.SCHEDULE)
    if not place.is_given:
        raise Invalid(fields={"visit_at": _("请选择床位、号源或就诊时间。")})
    _place(actor, referral, place, timezone.now())
    return referral


@transaction.atomic
def assign(
    actor: Actor, referral_id: UUID, *, department_id: UUID, post_id: UUID | None = None
) -> Referral:
    """Give a waiting hop to a department and, if wished, a doctor of it."""
    referral = locked(actor, referral_id)
    require(
        policies.can_assign(actor, referral),
        _("只有接收机构的转诊办公室可以分派。"),
    )
    referral.to_department = _own_department(referral, department_id)
    referral.assigned_to = _own_post(referral, post_id)
    referral.revision += 1
    referral.save()
    record_audit(
        actor,
        "referral.assign",
        object_kind="referral",
        object_id=referral.id,
        person_id=referral.person_id,
    )
    return referral


@transaction.atomic
def arrive(
    actor: Actor,
    referral_id: UUID,
    *,
    kind: EncounterKind | None = None,
    note: str = "",
) -> Referral:
    """The patient is here: an encounter opens, the place is used."""
    referral = lock(actor, referral_id, Step.ARRIVE)
    steps.require_evidence_outside(referral, note)
    now = timezone.now()
    referral.arrived_at = now
    if referral.to_institution_id is not None:
        encounter = _encounter(actor, referral, kind)
        referral.encounter_id = encounter.id
        referral.arrived_at = encounter.started_at
        if referral.hold_id is not None:
            use_hold(actor, referral.hold_id)
    facts.judge_anew(referral, now)
    take(actor, referral, Step.ARRIVE, note=note, now=now)
    _plan_first_follow_up(referral, now)
    return referral


@transaction.atomic
def mark_no_show(actor: Actor, referral_id: UUID, *, note: str = "") -> Referral:
    referral = lock(actor, referral_id, Step.MARK_NO_SHOW)
    steps.free_place(actor, referral)
    take(actor, referral, Step.MARK_NO_SHOW, note=note)
    plan_call(referral, calendar.local_day(timezone.now()))
    return referral


@transaction.atomic
def admit(actor: Actor, referral_id: UUID) -> Referral:
    referral = lock(actor, referral_id, Step.ADMIT)
    take(actor, referral, Step.ADMIT)
    return referral


@transaction.atomic
def finish_care(
    actor: Actor, referral_id: UUID, *, disposition: Disposition = Disposition.HOME
) -> Referral:
    referral = lock(actor, referral_id, Step.FINISH_CARE)
    now = timezone.now()
    referral.care_ended_at = now
    referral.feedback_due_at = facts.feedback_due(now)
    take(actor, referral, Step.FINISH_CARE, now=now)
    _close_encounter(actor, referral, disposition)
    return referral


@transaction.atomic
def complete(
    actor: Actor,
    referral_id: UUID,
    *,
    feedback: dict[str, str],
    disposition: Disposition = Disposition.HOME,
) -> Referral:
    """Close the loop. An up-referral never closes without feedback to its sender."""
    referral = lock(actor, referral_id, Step.COMPLETE)
    sections = handover.FEEDBACKS[Direction(referral.direction)]
    referral.feedback = handover.tidy(sections, feedback)
    handover.check(sections, referral.feedback, urgency=Urgency.ROUTINE)
    now = timezone.now()
    referral.care_ended_at = referral.care_ended_at or now
    take(actor, referral, Step.COMPLETE, now=now)
    _close_encounter(actor, referral, disposition)
    steps.keep_for_continuity(actor, referral, now)
    steps.close_episode_if_done(referral, now)
    return referral


@transaction.atomic
def confirm_cancel(actor: Actor, referral_id: UUID) -> Referral:
    referral = lock(actor, referral_id, Step.CONFIRM_CANCEL)
    now = timezone.now()
    steps.free_place(actor, referral)
    take(actor, referral, Step.CONFIRM_CANCEL, now=now)
    steps.close_to_receiver(referral)
    steps.close_episode_if_done(referral, now)
    return referral


@transaction.atomic
def refuse_cancel(
    actor: Actor, referral_id: UUID, *, reason_code: str, note: str = ""
) -> Referral:
    referral = lock(actor, referral_id, Step.REFUSE_CANCEL)
    steps.require_reason(reason_code, REFUSE_CANCEL_REASONS, note)
    take(actor, referral, Step.REFUSE_CANCEL, reason_code=reason_code, note=note)
    return referral


def plan_call(referral: Referral, due_on: object) -> None:
    """Somebody telephones a patient who has not come, once."""
    institution = referral.to_institution_id or referral.from_institution_id
    FollowUp.objects.get_or_create(
        referral=referral,
        kind="not_arrived_call",
        defaults={
            "person_id": referral.person_id,
            "institution_id": institution,
            "due_on": due_on,
        },
    )


def _place(actor: Actor, referral: Referral, place: Place, now: datetime) -> None:
    """Hold what was chosen; two people can never take the last one."""
    steps.free_place(actor, referral)
    limits = facts.limits_on(now)
    visit_at = place.visit_at or now
    common = {
        "person_id": referral.person_id,
        "purpose_kind": steps.EVIDENCE,
        "purpose_id": referral.id,
        "expires_at": max(now, visit_at) + timedelta(hours=limits.hold_hours),
    }
    if place.slot_id is not None:
        hold = hold_slot(actor, place.slot_id, **common)
        referral.hold_id, visit_at = hold.id, hold.period.lower
    elif place.wants_bed:
        department = place.department_id or referral.to_department_id
        if department is None:
            raise Invalid(fields={"department_id": _("请选择收治科室。")})
        quotas = (Quota.REFERRAL, Quota.CONTRACT, Quota.OPEN)
        hold = hold_bed(actor, department, from_at=visit_at, quotas=quotas, **common)
        referral.hold_id = hold.id
        referral.care_kind = CareKind.INPATIENT.value
        referral.to_department = _own_department(referral, department)
    _check_visit(visit_at, now)
    referral.visit_at = visit_at
    take(actor, referral, Step.SCHEDULE, now=now)


def _check_visit(visit_at: datetime, now: datetime) -> None:
    if visit_at < now - timedelta(minutes=5):
        raise Invalid(fields={"visit_at": _("就诊时间已经过去，请另选。")})


def _own_department(referral: Referral, department_id: UUID) -> Department:
    found = Department.objects.filter(
        pk=department_id, institution=referral.to_institution_id, closed_on=None
    ).first()
    if found is None:
        raise Invalid(fields={"department_id": _("请选择本院的科室。")})
    return found


def _own_post(referral: Referral, post_id: UUID | None) -> PractitionerRole | None:
    if post_id is None:
        return None
    found = PractitionerRole.objects.filter(
        pk=post_id, institution=referral.to_institution_id, left_at=None
    ).first()
    if found is None:
        raise Invalid(fields={"post_id": _("请选择本院在岗的医师。")})
    return found


def _other_place(referral: Referral, institution_id: UUID) -> Institution:
    same = (referral.from_institution_id, referral.to_institution_id)
    if institution_id in same:
        raise Invalid(fields={"to_institution_id": _("请选择另一家机构。")})
    today = calendar.local_day(timezone.now())
    open_now = Institution.objects.open_on(today).receiving()
    target = open_now.filter(pk=institution_id).first()
    if target is None:
        raise Invalid(fields={"to_institution_id": _("请从列表中选择接收机构。")})
    return target


def _onward(
    referral: Referral, target: Institution, department_id: UUID | None, now: datetime
) -> Referral:
    copied = (
        "person_id", "urgency", "care_kind", "specialty", "diagnosis_code",
        "diagnosis_name", "complaint", "reason", "rule_ids", "content",
        "from_institution_id", "from_department_id", "from_post_id", "created_by_id",
        "episode_id", "check_result_on",
    )  # fmt: skip
    source = referral.from_institution.tier
    way = Direction.UP
    if source and target.tier:
        way = direction(Tier(source), Tier(target.tier))
    onward = Referral(
        id=new_id(),
        number=numbers.new_number(calendar.local_day(now)),
        parent=referral,
        state=State.DRAFT.value,
        direction=way.value,
        to_institution=target,
        skip_reason="no_capability",
        created_at=now,
        **{name: getattr(referral, name) for name in copied},
    )
    if department_id is not None:
        onward.to_department = _own_department(onward, department_id)
    return onward


def _encounter(
    actor: Actor, referral: Referral, kind: EncounterKind | None
) -> Encounter:
    """The walk-in already registered here, or a new one."""
    here = open_encounter_of(referral.person_id, referral.to_institution_id)
    if here is not None:
        return link_referral(actor, here.id, referral_id=referral.id)
    return _open_encounter(actor, referral, kind)


def _open_encounter(
    actor: Actor, referral: Referral, kind: EncounterKind | None
) -> Encounter:
    inpatient = referral.care_kind == CareKind.INPATIENT
    default = EncounterKind.INPATIENT if inpatient else EncounterKind.OUTPATIENT
    if referral.urgency == Urgency.STAT and not inpatient:
        default = EncounterKind.EMERGENCY
    return open_encounter(
        actor,
        key=new_id(),
        person_id=referral.person_id,
        kind=kind or default,
        department_id=referral.to_department_id,
        presence=Presence.REFERRAL,
        reason=referral.diagnosis_name[:300],
        referral_id=referral.id,
        hold_id=referral.hold_id,
    )


def _close_encounter(
    actor: Actor, referral: Referral, disposition: Disposition
) -> None:
    if referral.encounter_id is not None:
        close_encounter(actor, referral.encounter_id, disposition=disposition)


def _plan_first_follow_up(referral: Referral, now: datetime) -> None:
    """The receiver of a down-referral sees the patient again in 7 to 14 days."""
    limits = facts.limits_on(now)
    institution = referral.to_institution_id
    if referral.direction != Direction.DOWN or institution is None:
        return
    due_on = calendar.local_day(now) + timedelta(days=limits.first_follow_up_days)
    FollowUp.objects.get_or_create(
        referral=referral,
        kind="first_visit",
        defaults={
            "person_id": referral.person_id,
            "institution_id": institution,
            "due_on": due_on,
        },
    )
