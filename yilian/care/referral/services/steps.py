"""What every step has in common: lock, check, move, and tell everybody.

Always in this order: lock within sight → right → state → facts → step → event.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone

from yilian.care.referral import events, fhir, policies
from yilian.care.referral.queries import facts
from yilian.care.referral.models import Episode, Referral, ReferralStep
from yilian.care.referral.rules import states
from yilian.care.referral.rules.states import FINAL, OPEN, State, Step
from yilian.foundation.access.actor import Actor
from yilian.foundation.access.choices import values
from yilian.foundation.access.scope import find
from yilian.foundation.audit.services import record as record_audit
from yilian.foundation.outbox.services import publish
from yilian.kernel.errors import Conflict, Invalid, NotPermitted
from yilian.kernel.ids import new_id
from yilian.kernel.text import _
from yilian.record.services.writing import put
from yilian.registry.population.rules import Ground, Scope
from yilian.registry.population.services.grants import end_grants, give_grant
from yilian.resources.scheduling.services.holds import release_hold

EVIDENCE = "referral"

EVENTS: dict[Step, type[events.ReferralEvent]] = {
    Step.SUBMIT: events.ReferralSubmitted,
    Step.REQUEST_INFO: events.InformationRequested,
    Step.ANSWER_INFO: events.InformationSupplied,
    Step.ACCEPT: events.ReferralAccepted,
    Step.DECLINE: events.ReferralDeclined,
    Step.REDIRECT: events.ReferralRedirected,
    Step.SCHEDULE: events.ReferralScheduled,
    Step.DEPART: events.PatientDeparted,
    Step.ARRIVE: events.PatientArrived,
    Step.MARK_NO_SHOW: events.PatientDidNotShow,
    Step.ADMIT: events.CareBegan,
    Step.FINISH_CARE: events.CareEnded,
    Step.COMPLETE: events.ReferralCompleted,
    Step.WITHDRAW: events.ReferralWithdrawn,
    Step.REQUEST_CANCEL: events.CancellationRequested,
    Step.CONFIRM_CANCEL: events.ReferralCancelled,
    Step.REFUSE_CANCEL: events.CancellationRefused,
    Step.EXPIRE: events.ReferralExpired,
    Step.RECORD_DEATH: events.ReferralClosedByDeath,
    Step.CLOSE_ELSEWHERE: events.ReferralCancelled,
    Step.MARK_ERROR: events.ReferralEnteredInError,
}


def lock(actor: Actor, referral_id: UUID, step: Step) -> Referral:
    """The row, held; refused in the order sight, right, state."""
    referral = locked(actor, referral_id)
    if not policies.can_take(actor, referral, step):
        why = policies.why_not(step)
        raise NotPermitted(why.template, **why.values)
    states.move(State(referral.state), step)
    return referral


def locked(actor: Actor, referral_id: UUID) -> Referral:
    """Hold the row, so that two desks cannot both act on the same state."""
    visible = Referral.objects.visible_to(actor).select_for_update(of=("self",))
    return find(visible, referral_id)


def require_fresh(referral: Referral, revision: int | None) -> None:
    if revision is not None and revision != referral.revision:
        raise Conflict(_("这张转诊单刚被他人更新，请刷新页面，核对后再提交。"))


def require_reason(code: str, known: dict[str, str] | object, note: str = "") -> None:
    """A coded reason; "other" must be told in words."""
    if code not in known:  # type: ignore[operator]
        raise Invalid(fields={"reason_code": _("请选择原因。")})
    if code == "other" and not note.strip():
        raise Invalid(fields={"note": _("选择“其他”时请写明原因。")})


def require_evidence_outside(referral: Referral, note: str) -> None:
    """For an outside destination the sender records the answer, with its evidence."""
    if referral.to_institution_id is None and not note.strip():
        words = _("外部机构没有接入，请写明依据：谁、何时、如何答复。")
        raise Invalid(fields={"note": words})


def take(
    actor: Actor,
    referral: Referral,
    step: Step,
    *,
    note: str = "",
    reason_code: str = "",
    now: datetime | None = None,
) -> ReferralStep:
    """Move, write the time line, the audit, the event and the record."""
    now = now or timezone.now()
    source = State(referral.state)
    referral.state = states.move(source, step).target.value
    referral.revision += 1
    if referral.state in FINAL:
        referral.closed_at = now
        referral.close_reason = reason_code
    referral.save()
    row = ReferralStep.objects.create(
        referral=referral,
        step=step.value,
        from_state=source.value,
        to_state=referral.state,
        taken_at=now,
        account_id=actor.account_id,
        institution_id=actor.institution_id,
        actor_name=actor.name,
        reason_code=reason_code,
        note=note,
    )
    _tell(actor, referral, step, row)
    return row


def _tell(actor: Actor, referral: Referral, step: Step, row: ReferralStep) -> None:
    record_audit(
        actor,
        f"referral.{step.value}",
        object_kind="referral",
        object_id=referral.id,
        person_id=referral.person_id,
        ground=Ground.REFERRAL.value,
    )
    announce(referral, EVENTS[step], row.id)
    if referral.submitted_at is not None:
        write_to_record(actor, referral)


def announce(
    referral: Referral, kind: type[events.ReferralEvent], step_id: UUID | None = None
) -> None:
    publish(
        kind(
            referral_id=referral.id,
            person_id=referral.person_id,
            from_institution_id=referral.from_institution_id,
            to_institution_id=referral.to_institution_id,
            urgency=referral.urgency,
            number=referral.number,
            step_id=step_id or new_id(),
        ),
        person_id=referral.person_id,
    )


def write_to_record(actor: Actor, referral: Referral) -> None:
    """Every hop is a ServiceRequest and a Task, in the same transaction."""
    home = referral.from_institution_id
    for resource in (fhir.service_request(referral), fhir.task(referral)):
        put(actor, resource, person_id=referral.person_id, institution_id=home)


def open_to(
    actor: Actor,
    referral: Referral,
    institution_id: UUID | None,
    scope: Scope,
    *,
    is_sole: bool = False,
    until: datetime | None = None,
) -> None:
    if institution_id is None:
        return
    give_grant(
        actor,
        person_id=referral.person_id,
        institution_id=institution_id,
        ground=Ground.REFERRAL,
        scope=scope,
        evidence_kind=EVIDENCE,
        evidence_id=referral.id,
        until=until,
        is_sole=is_sole,
    )


def close_to_receiver(referral: Referral) -> None:
    if referral.to_institution_id is not None:
        end_grants(
            evidence_kind=EVIDENCE,
            evidence_id=referral.id,
            institution_id=referral.to_institution_id,
        )


def free_place(actor: Actor, referral: Referral) -> None:
    if referral.hold_id is not None:
        release_hold(actor, referral.hold_id)
        referral.hold_id = None


def keep_for_continuity(actor: Actor, referral: Referral, now: datetime) -> None:
    """Both sides go on seeing the person for a while, 连续性."""
    days = facts.limits_on(now).continuity_days
    until = now + timedelta(days=days)
    for institution in (referral.from_institution_id, referral.to_institution_id):
        open_to(actor, referral, institution, Scope.FULL, until=until)


def close_episode_if_done(referral: Referral, now: datetime) -> None:
    """An episode ends with its last open hop."""
    if referral.episode_id is None:
        return
    is_open = (
        Referral.objects.filter(episode=referral.episode_id, state__in=values(OPEN))
        .exclude(state=State.DRAFT.value)
        .exists()
    )
    if not is_open:
        Episode.objects.filter(pk=referral.episode_id).update(closed_at=now)
