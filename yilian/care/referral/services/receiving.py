"""What the receiving side does: ask, accept, place, receive, treat, report back."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from yilian.care.referral import policies
from yilian.care.referral.models import Referral
from yilian.care.referral.queries import facts
from yilian.care.referral.rules import handover
from yilian.care.referral.rules.attachments import Part
from yilian.care.referral.rules.clocks import ClockKind, is_overdue
from yilian.care.referral.rules.reasons import (
    DECLINE_REASONS,
    REDIRECT_REASONS,
    REFUSE_CANCEL_REASONS,
    Urgency,
)
from yilian.care.referral.rules.states import Step
from yilian.care.referral.services import (
    attaching,
    duties,
    onward,
    placing,
    stays,
    steps,
)
from yilian.care.referral.services.placing import NOWHERE, Place
from yilian.care.referral.services.sending import resume_clock, send
from yilian.care.referral.services.steps import lock, locked, take
from yilian.foundation.access.actor import Actor
from yilian.foundation.access.scope import require
from yilian.foundation.access.services import together
from yilian.kernel import calendar
from yilian.kernel.errors import Conflict, Invalid
from yilian.kernel.text import _
from yilian.kernel.tier import Direction
from yilian.registry.directory.models import PractitionerRole
from yilian.registry.population.rules import Scope
from yilian.resources.reception.rules import Disposition, EncounterKind

__all__ = [
    "NOWHERE",
    "Place",
    "accept",
    "admit",
    "arrive",
    "assign",
    "complete",
    "confirm_cancel",
    "decline",
    "finish_care",
    "mark_no_show",
    "redirect",
    "refuse_cancel",
    "request_info",
    "schedule",
]


@transaction.atomic
def request_info(
    actor: Actor, referral_id: UUID, *, question: str, revision: int | None = None
) -> Referral:
    """The clock stands still until the sender has answered."""
    referral = lock(actor, referral_id, Step.REQUEST_INFO, revision)
    words = steps.words_in("question", question, missing=_("请写明需要补充什么。"))
    now = timezone.now()
    if is_overdue(referral.answer_due_at, None, now) and referral.answer_due_at:
        duties.note_if_late(referral, ClockKind.ANSWER, referral.answer_due_at)
    referral.paused_at = now
    take(actor, referral, Step.REQUEST_INFO, note=words, now=now)
    return referral


@transaction.atomic
def accept(
    actor: Actor,
    referral_id: UUID,
    *,
    place: Place = NOWHERE,
    note: str = "",
    revision: int | None = None,
) -> Referral:
    """Take the patient, with a place at once where one is given."""
    referral = lock(actor, referral_id, Step.ACCEPT, revision)
    note = steps.evidence_in(referral, note)
    now = timezone.now()
    _answered(referral, now)
    if place.is_given:
        steps.move_on(actor, referral, Step.ACCEPT, note=note, now=now)
        placing.keep_place(actor, referral, place, now)
        step, note = Step.SCHEDULE, ""
    else:
        placing.set_department(referral, place.department_id)
        step = Step.ACCEPT
    with together():
        take(actor, referral, step, note=note, now=now)
        steps.open_to_both(actor, referral, receiver=Scope.FULL, sender=Scope.FULL)
    return referral


@transaction.atomic
def decline(
    actor: Actor,
    referral_id: UUID,
    *,
    reason_code: str,
    note: str = "",
    revision: int | None = None,
) -> Referral:
    """退回. Keeps the row and its reason here, without clinical content."""
    referral = lock(actor, referral_id, Step.DECLINE, revision)
    steps.require_reason(reason_code, DECLINE_REASONS, note)
    note = steps.evidence_in(referral, note)
    now = timezone.now()
    _answered(referral, now)
    duties.drop(referral, [duties.CHECK_RESULT], now)
    steps.end_hop(
        actor, referral, Step.DECLINE, reason_code=reason_code, note=note, now=now
    )
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
    revision: int | None = None,
) -> Referral:
    """Not here, but there: a new hop to the other place in the same answer.

    Returns the new hop. It goes from the same sender, who still has the patient.
    """
    referral = lock(actor, referral_id, Step.REDIRECT, revision)
    note = steps.require_reason(reason_code, REDIRECT_REASONS, note)
    target = onward.other_place(referral, to_institution_id)
    now = timezone.now()
    _answered(referral, now)
    duties.drop(referral, [duties.CHECK_RESULT], now)
    take(actor, referral, Step.REDIRECT, reason_code=reason_code, note=note, now=now)
    steps.settle_sight(referral, now)
    hop = onward.write(referral, target, to_department_id, now)
    attaching.carry_papers(referral, hop)
    consented_at = referral.consented_at or now
    send(
        actor,
        hop,
        scope=Scope.SUMMARY,
        consent_by=referral.consent_by,
        consented_at=consented_at,
        now=now,
    )
    return hop


@transaction.atomic
def schedule(
    actor: Actor, referral_id: UUID, *, place: Place, revision: int | None = None
) -> Referral:
    referral = lock(actor, referral_id, Step.SCHEDULE, revision)
    if not place.is_given:
        raise Invalid(fields={"visit_at": _("请选择床位、号源或就诊时间。")})
    now = timezone.now()
    placing.keep_place(actor, referral, place, now)
    take(actor, referral, Step.SCHEDULE, now=now)
    return referral


@transaction.atomic
def assign(
    actor: Actor,
    referral_id: UUID,
    *,
    department_id: UUID,
    post_id: UUID | None = None,
    revision: int | None = None,
) -> Referral:
    """Give a hop to a department and, if wished, a doctor of it."""
    referral = locked(actor, referral_id)
    require(
        policies.can_assign(actor, referral),
        _("只有接收机构的转诊办公室可以分派。"),
    )
    _require_open(referral)
    steps.require_fresh(referral, revision)
    placing.set_department(referral, department_id)
    referral.assigned_to = _own_post(referral, post_id)
    referral.revision += 1
    referral.save()
    steps.note_act(actor, referral, "assign")
    return referral


@transaction.atomic
def arrive(
    actor: Actor,
    referral_id: UUID,
    *,
    kind: EncounterKind | None = None,
    note: str = "",
    revision: int | None = None,
) -> Referral:
    """The patient is here: an encounter opens, the place is used."""
    referral = lock(actor, referral_id, Step.ARRIVE, revision)
    note = steps.evidence_in(referral, note)
    now = timezone.now()
    referral.arrived_at = now
    if referral.to_institution_id is not None:
        encounter = stays.begin(actor, referral, referral.to_institution_id, kind)
        referral.encounter_id = encounter.id
        referral.arrived_at = encounter.started_at
    facts.judge_anew(referral, now)
    take(actor, referral, Step.ARRIVE, note=note, now=now)
    duties.drop(referral, [duties.CALL], now)
    duties.plan_first_visit(referral, now)
    return referral


@transaction.atomic
def mark_no_show(
    actor: Actor, referral_id: UUID, *, note: str = "", revision: int | None = None
) -> Referral:
    """The place is free again, and somebody calls the patient."""
    referral = lock(actor, referral_id, Step.MARK_NO_SHOW, revision)
    note = steps.words_in("note", note)
    now = timezone.now()
    steps.free_place(actor, referral)
    take(actor, referral, Step.MARK_NO_SHOW, note=note, now=now)
    duties.plan_call(referral, calendar.local_day(now))
    return referral


@transaction.atomic
def admit(actor: Actor, referral_id: UUID, *, revision: int | None = None) -> Referral:
    referral = lock(actor, referral_id, Step.ADMIT, revision)
    take(actor, referral, Step.ADMIT)
    return referral


@transaction.atomic
def finish_care(
    actor: Actor,
    referral_id: UUID,
    *,
    disposition: Disposition = Disposition.HOME,
    revision: int | None = None,
) -> Referral:
    referral = lock(actor, referral_id, Step.FINISH_CARE, revision)
    now = timezone.now()
    referral.care_ended_at = now
    referral.feedback_due_at = facts.feedback_due(now)
    steps.free_place(actor, referral)
    take(actor, referral, Step.FINISH_CARE, now=now)
    stays.end(actor, referral, disposition)
    return referral


@transaction.atomic
def complete(
    actor: Actor,
    referral_id: UUID,
    *,
    feedback: dict[str, str],
    disposition: Disposition = Disposition.HOME,
    revision: int | None = None,
) -> Referral:
    """Close the loop. An up-referral never closes without feedback to its sender."""
    referral = lock(actor, referral_id, Step.COMPLETE, revision)
    sections = handover.FEEDBACKS[Direction(referral.direction)]
    referral.feedback = handover.tidy(sections, feedback)
    handover.check(sections, referral.feedback, urgency=Urgency.ROUTINE)
    now = timezone.now()
    duties.feedback_given(referral, now)
    if referral.care_ended_at is None:
        referral.care_ended_at = now
        stays.end(actor, referral, disposition)
    duties.drop(referral, [duties.CALL, duties.CHECK_RESULT], now)
    steps.end_hop(actor, referral, Step.COMPLETE, now=now)
    attaching.send_papers(actor, referral, Part.FEEDBACK)
    return referral


@transaction.atomic
def confirm_cancel(
    actor: Actor, referral_id: UUID, *, revision: int | None = None
) -> Referral:
    referral = lock(actor, referral_id, Step.CONFIRM_CANCEL, revision)
    now = timezone.now()
    duties.drop(referral, [duties.CALL, duties.CHECK_RESULT], now)
    steps.end_hop(actor, referral, Step.CONFIRM_CANCEL, now=now)
    return referral


@transaction.atomic
def refuse_cancel(
    actor: Actor,
    referral_id: UUID,
    *,
    reason_code: str,
    note: str = "",
    revision: int | None = None,
) -> Referral:
    referral = lock(actor, referral_id, Step.REFUSE_CANCEL, revision)
    note = steps.require_reason(reason_code, REFUSE_CANCEL_REASONS, note)
    take(actor, referral, Step.REFUSE_CANCEL, reason_code=reason_code, note=note)
    return referral


def _require_open(referral: Referral) -> None:
    """Nobody is given work that is over."""
    if referral.closed_at is not None:
        raise Conflict(_("这张转诊单已经办结，不能再分派。"))


def _answered(referral: Referral, now: datetime) -> None:
    resume_clock(referral, now)
    duties.answer_given(referral, now)
    referral.answered_at = now


def _own_post(referral: Referral, post_id: UUID | None) -> PractitionerRole | None:
    if post_id is None:
        return None
    day = calendar.local_day(timezone.now())
    here = PractitionerRole.objects.held_on(day).filter(
        institution=referral.to_institution_id
    )
    found = here.filter(pk=post_id).first()
    if found is None:
        raise Invalid(fields={"post_id": _("请选择本院在岗的医师。")})
    return found
