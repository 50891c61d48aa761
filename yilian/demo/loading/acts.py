"""Each step of the state table, taken through its service as planned."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final
from uuid import UUID

from yilian.care.referral.models import FollowUp, Referral
from yilian.care.referral.queries import ladders
from yilian.care.referral.rules.ladder import LADDERS, moments
from yilian.care.referral.rules.reasons import CareKind, Urgency
from yilian.care.referral.rules.states import State, Step
from yilian.care.referral.services import chasing, closing, receiving, sending
from yilian.care.referral.services.placing import Place
from yilian.demo.loading.places import department_id, institution_id
from yilian.demo.loading.stage import Stage
from yilian.demo.loading.story import Story
from yilian.demo.world.referrals.model import PlannedStep
from yilian.foundation.access.actor import Actor, Role
from yilian.kernel.calendar import local_day
from yilian.kernel.errors import Conflict
from yilian.kernel.ids import new_id
from yilian.registry.population.ports import demo_card_of
from yilian.resources.reception import services as reception
from yilian.resources.reception.models import Encounter
from yilian.resources.reception.rules import (
    Disposition,
    EncounterKind,
    EncounterState,
    Presence,
)
from yilian.resources.scheduling.queries import free_slots
from yilian.resources.scheduling.rules import FOR_REFERRAL
from yilian.resources.scheduling.services.holds import PlaceTaken

_EVIDENCE: Final = "电话核实：对方医务处回电确认，通话时间和分机号已登记。"
_TRANSPORT: Final = {
    Urgency.STAT: "120 急救车",
    Urgency.URGENT: "120 急救车",
    Urgency.ROUTINE: "自行前往",
}
_STAT_ARRIVES: Final = timedelta(minutes=40)
_ELSEWHERE: Final = timedelta(days=6)
_CLINIC: Final = (Role.REFERRAL_DESK, Role.PHYSICIAN)


@dataclass(frozen=True, slots=True)
class Taking:
    """One step about to be taken, by whom, on which referral."""

    stage: Stage
    story: Story
    step: PlannedStep
    referral_id: UUID
    actor: Actor

    @property
    def evidence(self) -> str:
        """What an outside hospital answered is written down by the sender."""
        return self.step.note or ("" if self.story.target else _EVIDENCE)


def _submit(it: Taking) -> None:
    sending.submit(it.actor, it.referral_id, consent_by=it.story.plan.consent_by)
    _chase_while_silent(it)


def _chase_while_silent(it: Taking) -> None:
    """The ladder climbs at its own moments until the story's answer comes."""
    hops = Referral.objects.filter(pk=it.referral_id)
    [standing] = ladders.standings(list(hops), it.stage.now)
    rungs = LADDERS[standing.clock]
    answered = min((one.at for one in _after(it) if one.step in _ANSWERS), default=None)
    for one in moments(rungs, standing.running, it.stage.now):
        if answered is None or one.at < answered:
            it.stage.later(one.at, partial(chasing.chase, it.referral_id))


def _after(it: Taking) -> list[PlannedStep]:
    return [one for one in it.story.plan.steps if one.at > it.step.at]


_ANSWERS: Final = frozenset(
    {Step.ACCEPT, Step.DECLINE, Step.REDIRECT, Step.WITHDRAW, Step.REQUEST_INFO}
)


def _request_info(it: Taking) -> None:
    receiving.request_info(it.actor, it.referral_id, question=it.step.note)


def _answer_info(it: Taking) -> None:
    sending.answer_info(it.actor, it.referral_id, answer=it.step.note)


def _accept(it: Taking) -> None:
    receiving.accept(it.actor, it.referral_id, note=it.evidence)
    it.stage.later(it.stage.now + timedelta(minutes=1), partial(_assign, it))


def _assign(it: Taking) -> None:
    """The desk gives the patient to the doctor who will admit them."""
    admits = it.story.next_after(it.step, Step.ADMIT)
    where = it.story.department
    if admits is None or where is None or not it.actor.has(Role.REFERRAL_DESK):
        return
    act = partial(
        receiving.assign,
        it.actor,
        it.referral_id,
        department_id=where.id,
        post_id=admits.post,
    )
    it.stage.attempt(it.story.key, "assign", act)


