"""What the sending side does: submit, answer, see off, take back."""

from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from yilian.care.referral.models import Episode, Referral
from yilian.care.referral.queries import facts
from yilian.care.referral.rules import clocks, handover
from yilian.care.referral.rules.attachments import Part
from yilian.care.referral.rules.reasons import (
    CANCEL_REASONS,
    ERROR_REASONS,
    WITHDRAW_REASONS,
    CareKind,
    Urgency,
)
from yilian.care.referral.rules.states import PRESENT, Step
from yilian.care.referral.services import attaching, duties, stays, steps
from yilian.care.referral.services.drafting import require_open_target, require_sight
from yilian.care.referral.services.steps import lock, take
from yilian.foundation.access.actor import Actor
from yilian.foundation.parameters.working_days import working_days
from yilian.kernel import calendar
from yilian.kernel.errors import Conflict, Invalid
from yilian.kernel.text import Text, _
from yilian.kernel.tier import Direction
from yilian.registry.population.rules import RELATION_NAMES, Scope

CONSENT_BY: Final = ("self", *RELATION_NAMES)


class OpenEpisode(Conflict):
    """The person already has a hop under way in this specialty."""

    code = "referral-open-episode"

    def __init__(self, referral_id: UUID) -> None:
        self.referral_id = referral_id
        super().__init__(
            _("该患者在此专科已有未办结的转诊，请先查看那一张，不要重复申请。")
        )


@transaction.atomic
def submit(
    actor: Actor, referral_id: UUID, *, consent_by: str, revision: int | None = None
) -> Referral:
    """Send it: the receiver sees a summary from now on, and the clock runs."""
    referral = lock(actor, referral_id, Step.SUBMIT, revision)
    scope = require_sight(actor, referral.person_id)
    now = timezone.now()
    _check_facts(referral, consent_by, now)
    send(actor, referral, scope=scope, consent_by=consent_by, consented_at=now, now=now)
    return referral


def send(
    actor: Actor,
    referral: Referral,
    *,
    scope: Scope,
    consent_by: str,
    consented_at: datetime,
    now: datetime,
) -> None:
    """What submitting does, once the facts are right (also for a redirected hop).

    `scope` is what the sender goes on seeing: no more than it saw before.
    """
    referral.consent_by, referral.consented_at = consent_by, consented_at
    referral.submitted_at, referral.submitted_by_id = now, actor.account_id
    _start_clocks(referral, now)
    referral.agreement = facts.agreement_of(referral, now)
    is_stat = referral.urgency == Urgency.STAT
    referral.is_green_lane = referral.agreement is not None or is_stat
    _finish_parent(actor, referral, now)
    referral.episode = _join_episode(referral, now)
    facts.judge_anew(referral, now)
    try:
        with transaction.atomic():
            take(actor, referral, Step.SUBMIT, now=now)
    except IntegrityError as error:
        raise _explain(error, referral) from error
    attaching.send_papers(actor, referral, Part.HANDOVER)
    steps.open_to_both(actor, referral, receiver=Scope.SUMMARY, sender=scope)
    duties.plan_check_of_result(referral)


@transaction.atomic
def answer_info(
    actor: Actor, referral_id: UUID, *, answer: str, revision: int | None = None
) -> Referral:
    """Give what was asked for; the receiver's clock goes on where it stood."""
    referral = lock(actor, referral_id, Step.ANSWER_INFO, revision)
    words = steps.words_in("answer", answer, missing=_("请写明补充的内容。"))
    now = timezone.now()
    resume_clock(referral, now)
    take(actor, referral, Step.ANSWER_INFO, note=words, now=now)
    return referral


@transaction.atomic
def depart(
    actor: Actor,
    referral_id: UUID,
    *,
    transport: str = "",
    revision: int | None = None,
) -> Referral:
    """The patient has left; the encounter here, if one is open, ends."""
    referral = lock(actor, referral_id, Step.DEPART, revision)
    words = steps.words_in("transport", transport)
    now = timezone.now()
    referral.departed_at, referral.transport = now, words[:32]
    take(actor, referral, Step.DEPART, note=words, now=now)
    stays.end_at_sender(referral)
    return referral


@transaction.atomic
def withdraw(
    actor: Actor,
    referral_id: UUID,
    *,
    reason_code: str,
    note: str = "",
    revision: int | None = None,
) -> Referral:
    """撤回: before the receiver has answered."""
    referral = lock(actor, referral_id, Step.WITHDRAW, revision)
    note = steps.require_reason(reason_code, WITHDRAW_REASONS, note)
    return _end(actor, referral, Step.WITHDRAW, reason_code, note)


@transaction.atomic
def request_cancel(
    actor: Actor,
    referral_id: UUID,
    *,
    reason_code: str,
    note: str = "",
    revision: int | None = None,
) -> Referral:
    """After acceptance a place is held: the receiver confirms a cancellation."""
    referral = lock(actor, referral_id, Step.REQUEST_CANCEL, revision)
    note = steps.require_reason(reason_code, CANCEL_REASONS, note)
    take(actor, referral, Step.REQUEST_CANCEL, reason_code=reason_code, note=note)
    return referral


