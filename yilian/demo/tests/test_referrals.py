from collections import Counter
from datetime import timedelta

import pytest

from yilian.care.referral.rules import handover, reasons
from yilian.care.referral.rules.reasons import Urgency
from yilian.care.referral.rules.states import BY_KEY, NEXT, OPEN, Need, State, Step
from yilian.demo.world.build import Region
from yilian.demo.world.institutions.build import by_code
from yilian.demo.world.referrals.build import referrals
from yilian.demo.world.referrals.model import PlannedReferral
from yilian.kernel.tier import Direction, direction, skips

REASONS = {
    Step.DECLINE: reasons.DECLINE_REASONS,
    Step.REDIRECT: reasons.REDIRECT_REASONS,
    Step.WITHDRAW: reasons.WITHDRAW_REASONS,
    Step.REQUEST_CANCEL: reasons.CANCEL_REASONS,
    Step.REFUSE_CANCEL: reasons.REFUSE_CANCEL_REASONS,
    Step.MARK_ERROR: reasons.ERROR_REASONS,
}


def test_every_state_and_direction_and_urgency_is_met(world: Region) -> None:
    plans = world.referrals
    assert {plan.ends_in for plan in plans} == set(State)
    assert {plan.direction for plan in plans} == set(Direction)
    assert {plan.urgency for plan in plans} == set(Urgency)


def test_every_plan_follows_the_state_table_to_its_end(world: Region) -> None:
    for plan in world.referrals:
        # A redirection hands the next hop over as submitted.
        state = State.SUBMITTED if plan.follows else State.DRAFT
        for taken in plan.steps:
            state = NEXT[state, taken.step]
        assert state == plan.ends_in


def test_steps_come_in_order_within_ninety_days(world: Region) -> None:
    earliest = world.now - timedelta(days=90)
    for plan in world.referrals:
        times = [plan.drafted_at, *(taken.at for taken in plan.steps)]
        assert times == sorted(times)
        assert earliest <= times[0]
        assert times[-1] <= world.now


def test_every_step_brings_what_it_needs(world: Region) -> None:
    for plan in world.referrals:
        state = State.SUBMITTED if plan.follows else State.DRAFT
        for taken in plan.steps:
            needs = BY_KEY[state, taken.step].needs
            state = NEXT[state, taken.step]
            if Need.REASON in needs and taken.step in REASONS:
                assert taken.reason_code in REASONS[taken.step]
            if Need.QUESTION in needs or Need.ANSWER in needs:
                assert taken.note
            if Need.VISIT in needs:
                assert taken.visit_at is not None
                assert taken.visit_at > taken.at
            if taken.step is Step.REDIRECT:
                assert taken.target in by_code()
            if taken.step is Step.COMPLETE:
                assert not handover.missing(
                    handover.FEEDBACK, taken.feedback, emergency=False
                )


def test_the_hand_over_is_complete(world: Region) -> None:
    for plan in world.referrals:
        sections = handover.SECTIONS[plan.direction]
        assert not handover.missing(sections, plan.content, emergency=False)
        assert "{" not in plan.complaint + plan.reason + "".join(plan.content.values())


def test_directions_and_reasons_fit_the_houses(world: Region) -> None:
    for plan in world.referrals:
        source = by_code()[plan.from_institution].tier
        assert source is not None
        if not plan.to_institution:
            assert plan.outside_name
            assert plan.outside_reason in reasons.OUTSIDE_REASONS
            continue
        target = by_code()[plan.to_institution].tier
        assert target is not None
        assert plan.from_institution != plan.to_institution
        assert plan.direction == direction(source, target)
        assert bool(plan.skip_reason) == skips(source, target)


def test_the_receiver_has_the_department_and_takes_the_steps(world: Region) -> None:
    posts = {post.id: post for post in world.staff.posts}
    for plan in world.referrals:
        houses = {plan.from_institution, plan.to_institution}
        assert posts[plan.from_post].institution == plan.from_institution
        if plan.to_institution:
            assert by_code()[plan.to_institution].department(plan.to_department)
        for taken in plan.steps:
            if taken.post is not None:
                assert posts[taken.post].institution in houses


def test_a_redirected_referral_has_a_next_hop(world: Region) -> None:
    by_key = {plan.key: plan for plan in world.referrals}
    onward = [plan for plan in world.referrals if plan.follows]
    assert onward
    for plan in onward:
        before = by_key[plan.follows]
        assert before.ends_in is State.REDIRECTED
        assert plan.person == before.person
        assert plan.from_institution == before.to_institution
        assert plan.to_institution == before.steps[-1].target


def test_a_redirection_leads_neither_back_nor_to_where_it_was(world: Region) -> None:
    told = (
        plan
        for seed in range(12)
        for plan in referrals(world.population, world.staff, seed, world.now)
    )
    redirected = [plan for plan in told if plan.ends_in is State.REDIRECTED]
    assert redirected
    for plan in redirected:
        houses = plan.from_institution, plan.to_institution, plan.steps[-1].target
        assert len(set(houses)) == len(houses)


def test_nobody_is_in_two_stories_and_nobody_of_the_dead(world: Region) -> None:
    firsts = [plan.person for plan in world.referrals if not plan.follows]
    assert len(firsts) == len(set(firsts))
    dead = {one.id for one in world.population.residents if one.died_at}
    assert dead.isdisjoint(firsts)


def test_most_are_completed_and_the_county_desk_has_work(world: Region) -> None:
    ends = Counter(plan.ends_in for plan in world.referrals)
    assert ends.most_common(1)[0][0] is State.COMPLETED
    waiting = [plan for plan in world.referrals if _waits_at(plan, "640121-A1")]
    assert len(waiting) >= 5


@pytest.mark.parametrize("urgency", Urgency)
def test_some_answers_came_too_late(urgency: Urgency, world: Region) -> None:
    limits = {
        Urgency.STAT: timedelta(minutes=10),
        Urgency.URGENT: timedelta(hours=24),
        Urgency.ROUTINE: timedelta(days=4),
    }
    waits = [
        wait
        for plan in world.referrals
        if plan.urgency is urgency
        for wait in _waits(plan, world)
    ]
    assert any(wait > limits[urgency] for wait in waits)
    assert any(wait <= limits[urgency] for wait in waits)


def _waits(plan: PlannedReferral, world: Region) -> list[timedelta]:
    """How long the sender waited for an answer, up to now if there is none."""
    submitted = [taken.at for taken in plan.steps if taken.step is Step.SUBMIT]
    answers = {Step.ACCEPT, Step.DECLINE, Step.REDIRECT}
    answered = [taken.at for taken in plan.steps if taken.step in answers]
    if not submitted or (not answered and plan.ends_in is not State.SUBMITTED):
        return []
    return [(answered[0] if answered else world.now) - submitted[0]]


def _waits_at(plan: PlannedReferral, institution: str) -> bool:
    is_open = plan.ends_in in OPEN - {State.DRAFT}
    return plan.to_institution == institution and is_open