def _decline(it: Taking) -> None:
    receiving.decline(
        it.actor, it.referral_id, reason_code=it.step.reason_code, note=it.evidence
    )


def _redirect(it: Taking) -> None:
    hop = receiving.redirect(
        it.actor,
        it.referral_id,
        to_institution_id=institution_id(it.step.target),
        to_department_id=department_id(it.step.target, it.step.target_department),
        reason_code=it.step.reason_code,
        note=it.step.note,
    )
    if it.story.onward is not None:
        it.story.onward.referral_id = hop.id


def _schedule(it: Taking) -> None:
    """A bed or an appointment; where none is free, just the time that was agreed."""
    visit_at = _visit_at(it)
    place = _place(it, visit_at)
    try:
        receiving.schedule(it.actor, it.referral_id, place=place)
    except PlaceTaken:
        only_time = Place(visit_at=visit_at)
        receiving.schedule(it.actor, it.referral_id, place=only_time)


def _visit_at(it: Taking) -> datetime:
    """Near the time at which the patient will come; a stat one sets out at once."""
    arrives = it.story.next_after(it.step, Step.ARRIVE)
    if arrives is not None:
        early = timedelta(minutes=it.stage.rng.randrange(-20, 25))
        return max(it.stage.now, arrives.at - early)
    if it.story.plan.urgency is Urgency.STAT:
        return it.stage.now + _STAT_ARRIVES
    return it.step.visit_at or it.stage.now + timedelta(days=1)


def _place(it: Taking, visit_at: datetime) -> Place:
    if it.story.care_kind is CareKind.INPATIENT:
        return Place(wants_bed=True, visit_at=visit_at)
    is_bookable = local_day(visit_at) >= local_day(it.stage.region.now)
    if it.story.department is None or not is_bookable:
        return Place(visit_at=visit_at)
    free = free_slots(it.story.department.id, FOR_REFERRAL, visit_at, limit=1)
    return Place(slot_id=free[0].id) if free else Place(visit_at=visit_at)


def _depart(it: Taking) -> None:
    transport = _TRANSPORT[it.story.plan.urgency]
    sending.depart(it.actor, it.referral_id, transport=transport)


def _arrive(it: Taking) -> None:
    receiving.arrive(it.actor, it.referral_id, note=it.evidence)
    after = timedelta(days=7, hours=it.stage.rng.randrange(2, 90))
    it.stage.later(it.stage.now + after, partial(_follow_up, it, "first_visit"))


def _mark_no_show(it: Taking) -> None:
    receiving.mark_no_show(it.actor, it.referral_id, note=it.step.note)
    after = timedelta(hours=it.stage.rng.randrange(3, 30))
    it.stage.later(it.stage.now + after, partial(_follow_up, it, "not_arrived_call"))


def _follow_up(it: Taking, kind: str) -> None:
    """Most are made; who was forgotten stands on the list of those that are due."""
    waiting = FollowUp.objects.filter(
        referral=it.referral_id, kind=kind, done_at=None
    ).first()
    if waiting is None or it.stage.rng.random() < _FORGOTTEN:
        return
    act = partial(closing.do_follow_up, it.actor, waiting.pk, outcome=_OUTCOMES[kind])
    it.stage.attempt(it.story.key, f"follow_up.{kind}", act)


_FORGOTTEN: Final = 0.2
_OUTCOMES: Final = {
    "first_visit": "已入户随访：血压、血糖在目标内，用药与下转方案一致，无新发不适。",
    "not_arrived_call": "电话联系家属：因家中有事未能按时前往，已说明复诊安排。",
}


def _admit(it: Taking) -> None:
    receiving.admit(it.actor, it.referral_id)


def _finish_care(it: Taking) -> None:
    receiving.finish_care(it.actor, it.referral_id)


