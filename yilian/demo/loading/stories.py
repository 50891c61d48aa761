"""A planned referral as acts: coming to the sender, the draft, each step, leaving.

Whoever writes a referral must see the person, so each story begins at the sender's
desk, where the person shows a card. A hop that a redirection made begins with its
next step: it was sent already, by the sender of the hop before.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import Final
from uuid import UUID

from yilian.care.referral.rules.states import OPEN, State
from yilian.care.referral.services import drafting
from yilian.demo.loading.acts import TAKE, Taking, leave_sender
from yilian.demo.loading.places import department_id, institution_id
from yilian.demo.loading.stage import Stage
from yilian.demo.loading.story import Story
from yilian.demo.world.referrals.model import PlannedReferral, PlannedStep
from yilian.foundation.access.actor import Actor, system_actor
from yilian.kernel.calendar import local_day
from yilian.kernel.ids import new_id
from yilian.registry.consortium.queries import share_patients
from yilian.registry.population.ports import demo_card_of
from yilian.resources.reception import services as reception
from yilian.resources.reception.rules import Disposition, EncounterKind, Presence
from yilian.resources.scheduling.rules import FOR_ALL
from yilian.resources.scheduling.services import hold_bed
from yilian.resources.scheduling.services.holds import PlaceTaken

_OUTSIDE: Final = "no_capability"
_A_DAY: Final = timedelta(days=1)


def stories_of(plans: Iterable[PlannedReferral]) -> list[Story]:
    """In the order of the plans; each redirected hop knows the one before."""
    by_key: dict[str, Story] = {}
    for plan in plans:
        before = by_key[plan.follows] if plan.follows else None
        story = by_key[plan.key] = Story(plan, before)
        if before is not None:
            before.onward = story
    return list(by_key.values())


def spans_of(
    stories: Iterable[Story], now: datetime
) -> dict[UUID, tuple[datetime, datetime]]:
    """From when to when each person is busy; an open story goes on beyond now."""
    spans: dict[UUID, tuple[datetime, datetime]] = {}
    for story in stories:
        is_open = story.plan.ends_in in OPEN
        ends_at = now + _A_DAY if is_open else story.last_at + _A_DAY
        begins_at, until = spans.get(story.plan.person, (story.comes_at, ends_at))
        spans[story.plan.person] = (min(begins_at, story.comes_at), max(until, ends_at))
    return spans


def deaths_of(stories: Iterable[Story]) -> dict[UUID, datetime]:
    return {
        story.plan.person: story.last_at
        for story in stories
        if story.plan.ends_in is State.DECEASED
    }


def put_on(stage: Stage, story: Story) -> None:
    """All acts of one hop, each at its moment."""
    if story.before is None:
        stage.later(story.comes_at, partial(_come, stage, story))
        stage.later(story.plan.drafted_at, partial(_draft, stage, story))
        if story.leaves_at is not None:
            stage.later(story.leaves_at, partial(_leave, stage, story))
    for step in story.plan.steps:
        stage.later(step.at, partial(_take, stage, story, step))


def _come(stage: Stage, story: Story) -> None:
    stage.attempt(story.key, "come", partial(_open, stage, story))


def _open(stage: Stage, story: Story) -> None:
    actor = stage.actor(story.sender_post)
    plan = story.plan
    encounter = reception.open_encounter(
        actor,
        key=new_id(),
        person_id=plan.person,
        kind=story.coming,
        department_id=department_id(plan.from_institution, plan.from_department),
        presence=Presence.CARD,
        proof=demo_card_of(plan.person),
        reason=plan.complaint[:100],
        hold_id=_bed(stage, story, actor),
    )
    story.encounter_id = encounter.id


def _bed(stage: Stage, story: Story, actor: Actor) -> UUID | None:
    """None too when the ward is full: the person lies in an extra bed."""
    ward = department_id(story.plan.from_institution, story.plan.from_department)
    if story.coming is not EncounterKind.INPATIENT or ward is None:
        return None
    try:
        hold = hold_bed(
            actor,
            ward,
            person_id=story.plan.person,
            purpose_kind="encounter",
            purpose_id=new_id(),
            from_at=stage.now,
            expires_at=None,
            quotas=FOR_ALL,
        )
    except PlaceTaken:
        return None
    return hold.id


def _draft(stage: Stage, story: Story) -> None:
    stage.attempt(story.key, "draft", partial(_write, stage, story))


def _write(stage: Stage, story: Story) -> None:
    actor = stage.actor(story.sender_post)
    referral = drafting.draft(
        actor, key=new_id(), person_id=story.plan.person, sheet=_sheet(stage, story)
    )
    story.referral_id = referral.id


def _sheet(stage: Stage, story: Story) -> drafting.Sheet:
    plan, target = story.plan, story.target
    where = department_id(target.code, plan.to_department) if target else None
    return drafting.Sheet(
        urgency=plan.urgency,
        specialty=plan.specialty,
        diagnosis_code=plan.diagnosis_code,
        reason=plan.reason,
        care_kind=story.care_kind,
        to_institution_id=target.id if target else None,
        to_department_id=where,
        outside_name=plan.outside_name,
        outside_place=plan.outside_place,
        content=dict(plan.content),
        rule_ids=plan.rule_ids,
        skip_reason=plan.skip_reason,
        outside_reason=plan.outside_reason or _outside_reason(stage, story),
    )


def _outside_reason(stage: Stage, story: Story) -> str:
    """Between houses that share no consortium a reason is asked for."""
    way = (story.plan.from_institution, story.plan.to_institution)
    if way not in stage.shared:
        source, target = map(institution_id, way)
        stage.shared[way] = share_patients(source, target, local_day(stage.now))
    return "" if stage.shared[way] else _OUTSIDE


def _take(stage: Stage, story: Story, step: PlannedStep) -> None:
    """A story that stopped before is not gone on with."""
    if story.referral_id is None:
        return
    taking = Taking(stage, story, step, story.referral_id, _actor(stage, story, step))
    if not stage.attempt(story.key, step.step.value, partial(TAKE[step.step], taking)):
        story.referral_id = None


def _actor(stage: Stage, story: Story, step: PlannedStep) -> Actor:
    if step.post is None:
        return system_actor("demo")
    is_senders = stage.house_of(step.post) == story.plan.from_institution
    return stage.actor(story.sender_post if is_senders else step.post)


def _leave(stage: Stage, story: Story) -> None:
    act = partial(leave_sender, stage, story, Disposition.HOME)
    stage.attempt(story.key, "leave", act)
