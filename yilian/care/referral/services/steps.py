"""What every step has in common: lock, check, move, and tell everybody.

Always in this order: lock within sight → right → state → facts → step → event.
"""

from collections.abc import Container
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.utils import timezone

from yilian.care.referral import events, fhir, policies
from yilian.care.referral.models import Episode, Referral, ReferralStep
from yilian.care.referral.queries import facts
from yilian.care.referral.queries.rows import LOCKED
from yilian.care.referral.rules import states
from yilian.care.referral.rules.states import (
    CLOSED_TO_RECEIVER,
    FINAL,
    OPEN,
    State,
    Step,
)
from yilian.foundation.access.actor import Actor
from yilian.foundation.access.choices import values
from yilian.foundation.access.composed import Insertion, Replacement
from yilian.foundation.access.services import together, write
from yilian.foundation.audit.services import record as record_audit
from yilian.foundation.outbox.services import publish
from yilian.kernel.errors import Conflict, Invalid, NotPermitted
from yilian.kernel.ids import new_id
from yilian.kernel.safe_text import clean_text
from yilian.kernel.text import _
from yilian.record.services.writing import put_along
from yilian.registry.population.rules import Ground, Scope
from yilian.registry.population.services.grants import (
    House,
    end_grants,
    give_grants,
    limit_grants,
)
from yilian.resources.scheduling.services.holds import release_hold

EVIDENCE: Final = "referral"
LONGEST_NOTE: Final = 1000
_MOVED: Final = Replacement(Referral)
_TAKEN: Final = Insertion(ReferralStep)

