"""What the sending side does: submit, answer, see off, take back."""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from yilian.care.referral.queries import facts
from yilian.care.referral.models import Episode, Referral
from yilian.care.referral.rules import clocks, handover
from yilian.care.referral.rules.reasons import (
    CANCEL_REASONS,
    ERROR_REASONS,
    WITHDRAW_REASONS,
    CareKind,
    Urgency,
)
from yilian.care.referral.rules.states import PRESENT, Step
from yilian.care.referral.services import steps
from yilian.care.referral.services.drafting import require_sight
from yilian.care.referral.services.steps import lock, take
from yilian.foundation.access.actor import Actor
from yilian.kernel.errors import Conflict, Invalid
from yilian.kernel.text import Text, _
from yilian.kernel.tier import Direction, Tier, skips
from yilian.registry.population.models import Person
from yilian.registry.population.rules import RELATION_NAMES, Scope
from yilian.resources.reception.rules import Disposition
from yilian.resources.reception.services import close_encounter

CONSENT_BY = ("self", *RELATION_NAMES)


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
    referral = lock(actor, referral_id, Step.SUBMIT)
    steps.require_fresh(referral, revision)
    require_sight(actor, referral.person_id)
    now = timezone.now()
    _check_facts(referral, consent_by)
    send(actor, referral, consent_by=consent_by, now=now)
    return referral


def send(actor: Actor, referral: Referral, *, consent_by: str, now: datetime) -> None:
    """What submitting does, once the facts are right (also for a redirected hop)."""
    limits = facts.limits_on(now)
    working = facts.working_days(now)
    urgency = Urgency(referral.urgency)
    inpatient = referral.care_kind == CareKind.INPATIENT
    referral.consent_by, referral.consented_at = consent_by, now
    referral.submitted_at, referral.submitted_by_id = now, actor.account_id
    referral.answer_due_at = clocks.answer_due(urgency, now, limits, working)
    referral.valid_until = clocks.valid_until(now, limits, inpatient=inpatient)
    referral.agreement = facts.agreement_of(referral, now)
    referral.is_green_lane = bool(referral.agreement_id) or urgency is Urgency.STAT
    _finish_parent(actor, referral, now)
    referral.episode = _join_episode(referral, now)
    facts.judge_anew(referral, now)
    try:
        with transaction.atomic():
            take(actor, referral, Step.SUBMIT, now=now)
    except IntegrityError as error:
        raise _explain(error, referral) from error
    steps.open_to(actor, referral, referral.to_institution_id, Scope.SUMMARY)
    steps.open_to(
        actor, referral, referral.from_institution_id, Scope.FULL, is_sole=True
    )


@transaction.atomic
def answer_info(
    actor: Actor, referral_id: UUID, *, answer: str, revision: int | None = None
) -> Referral:
    """Give what was asked for; the receiver's clock goes on where it stood."""
    referral = lock(actor, referral_id, Step.ANSWER_INFO)
    steps.require_fresh(referral, revision)
    if not answer.strip():
        raise Invalid(fields={"answer": _("请写明补充的内容。")})
    now = timezone.now()
    resume_clock(referral, now)
    take(actor, referral, Step.ANSWER_INFO, note=answer, now=now)
    return referral


@transaction.atomic
def depart(actor: Actor, referral_id: UUID, *, transport: str = "") -> Referral:
    """The patient has left; the encounter here, if one is open, ends."""
    referral = lock(actor, referral_id, Step.DEPART)
    now = timezone.now()
    referral.departed_at, referral.transport = now, transport
    take(actor, referral, Step.DEPART, note=transport, now=now)
    parent = referral.parent
    if parent is not None and parent.encounter_id is not None:
        close_encounter(actor, parent.encounter_id, disposition=Disposition.TRANSFERRED)
    return referral


@transaction.atomic
def withdraw(
    actor: Actor, referral_id: UUID, *, reason_code: str, note: str = ""
) -> Referral:
    referral = lock(actor, referral_id, Step.WITHDRAW)
    steps.require_reason(reason_code, WITHDRAW_REASONS, note)
    return _end(actor, referral, Step.WITHDRAW, reason_code, note)