@transaction.atomic
def mark_error(
    actor: Actor,
    referral_id: UUID,
    *,
    reason_code: str,
    note: str = "",
    revision: int | None = None,
) -> Referral:
    """Not to be counted; the row stays, 登记有误."""
    referral = lock(actor, referral_id, Step.MARK_ERROR, revision)
    note = steps.require_reason(reason_code, ERROR_REASONS, note)
    attaching.end_papers(actor, referral)
    return _end(actor, referral, Step.MARK_ERROR, reason_code, note)


def resume_clock(referral: Referral, now: datetime) -> None:
    if referral.paused_at is None or referral.answer_due_at is None:
        return
    referral.answer_due_at = clocks.resumed(
        Urgency(referral.urgency),
        referral.answer_due_at,
        referral.paused_at,
        now,
        working_days(now),
    )
    referral.paused_at = None


def _end(
    actor: Actor, referral: Referral, step: Step, reason_code: str, note: str
) -> Referral:
    now = timezone.now()
    duties.drop(referral, [duties.CALL, duties.CHECK_RESULT], now)
    steps.end_hop(actor, referral, step, reason_code=reason_code, note=note, now=now)
    return referral


def _start_clocks(referral: Referral, now: datetime) -> None:
    limits = facts.limits_on(now)
    referral.answer_due_at = clocks.answer_due(
        Urgency(referral.urgency), now, limits, working_days(now)
    )
    inpatient = referral.care_kind == CareKind.INPATIENT
    referral.valid_until = clocks.valid_until(now, limits, inpatient=inpatient)


def _check_facts(referral: Referral, consent_by: str, now: datetime) -> None:
    if consent_by not in CONSENT_BY:
        raise Invalid(fields={"consent_by": _("请记录是谁同意转诊。")})
    if referral.person.died_at is not None:
        raise Invalid(_("该居民已登记死亡，不能转诊。如登记有误，请先更正。"))
    require_open_target(referral.to_institution, calendar.local_day(now))
    _check_way(referral, now)
    sections = handover.SECTIONS[Direction(referral.direction)]
    handover.check(sections, referral.content, urgency=Urgency(referral.urgency))


def _check_way(referral: Referral, now: datetime) -> None:
    """Skipping a tier or leaving the consortium asks for a coded reason."""
    wrong: dict[str, str | Text] = {}
    if not referral.outside_reason and not facts.shares_consortium(referral, now):
        wrong["outside_reason"] = _("转往医联体以外，请选择原因。")
    if not referral.skip_reason and facts.is_skipping(referral):
        wrong["skip_reason"] = _("越级转诊，请选择原因。")
    if wrong:
        raise Invalid(fields=wrong)


def _finish_parent(actor: Actor, referral: Referral, now: datetime) -> None:
    """Going on from here: the hop that brought the person now owes its feedback."""
    if referral.parent_id is None:
        return
    parent = Referral.objects.select_for_update(of=("self",)).get(pk=referral.parent_id)
    referral.parent = parent
    if parent.state in PRESENT:
        parent.care_ended_at = now
        parent.feedback_due_at = facts.feedback_due(now)
        take(actor, parent, Step.FINISH_CARE, now=now)


def _join_episode(referral: Referral, now: datetime) -> Episode:
    """That of the hop it goes on from, or the open one of this illness, or anew."""
    live = facts.live_hop_of(
        referral.person_id, referral.specialty, but=referral.parent_id
    )
    if live is not None:
        raise OpenEpisode(live.id)
    episode = referral.parent.episode if referral.parent is not None else None
    if episode is not None and episode.closed_at is None:
        return episode
    known = {"person_id": referral.person_id, "specialty": referral.specialty}
    standing = Episode.objects.filter(**known, closed_at=None).first()
    if standing is not None:
        return standing
    try:
        with transaction.atomic():
            return _open_episode(episode, known, now)
    except IntegrityError as error:
        raise _explain(error, referral) from error


def _open_episode(
    before: Episode | None, known: dict[str, object], now: datetime
) -> Episode:
    """An illness that goes on is the same episode again, not a second one."""
    if before is None:
        return Episode.objects.create(**known, opened_at=now)
    before.closed_at = None
    before.save()
    return before


def _explain(error: IntegrityError, referral: Referral) -> Exception:
    """Somebody was first: show theirs, instead of a database's words."""
    names = ("referral_one_live_hop_per_episode", "episode_one_open_per_person")
    if not any(name in str(error) for name in names):
        return error
    live = facts.live_hop_of(referral.person_id, referral.specialty, but=referral.id)
    if live is None:
        live = (
            Referral.objects.live()
            .filter(episode=referral.episode_id)
            .exclude(pk=referral.pk)
            .first()
        )
    return OpenEpisode(live.id if live else referral.id)