EVENTS: Final[dict[Step, type[events.ReferralEvent]]] = {
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


def lock(
    actor: Actor, referral_id: UUID, step: Step, revision: int | None = None
) -> Referral:
    """The row, held; refused in the order sight, right, state, stale page."""
    referral = locked(actor, referral_id)
    if not policies.can_take(actor, referral, step):
        why = policies.why_not(step)
        raise NotPermitted(why.template, **why.values)
    states.move(State(referral.state), step)
    require_fresh(referral, revision)
    return referral


def locked(actor: Actor, referral_id: UUID) -> Referral:
    """Hold the row, so that two desks cannot both act on the same state."""
    referral = LOCKED.of(actor, referral_id)
    _MOVED.read(referral)
    if referral.submitted_at is not None:
        referral.recorded = fhir.service_request(referral)
    return referral


def require_fresh(referral: Referral, revision: int | None) -> None:
    if revision is not None and revision != referral.revision:
        raise Conflict(_("这张转诊单刚被他人更新，请刷新页面，核对后再提交。"))


def require_reason(code: str, known: Container[str], note: str = "") -> str:
    """A coded reason; "other" must be told in words. Returns the tidied note."""
    if code not in known:
        raise Invalid(fields={"reason_code": _("请选择原因。")})
    note = words_in("note", note)
    if code == "other" and not note:
        raise Invalid(fields={"note": _("选择“其他”时请写明原因。")})
    return note


def words_in(field: str, text: str, *, missing: str = "") -> str:
    """Tidied, refused at its field; `missing` is said where it is blank."""
    try:
        words = clean_text(text, max_length=LONGEST_NOTE)
    except Invalid as wrong:
        raise Invalid(fields={field: wrong.text}) from None
    if missing and not words:
        raise Invalid(fields={field: missing})
    return words


def evidence_in(referral: Referral, note: str) -> str:
    """For an outside destination the sender records the answer, with its evidence."""
    if referral.to_institution_id is not None:
        return words_in("note", note)
    missing = _("外部机构没有接入，请写明依据：谁、何时、如何答复。")
    return words_in("note", note, missing=missing)


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
    with together():
        row = move_on(
            actor, referral, step, note=note, reason_code=reason_code, now=now
        )
        if referral.submitted_at is not None:
            write_to_record(actor, referral)
    return row


def _target(referral: Referral, source: State, step: Step) -> State:
    move = states.move(source, step)
    if not move.goes_back:
        return move.target
    asked = referral.steps.filter(to_state=source.value).order_by("-taken_at", "-id")
    before = asked.values_list("from_state", flat=True).first()
    return State(before) if before else move.target


def move_on(
    actor: Actor,
    referral: Referral,
    step: Step,
    *,
    note: str = "",
    reason_code: str = "",
    now: datetime | None = None,
) -> ReferralStep:
    """As `take`, where another step follows at once and writes the record."""
    now = now or timezone.now()
    source = State(referral.state)
    referral.state = _target(referral, source, step).value
    referral.revision += 1
    if referral.state in FINAL:
        referral.closed_at = now
        referral.close_reason = reason_code
    row = ReferralStep(
        referral=referral,
        step=step.value,
        from_state=source.value,
        to_state=referral.state,
        taken_at=now,
        account_id=actor.account_id,
        institution_id=actor.institution_id,
        actor_name=actor.name[:60],
        reason_code=reason_code,
        note=note,
    )
    with together():
        write(_MOVED.of(referral))
        write(_TAKEN.of(row))
        note_act(actor, referral, step.value)
        announce(referral, EVENTS[step], row.id)
    return row


def note_act(actor: Actor, referral: Referral, verb: str) -> None:
    record_audit(
        actor,
        f"referral.{verb}",
        object_kind="referral",
        object_id=referral.id,
        person_id=referral.person_id,
        ground=Ground.REFERRAL.value,
    )


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
    """Every hop is a ServiceRequest and a Task, in the same transaction. Most steps
    leave the request as the record has it: then it is not told again."""
    request, task = fhir.service_request(referral), fhir.task(referral)
    is_new = request != referral.recorded
    referral.recorded = request
    put_along(
        actor,
        [request, task] if is_new else [task],
        person_id=referral.person_id,
        institution_id=referral.from_institution_id,
    )


def open_to_both(
    actor: Actor, referral: Referral, *, receiver: Scope, sender: Scope
) -> None:
    """Where a side itself says so, it does not open for the one who said it: behind
    the receiver's sight stands whoever submitted, elsewhere."""
    home, target = referral.from_institution_id, referral.to_institution_id
    houses = [House(home, sender, is_sole=actor.institution_id == home)]
    if target is not None:
        houses.append(House(target, receiver, is_sole=False))
    give_grants(
        actor,
        houses,
        person_id=referral.person_id,
        ground=Ground.REFERRAL,
        evidence_kind=EVIDENCE,
        evidence_id=referral.id,
    )


def settle_sight(referral: Referral, now: datetime) -> None:
    """At the end of a hop: who goes on seeing the person, and for how long.

    Where the receiver never acted, nothing rests on the referral any more; else
    both keep it for continuity, 连续性, save a receiver who did not take the person.
    """
    if referral.answered_at is None:
        end_grants(evidence_kind=EVIDENCE, evidence_id=referral.id)
        return
    days = facts.limits_on(now).continuity_days
    limit_grants(
        evidence_kind=EVIDENCE,
        evidence_id=referral.id,
        until=now + timedelta(days=days),
    )
    if referral.state in CLOSED_TO_RECEIVER and referral.to_institution_id is not None:
        end_grants(
            evidence_kind=EVIDENCE,
            evidence_id=referral.id,
            institution_id=referral.to_institution_id,
        )


def end_hop(
    actor: Actor,
    referral: Referral,
    step: Step,
    *,
    now: datetime,
    note: str = "",
    reason_code: str = "",
) -> None:
    """Every way a hop ends: the place is free, the step is taken, sight is settled."""
    free_place(actor, referral)
    take(actor, referral, step, note=note, reason_code=reason_code, now=now)
    settle_sight(referral, now)
    close_episode_if_done(referral, now)


def free_place(actor: Actor, referral: Referral) -> None:
    if referral.hold_id is not None:
        release_hold(actor, referral.hold_id)
        referral.hold_id = None


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
