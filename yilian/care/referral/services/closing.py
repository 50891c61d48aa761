"""What time and fate do: overdue answers, expiry, death, admission elsewhere."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from yilian.care.referral import events, policies
from yilian.care.referral.queries import facts
from yilian.care.referral.models import Breach, FollowUp, Referral
from yilian.care.referral.rules.clocks import ClockKind
from yilian.care.referral.rules.reasons import BREACH_REASONS, ELSEWHERE
from yilian.care.referral.rules.states import BY_KEY, COMING, State, Step
from yilian.care.referral.services import steps
from yilian.care.referral.services.receiving import plan_call
from yilian.care.referral.services.steps import lock, take
from yilian.foundation.access.actor import Actor, system_actor
from yilian.foundation.access.choices import values
from yilian.foundation.access.scope import find, require
from yilian.foundation.audit.services import record as record_audit
from yilian.kernel import calendar
from yilian.kernel.errors import Conflict, Invalid
from yilian.kernel.text import _
from yilian.registry.population.services.life import record_death as record_person_death

BATCH = 200
CLOCK = system_actor("referral-clock")


def run_clocks(now: datetime | None = None) -> int:
    """One round of all clocks; how many rows were touched. Safe to run twice."""
    now = now or timezone.now()
    return (
        _each(_answers_overdue(now), lambda row: _breach_answer(row, now))
        + _each(_running_out(now), lambda row: _expire(row, now))
        + _each(_not_arrived(now), lambda row: _call(row, now))
        + _each(_feedback_overdue(now), lambda row: _breach_feedback(row, now))
    )


@transaction.atomic
def record_death(
    actor: Actor, referral_id: UUID, *, died_at: datetime, note: str
) -> Referral:
    """The patient has died: this hop and every other open one closes."""
    referral = lock(actor, referral_id, Step.RECORD_DEATH)
    if not note.strip():
        raise Invalid(fields={"note": _("请写明死亡的依据。")})
    record_person_death(actor, referral.person_id, died_at=died_at)
    _close_dead(actor, referral, note)
    return referral


def close_for_death(person_id: UUID) -> None:
    """Every open hop of somebody who has died, 患者死亡."""
    for referral_id in _open_ids(person_id, Step.RECORD_DEATH):
        _close_if_still_open(referral_id, Step.RECORD_DEATH)


def close_for_admission(person_id: UUID, institution_id: UUID) -> None:
    """Hops to other places, once the person lies in a bed here."""
    for referral_id in _open_ids(person_id, Step.CLOSE_ELSEWHERE, institution_id):
        _close_if_still_open(referral_id, Step.CLOSE_ELSEWHERE)


@transaction.atomic
def explain_breach(
    actor: Actor, breach_id: UUID, *, reason_code: str, note: str = ""
) -> Breach:
    """Why a clock ran out, by the institution whose clock it was."""
    visible = Breach.objects.filter(institution=actor.institution_id)
    breach = find(visible.select_for_update(), breach_id)
    require(policies.can_explain(actor), _("只有本机构的转诊办公室或医师可以说明。"))
    steps.require_reason(reason_code, BREACH_REASONS, note)
    breach.reason_code, breach.note = reason_code, note
    breach.explained_by_id = actor.account_id
    breach.save()
    record_audit(
        actor, "referral.explain_breach", object_kind="breach", object_id=breach.id
    )
    return breach


@transaction.atomic
def do_follow_up(actor: Actor, follow_up_id: UUID, *, outcome: str) -> FollowUp:
    visible = FollowUp.objects.filter(institution=actor.institution_id)
    follow_up = find(visible.select_for_update(), follow_up_id)
    require(policies.can_follow_up(actor), _("只有本机构的医护人员可以登记随访。"))
    if follow_up.done_at is not None:
        raise Conflict(_("这项随访已经登记过了。"))
    if not outcome.strip():
        raise Invalid(fields={"outcome": _("请写明随访结果。")})
    follow_up.done_at = timezone.now()
    follow_up.done_by_id = actor.account_id
    follow_up.outcome = outcome.strip()[:500]
    follow_up.save()
    record_audit(
        actor,
        "referral.follow_up",
        object_kind="follow_up",
        object_id=follow_up.id,
        person_id=follow_up.person_id,
    )
    return follow_up


def _each(ids: Iterable[UUID], act: object) -> int:
    """One transaction a row: one bad row does not stop the clock."""
    count = 0
    for referral_id in ids:
        with transaction.atomic():
            row = (
                Referral.objects.select_for_update(of=("self",), skip_locked=True)
                .filter(pk=referral_id)
                .first()
            )
            if row is not None:
                act(row)  # type: ignore[operator]
                count += 1
    return count


def _ids(rows: QuerySet[Referral]) -> list[UUID]:
    return list(rows.values_list("pk", flat=True)[:BATCH])


def _answers_overdue(now: datetime) -> list[UUID]:
    late = Referral.objects.filter(state=State.SUBMITTED.value, answer_due_at__lte=now)
    return _ids(late.exclude(breaches__clock=ClockKind.ANSWER.value))


def _running_out(now: datetime) -> list[UUID]:
    can_expire = values(s for s, step in BY_KEY if step is Step.EXPIRE)
    return _ids(Referral.objects.filter(state__in=can_expire, valid_until__lte=now))


def _not_arrived(now: datetime) -> list[UUID]:
    limit = now - timedelta(days=facts.limits_on(now).not_arrived_days)
    late = Q(visit_at__lte=limit) | Q(visit_at=None, answered_at__lte=limit)
    rows = Referral.objects.filter(late, state__in=values(COMING))
    return _ids(rows.exclude(follow_ups__kind="not_arrived_call"))


def _feedback_overdue(now: datetime) -> list[UUID]:
    late = Referral.objects.filter(
        state=State.FEEDBACK_DUE.value, feedback_due_at__lte=now
    )
    return _ids(late.exclude(breaches__clock=ClockKind.FEEDBACK.value))


def _breach_answer(referral: Referral, now: datetime) -> None:
    if referral.state != State.SUBMITTED or referral.answer_due_at is None:
        return
    if _breach(referral, ClockKind.ANSWER, referral.answer_due_at):
        steps.announce(referral, events.AnswerOverdue)


def _breach_feedback(referral: Referral, now: datetime) -> None:
    if referral.state == State.FEEDBACK_DUE and referral.feedback_due_at is not None:
        _breach(referral, ClockKind.FEEDBACK, referral.feedback_due_at)


def _breach(referral: Referral, clock: ClockKind, due_at: datetime) -> bool:
    owner = referral.to_institution_id or referral.from_institution_id
    _row, is_new = Breach.objects.get_or_create(
        referral=referral,
        clock=clock.value,
        defaults={"institution_id": owner, "due_at": due_at},
    )
    return is_new


def _call(referral: Referral, now: datetime) -> None:
    if referral.state in COMING:
        plan_call(referral, calendar.local_day(now))


def _expire(referral: Referral, now: datetime) -> None:
    if (State(referral.state), Step.EXPIRE) not in BY_KEY:
        return
    steps.free_place(CLOCK, referral)
    take(CLOCK, referral, Step.EXPIRE, now=now)
    steps.close_to_receiver(referral)
    steps.close_episode_if_done(referral, now)


def _open_ids(person_id: UUID, step: Step, but: UUID | None = None) -> list[UUID]:
    sources = values(source for source, taken in BY_KEY if taken is step)
    rows = Referral.objects.filter(person=person_id, state__in=sources)
    if but is not None:
        rows = rows.exclude(to_institution=but)
    return list(rows.values_list("pk", flat=True))


@transaction.atomic
def _close_if_still_open(referral_id: UUID, step: Step) -> None:
    referral = Referral.objects.select_for_update(of=("self",)).get(pk=referral_id)
    if (State(referral.state), step) not in BY_KEY:
        return
    if step is Step.RECORD_DEATH:
        _close_dead(CLOCK, referral, "")
        return
    now = timezone.now()
    steps.free_place(CLOCK, referral)
    take(CLOCK, referral, step, reason_code=ELSEWHERE, now=now)
    steps.close_to_receiver(referral)
    steps.close_episode_if_done(referral, now)


def _close_dead(actor: Actor, referral: Referral, note: str) -> None:
    now = timezone.now()
    steps.free_place(actor, referral)
    take(actor, referral, Step.RECORD_DEATH, note=note, now=now)
    steps.close_episode_if_done(referral, now)
