"""What time and fate do: overdue answers, expiry, death, admission elsewhere."""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from yilian.care.referral import events, policies
from yilian.care.referral.models import Breach, FollowUp, Referral
from yilian.care.referral.queries import facts
from yilian.care.referral.rules.clocks import ClockKind
from yilian.care.referral.rules.reasons import BREACH_REASONS_OF, ELSEWHERE
from yilian.care.referral.rules.states import BY_KEY, COMING, OPEN, State, Step
from yilian.care.referral.services import duties, stays, steps
from yilian.care.referral.services.steps import lock
from yilian.foundation.access.actor import Actor, system_actor
from yilian.foundation.access.choices import values
from yilian.foundation.access.scope import find, require
from yilian.foundation.audit.services import record as record_audit
from yilian.kernel import calendar
from yilian.kernel.errors import Conflict
from yilian.kernel.text import _
from yilian.registry.population.services import record_death as record_person_death
from yilian.resources.reception.rules import Disposition

BATCH: Final = 200
CLOCK: Final = system_actor("referral-clock")
_CAN_EXPIRE: Final = values(s for s, step in BY_KEY if step is Step.EXPIRE)
_ALL_DUTIES: Final = (duties.CALL, duties.CHECK_RESULT)

logger = logging.getLogger(__name__)


def run_clocks(now: datetime | None = None) -> int:
    """One round of all clocks; how many rows were touched. Safe to run twice."""
    now = now or timezone.now()
    return sum(
        _each(rows, act, now)
        for rows, act in (
            (_answers_overdue(now), _breach_answer),
            (_running_out(now), _expire),
            (_not_arrived(now), _call),
            (_feedback_overdue(now), _breach_feedback),
            (_first_visits_overdue(now), _breach_first_visit),
        )
    )


@transaction.atomic
def record_death(
    actor: Actor,
    referral_id: UUID,
    *,
    died_at: datetime,
    note: str,
    revision: int | None = None,
) -> Referral:
    """The patient has died: this hop closes now, every other open one by the event."""
    referral = lock(actor, referral_id, Step.RECORD_DEATH, revision)
    note = steps.words_in("note", note, missing=_("请写明死亡的依据。"))
    record_person_death(actor, referral.person_id, died_at=died_at)
    _close_dead(actor, referral, note, timezone.now())
    return referral


def close_for_death(person_id: UUID) -> None:
    """Every open hop of somebody who has died, 患者死亡."""
    hops = Referral.objects.filter(person=person_id, state__in=values(OPEN))
    for referral_id in hops.values_list("pk", flat=True):
        _close_if_still_open(referral_id, Step.RECORD_DEATH)


def close_for_admission(person_id: UUID, institution_id: UUID, since: datetime) -> None:
    """Hops between other places that were waiting when the person came to lie here.

    A hop to here is served by the stay, one from here waits for its end.
    """
    sources = values(s for s, step in BY_KEY if step is Step.CLOSE_ELSEWHERE)
    hops = (
        Referral.objects.filter(
            person=person_id, state__in=sources, submitted_at__lt=since
        )
        .exclude(to_institution=institution_id)
        .exclude(from_institution=institution_id)
    )
    for referral_id in hops.values_list("pk", flat=True):
        _close_if_still_open(referral_id, Step.CLOSE_ELSEWHERE)


@transaction.atomic
def free_work_of(post_id: UUID) -> list[Referral]:
    """Somebody left: what was theirs to do is the desk's again."""
    held = Referral.objects.select_for_update(of=("self",)).filter(
        assigned_to=post_id, state__in=values(OPEN)
    )
    rows = list(held)
    for referral in rows:
        referral.assigned_to = None
        referral.revision += 1
        referral.save(update_fields=["assigned_to", "revision"])
        steps.note_act(CLOCK, referral, "unassign")
    return rows


@transaction.atomic
def explain_breach(
    actor: Actor, breach_id: UUID, *, reason_code: str, note: str = ""
) -> Breach:
    """Why a clock ran out, by the institution whose clock it was."""
    visible = Breach.objects.filter(institution=actor.institution_id)
    breach = find(visible.select_for_update(), breach_id)
    require(policies.can_explain(actor), _("只有本机构的转诊办公室或医师可以说明。"))
    note = steps.require_reason(reason_code, BREACH_REASONS_OF[breach.clock], note)
    breach.reason_code, breach.note = reason_code, note[:300]
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
    words = steps.words_in("outcome", outcome, missing=_("请写明随访结果。"))
    follow_up.done_at = timezone.now()
    follow_up.done_by_id = actor.account_id
    follow_up.outcome = words[:500]
    follow_up.save()
    duties.follow_up_done(follow_up, follow_up.done_at)
    record_audit(
        actor,
        "referral.follow_up",
        object_kind="follow_up",
        object_id=follow_up.id,
        person_id=follow_up.person_id,
    )
    return follow_up


# --- clocks -------------------------------------------------------------------