@transaction.atomic
def request_cancel(
    actor: Actor, referral_id: UUID, *, reason_code: str, note: str = ""
) -> Referral:
    """After acceptance a place is held: the receiver confirms a cancellation."""
    referral = lock(actor, referral_id, Step.REQUEST_CANCEL)
    steps.require_reason(reason_code, CANCEL_REASONS, note)
    take(actor, referral, Step.REQUEST_CANCEL, reason_code=reason_code, note=note)
    return referral


@transaction.atomic
def mark_error(
    actor: Actor, referral_id: UUID, *, reason_code: str, note: str = ""
) -> Referral:
    referral = lock(actor, referral_id, Step.MARK_ERROR)
    steps.require_reason(reason_code, ERROR_REASONS, note)
    return _end(actor, referral, Step.MARK_ERROR, reason_code, note)


def resume_clock(referral: Referral, now: datetime) -> None:
    if referral.paused_at is None or referral.answer_due_at is None:
        return
    referral.answer_due_at = clocks.resumed(
        referral.answer_due_at, referral.paused_at, now
    )
    referral.paused_at = None


def _end(
    actor: Actor, referral: Referral, step: Step, reason_code: str, note: str
) -> Referral:
    now = timezone.now()
    steps.free_place(actor, referral)
    take(actor, referral, step, reason_code=reason_code, note=note, now=now)
    steps.close_to_receiver(referral)
    steps.close_episode_if_done(referral, now)
    return referral


def _check_facts(referral: Referral, consent_by: str) -> None:
    if consent_by not in CONSENT_BY:
        raise Invalid(fields={"consent_by": _("请记录是谁同意转诊。")})
    person = Person.objects.only("died_at").get(pk=referral.person_id)
    if person.died_at is not None:
        raise Invalid(_("该居民已登记死亡，不能转诊。如登记有误，请先更正。"))
    _check_target_open(referral)
    _check_way(referral)
    sections = handover.SECTIONS[Direction(referral.direction)]
    handover.check(sections, referral.content, urgency=Urgency(referral.urgency))


def _check_target_open(referral: Referral) -> None:
    target = referral.to_institution
    if target is not None and target.closed_on is not None:
        words = Text(_("{name}已停业，请另选机构。"), {"name": target.short_name})
        raise Invalid(fields={"to_institution_id": words})


def _check_way(referral: Referral) -> None:
    """Skipping a tier or leaving the consortium asks for a coded reason."""
    wrong: dict[str, str | Text] = {}
    source, target = referral.from_institution.tier, referral.to_institution
    if target is None or not facts.shares_consortium(referral, timezone.now()):
        if not referral.outside_reason:
            wrong["outside_reason"] = _("转往医联体以外，请选择原因。")
    if target is not None and source and target.tier:
        if skips(Tier(source), Tier(target.tier)) and not referral.skip_reason:
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
    if referral.parent is not None and referral.parent.episode is not None:
        episode = referral.parent.episode
        if episode.closed_at is not None:
            episode.closed_at = None
            episode.save()
        return episode
    known = {"person_id": referral.person_id, "specialty": referral.specialty}
    episode = Episode.objects.filter(**known, closed_at=None).first()
    if episode is None:
        return _open_episode(referral, now)
    live = Referral.objects.live().filter(episode=episode).first()
    if live is not None:
        raise OpenEpisode(live.id)
    return episode


def _open_episode(referral: Referral, now: datetime) -> Episode:
    try:
        with transaction.atomic():
            return Episode.objects.create(
                person_id=referral.person_id,
                specialty=referral.specialty,
                opened_at=now,
            )
    except IntegrityError as error:
        raise _explain(error, referral) from error


def _explain(error: IntegrityError, referral: Referral) -> Exception:
    """Somebody was first: show theirs, instead of a database's words."""
    names = ("referral_one_live_hop_per_episode", "episode_one_open_per_person")
    if not any(name in str(error) for name in names):
        return error
    live = (
        Referral.objects.live()
        .filter(person=referral.person_id, specialty=referral.specialty)
        .exclude(pk=referral.pk)
        .first()
    )
    return OpenEpisode(live.id if live else referral.id)
