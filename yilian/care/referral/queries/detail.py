"""One hop with everything about it, as the actor may see it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from yilian.care.referral import policies
from yilian.care.referral.models import Breach, FollowUp, Referral, ReferralStep
from yilian.care.referral.queries import desk
from yilian.care.referral.queries.desk import HopLine
from yilian.care.referral.queries.ladders import OWED
from yilian.care.referral.queries.next_hospital import is_offered
from yilian.care.referral.queries.reminding import ReminderLine, reminders
from yilian.care.referral.queries.rows import WITH_AGREEMENT, with_names
from yilian.care.referral.rules import reasons
from yilian.care.referral.rules.compliance import VERDICT_NAMES, Verdict
from yilian.care.referral.rules.handover import FEEDBACKS, SECTIONS, Section
from yilian.care.referral.rules.states import STEP_NAMES, Side, Step
from yilian.foundation.access.actor import Actor
from yilian.kernel.tier import Direction
from yilian.registry.directory.models import Institution
from yilian.registry.directory.queries import DutyLine, duties_now
from yilian.registry.directory.rules import DutyKind
from yilian.registry.population.queries.cards import PersonCard, cards

REASON_NAMES: Final[Mapping[str, str]] = {
    **reasons.DECLINE_REASONS,
    **reasons.REDIRECT_REASONS,
    **reasons.WITHDRAW_REASONS,
    **reasons.REFUSE_CANCEL_REASONS,
    **reasons.ERROR_REASONS,
    **reasons.SKIP_REASONS,
    **reasons.OUTSIDE_REASONS,
}


@dataclass(frozen=True, slots=True)
class Part:
    """One filled section of a hand-over or a feedback."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class StepLine:
    at: datetime
    words: str
    who: str
    note: str
    kind: str


@dataclass(frozen=True, slots=True)
class CheckLine:
    question: str
    holds: bool | None
    clause: str
    is_decisive: bool


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to telephone at a side, 联系电话."""

    institution: str
    phone: str
    duty: DutyLine | None


@dataclass(frozen=True, slots=True)
class HopDetail:
    hop: HopLine
    side: Side | None
    care_kind: str
    diagnosis_code: str
    content: Sequence[Part]
    feedback: Sequence[Part]
    steps: Sequence[StepLine | ReminderLine]
    verdict: Verdict | None
    verdict_name: str
    checks: Sequence[CheckLine]
    hops: Sequence[HopLine]
    follow_ups: Sequence[FollowUp]
    breaches: Sequence[Breach]
    skip_reason: str
    outside_reason: str
    agreement_title: str
    valid_until: datetime | None
    check_result_on: date | None
    consent_by: str
    consented_at: datetime | None
    sender: Contact
    receiver: Contact
    can_edit: bool
    can_assign: bool
    can_nudge: bool
    offers_next: bool  # the last rung is reached: the sender may ask elsewhere
    is_outside: bool


def detail(actor: Actor, referral_id: UUID) -> HopDetail:
    """404 where the hop is not within the actor's sight."""
    row = WITH_AGREEMENT.of(actor, referral_id)
    people = cards(actor, [row.person_id])
    [hop] = desk.lines_of(actor, [row], people)
    duties = _duties(row)
    way = Direction(row.direction)
    readable = hop.is_readable
    verdict = row.verdict.get("verdict")
    return HopDetail(
        hop=hop,
        side=policies.side_of(actor, row),
        care_kind=reasons.CARE_KIND_NAMES[reasons.CareKind(row.care_kind)],
        diagnosis_code=row.diagnosis_code if readable else "",
        content=_parts(SECTIONS[way], row.content) if readable else (),
        feedback=_parts(FEEDBACKS[way], row.feedback) if readable else (),
        steps=_steps(row, readable),
        verdict=Verdict(verdict) if verdict else None,
        verdict_name=VERDICT_NAMES[Verdict(verdict)] if verdict else "",
        checks=_checks(row.verdict),
        hops=_episode(actor, row, people),
        follow_ups=list(row.follow_ups.order_by("due_on")),
        breaches=list(row.breaches.order_by("due_at")),
        skip_reason=REASON_NAMES.get(row.skip_reason, ""),
        outside_reason=REASON_NAMES.get(row.outside_reason, ""),
        agreement_title=row.agreement.title if row.agreement else "",
        valid_until=row.valid_until,
        check_result_on=row.check_result_on,
        consent_by=row.consent_by,
        consented_at=row.consented_at,
        sender=_contact(duties, row.from_institution),
        receiver=_contact(duties, row.to_institution, row.outside_name),
        can_edit=policies.can_edit(actor, row),
        can_assign=policies.can_assign(actor, row),
        can_nudge=row.state in OWED and policies.can_nudge(actor, row),
        offers_next=policies.sends(actor, row) and is_offered(row),
        is_outside=row.to_institution_id is None,
    )


def _parts(sections: Sequence[Section], content: Mapping[str, str]) -> list[Part]:
    return [
        Part(section.title, content[section.key])
        for section in sections
        if content.get(section.key)
    ]


def _steps(row: Referral, readable: bool) -> list[StepLine | ReminderLine]:
    """What was done, and in between who was told when."""
    rows = row.steps.select_related("institution").order_by("taken_at", "pk")
    lines: list[StepLine | ReminderLine] = [_step(step, readable) for step in rows]
    return sorted([*lines, *reminders(row)], key=lambda line: line.at)


def _step(step: ReferralStep, readable: bool) -> StepLine:
    place = step.institution.short_name if step.institution else ""
    # A reason is kept for the declined side; free words may hold clinical content.
    reason = REASON_NAMES.get(step.reason_code, "")
    note = step.note if readable else ""
    return StepLine(
        at=step.taken_at,
        words=STEP_NAMES[Step(step.step)],
        who=" · ".join(part for part in (place, step.actor_name) if part),
        note="：".join(part for part in (reason, note) if part),
        kind=_KINDS.get(Step(step.step), ""),
    )


_KINDS: Final[Mapping[Step, str]] = {
    Step.ACCEPT: "good",
    Step.ARRIVE: "good",
    Step.COMPLETE: "good",
    Step.DECLINE: "urgent",
    Step.REDIRECT: "urgent",
    Step.MARK_NO_SHOW: "urgent",
    Step.EXPIRE: "stat",
    Step.RECORD_DEATH: "stat",
}


def _checks(verdict: Mapping[str, Any]) -> list[CheckLine]:
    return [
        CheckLine(c["question"], c["holds"], c["clause"], c["is_decisive"])
        for c in verdict.get("checks", ())
    ]


def _episode(
    actor: Actor, row: Referral, people: Mapping[UUID, PersonCard]
) -> list[HopLine]:
    """The hops of one illness, of one person, that this actor may know of."""
    if row.episode_id is None:
        return []
    visible = Referral.objects.visible_to(actor).filter(episode=row.episode_id)
    found = with_names(visible)
    return desk.lines_of(actor, list(found.order_by("created_at")[:20]), people)


def _duties(row: Referral) -> Mapping[UUID, DutyLine]:
    sides = [row.from_institution_id, row.to_institution_id]
    return duties_now(filter(None, sides), DutyKind.REFERRAL_OFFICE.value)


def _contact(
    duties: Mapping[UUID, DutyLine], institution: Institution | None, outside: str = ""
) -> Contact:
    if institution is None:
        return Contact(outside, "", None)
    phone = institution.referral_phone or institution.phone
    return Contact(institution.short_name, phone, duties.get(institution.id))