def _each(
    ids: Iterable[UUID], act: Callable[[Referral, datetime], bool], now: datetime
) -> int:
    """One transaction a row: one bad row does not stop the clock."""
    done = 0
    for referral_id in ids:
        try:
            done += _one(referral_id, act, now)
        except Exception as error:  # said without its words: they might name somebody
            logger.error(
                "clock %s of referral %s: %s",
                act.__name__,
                referral_id,
                type(error).__name__,
            )
    return done


@transaction.atomic
def _one(
    referral_id: UUID, act: Callable[[Referral, datetime], bool], now: datetime
) -> bool:
    """A row that somebody is acting on is left for the next round."""
    free = Referral.objects.select_for_update(of=("self",), skip_locked=True)
    row = free.filter(pk=referral_id).first()
    return row is not None and act(row, now)


def _ids(rows: QuerySet[Referral]) -> list[UUID]:
    return list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])


def _answers_overdue(now: datetime) -> list[UUID]:
    late = Referral.objects.filter(state=State.SUBMITTED.value, answer_due_at__lte=now)
    return _ids(late.exclude(breaches__clock=ClockKind.ANSWER.value))


def _running_out(now: datetime) -> list[UUID]:
    """A visit that the receiver has set lies after the day it would have ended."""
    waits_for_visit = Q(visit_at__gt=now, hold_id__isnull=False)
    out = Referral.objects.filter(state__in=_CAN_EXPIRE, valid_until__lte=now)
    return _ids(out.exclude(waits_for_visit))


def _not_arrived(now: datetime) -> list[UUID]:
    limit = now - timedelta(days=facts.limits_on(now).not_arrived_days)
    late = Q(visit_at__lte=limit) | Q(visit_at=None, answered_at__lte=limit)
    rows = Referral.objects.filter(late, state__in=values(COMING))
    return _ids(rows.exclude(follow_ups__kind=duties.CALL))


def _feedback_overdue(now: datetime) -> list[UUID]:
    late = Referral.objects.filter(
        state=State.FEEDBACK_DUE.value, feedback_due_at__lte=now
    )
    return _ids(late.exclude(breaches__clock=ClockKind.FEEDBACK.value))


def _first_visits_overdue(now: datetime) -> list[UUID]:
    limits = facts.limits_on(now)
    spare = limits.last_follow_up_days - limits.first_follow_up_days
    last_day = calendar.local_day(now) - timedelta(days=spare + 1)
    late = Referral.objects.filter(
        follow_ups__kind=duties.FIRST_VISIT,
        follow_ups__done_at=None,
        follow_ups__due_on__lte=last_day,
    )
    return _ids(late.exclude(breaches__clock=ClockKind.FOLLOW_UP.value))


def _breach_answer(referral: Referral, now: datetime) -> bool:
    due_at = referral.answer_due_at
    if referral.state != State.SUBMITTED or due_at is None or now < due_at:
        return False
    is_new = duties.note_if_late(referral, ClockKind.ANSWER, due_at)
    if is_new:
        steps.announce(referral, events.AnswerOverdue)
    return is_new


def _breach_feedback(referral: Referral, now: datetime) -> bool:
    due_at = referral.feedback_due_at
    if referral.state != State.FEEDBACK_DUE or due_at is None:
        return False
    return duties.note_if_late(referral, ClockKind.FEEDBACK, due_at)


def _breach_first_visit(referral: Referral, now: datetime) -> bool:
    waiting = FollowUp.objects.filter(
        referral=referral, kind=duties.FIRST_VISIT, done_at=None
    ).first()
    if waiting is None:
        return False
    due_at = facts.first_visit_due(waiting.due_on, now)
    return duties.note_if_late(referral, ClockKind.FOLLOW_UP, due_at)


def _call(referral: Referral, now: datetime) -> bool:
    if referral.state not in COMING:
        return False
    duties.plan_call(referral, calendar.local_day(now))
    return True


def _expire(referral: Referral, now: datetime) -> bool:
    is_out = referral.valid_until is not None and referral.valid_until <= now
    if not is_out or (State(referral.state), Step.EXPIRE) not in BY_KEY:
        return False
    duties.drop(referral, _ALL_DUTIES, now)
    steps.end_hop(CLOCK, referral, Step.EXPIRE, now=now)
    return True


# --- death and admission elsewhere ----------------------------------------------


@transaction.atomic
def _close_if_still_open(referral_id: UUID, step: Step) -> None:
    referral = Referral.objects.select_for_update(of=("self",)).get(pk=referral_id)
    if (State(referral.state), step) not in BY_KEY:
        return
    now = timezone.now()
    if step is Step.RECORD_DEATH:
        _close_dead(CLOCK, referral, "", now)
        return
    duties.drop(referral, _ALL_DUTIES, now)
    steps.end_hop(CLOCK, referral, step, reason_code=ELSEWHERE, now=now)


def _close_dead(actor: Actor, referral: Referral, note: str, now: datetime) -> None:
    duties.drop(referral, (*_ALL_DUTIES, duties.FIRST_VISIT), now)
    stays.end(CLOCK, referral, Disposition.DIED)
    steps.end_hop(actor, referral, Step.RECORD_DEATH, note=note, now=now)