def _complete(it: Taking) -> None:
    receiving.complete(it.actor, it.referral_id, feedback=dict(it.step.feedback))


def _withdraw(it: Taking) -> None:
    sending.withdraw(
        it.actor,
        it.referral_id,
        reason_code=it.step.reason_code,
        note=it.step.note,
    )


def _request_cancel(it: Taking) -> None:
    sending.request_cancel(
        it.actor,
        it.referral_id,
        reason_code=it.step.reason_code,
        note=it.step.note,
    )


def _confirm_cancel(it: Taking) -> None:
    receiving.confirm_cancel(it.actor, it.referral_id)


def _refuse_cancel(it: Taking) -> None:
    receiving.refuse_cancel(
        it.actor,
        it.referral_id,
        reason_code=it.step.reason_code,
        note=it.step.note,
    )


def _expire(it: Taking) -> None:
    """The clock closes what has run out; it may have done so before."""
    closing.run_clocks()
    if Referral.objects.get(pk=it.referral_id).state != State.EXPIRED:
        raise Conflict("不到过期的时候。")


def _record_death(it: Taking) -> None:
    died_at = it.stage.now - timedelta(minutes=20)
    closing.record_death(it.actor, it.referral_id, died_at=died_at, note=it.step.note)


def _close_elsewhere(it: Taking) -> None:
    """The person came to lie in another hospital, and the hop here closes."""
    house = it.stage.another_hospital(it.story.sender, it.story.target)
    actor = it.stage.somebody(house.code, (Role.PHYSICIAN,))
    if actor is None:
        raise Conflict("没有另一家医院。")
    leave_sender(it.stage, it.story, Disposition.OTHER)
    stay = reception.open_encounter(
        actor,
        key=new_id(),
        person_id=it.story.plan.person,
        kind=EncounterKind.INPATIENT,
        department_id=actor.department_id,
        presence=Presence.CARD,
        proof=demo_card_of(it.story.plan.person),
        reason=it.story.plan.diagnosis_name,
    )
    closing.close_for_admission(stay.person_id, house.id, stay.started_at)
    leave = partial(
        reception.close_encounter, actor, stay.id, disposition=Disposition.HOME
    )
    ends = partial(it.stage.attempt, it.story.key, "leave", leave)
    it.stage.later(it.stage.now + _ELSEWHERE, ends)


def _mark_error(it: Taking) -> None:
    sending.mark_error(
        it.actor,
        it.referral_id,
        reason_code=it.step.reason_code,
        note=it.step.note,
    )


def leave_sender(stage: Stage, story: Story, disposition: Disposition) -> None:
    """Unless a departure or an arrival has closed the visit already."""
    if story.encounter_id is None:
        return
    standing = Encounter.objects.filter(
        pk=story.encounter_id, state=EncounterState.IN_PROGRESS.value
    )
    if standing.exists():
        reception.close_encounter(
            stage.actor(story.sender_post), story.encounter_id, disposition=disposition
        )


TAKE: Final[Mapping[Step, Callable[[Taking], None]]] = {
    Step.SUBMIT: _submit,
    Step.REQUEST_INFO: _request_info,
    Step.ANSWER_INFO: _answer_info,
    Step.ACCEPT: _accept,
    Step.DECLINE: _decline,
    Step.REDIRECT: _redirect,
    Step.SCHEDULE: _schedule,
    Step.DEPART: _depart,
    Step.ARRIVE: _arrive,
    Step.MARK_NO_SHOW: _mark_no_show,
    Step.ADMIT: _admit,
    Step.FINISH_CARE: _finish_care,
    Step.COMPLETE: _complete,
    Step.WITHDRAW: _withdraw,
    Step.REQUEST_CANCEL: _request_cancel,
    Step.CONFIRM_CANCEL: _confirm_cancel,
    Step.REFUSE_CANCEL: _refuse_cancel,
    Step.EXPIRE: _expire,
    Step.RECORD_DEATH: _record_death,
    Step.CLOSE_ELSEWHERE: _close_elsewhere,
    Step.MARK_ERROR: _mark_error,
}
