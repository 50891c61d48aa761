"""The state table is complete, and everything that hangs on it agrees."""

from enum import StrEnum

import pytest

from scripts import write_states
from yilian.care.referral import events, fhir, handlers
from yilian.care.referral.models import Referral
from yilian.care.referral.rules.states import (
    BY_KEY,
    FINAL,
    LIVE,
    MOVES,
    NEXT,
    OPEN,
    SIDE_NAMES,
    STATE_NAMES,
    STEP_NAMES,
    Clock,
    Side,
    State,
    Step,
    StepNotAllowed,
    move,
    steps_from,
)
from yilian.care.referral.services.steps import EVENTS
from yilian.foundation.access.actor import Role


def test_every_state_can_be_reached_from_a_draft() -> None:
    reached = {State.DRAFT}
    while new := {NEXT[key] for key in NEXT if key[0] in reached} - reached:
        reached |= new
    assert reached == set(State)


def test_every_step_is_in_the_table_once() -> None:
    assert sorted(move.step for move in MOVES) == sorted(Step)


def test_an_open_hop_always_has_somebody_who_can_end_it() -> None:
    for state in OPEN:
        ending = {state}
        while new := {NEXT[key] for key in NEXT if key[0] in ending} - ending:
            ending |= new
        assert ending & FINAL, state


@pytest.mark.parametrize("state", sorted(OPEN))
def test_people_can_do_something_in_every_open_state(state: State) -> None:
    assert steps_from(state)


@pytest.mark.parametrize("state", sorted(FINAL))
def test_nothing_can_be_done_when_it_is_over(state: State) -> None:
    assert steps_from(state) == []
    with pytest.raises(StepNotAllowed, match="已经办结"):
        move(state, Step.ACCEPT)


def test_a_refusal_says_what_can_be_done_instead() -> None:
    with pytest.raises(StepNotAllowed) as refused:
        move(State.ARRIVED, Step.WITHDRAW)
    assert STEP_NAMES[Step.COMPLETE] in str(refused.value)
    assert STEP_NAMES[Step.WITHDRAW] in str(refused.value)


def test_what_waits_for_an_answer_has_a_clock_that_somebody_stops() -> None:
    for move_ in MOVES:
        leaves = set(move_.sources) & {State.SUBMITTED}
        if leaves and move_.target not in {State.SUBMITTED, State.INFO_REQUESTED}:
            assert move_.clock is Clock.STOP, move_.step


def test_roles_in_the_table_are_roles() -> None:
    for move_ in MOVES:
        assert {Role(role) for role in move_.roles} or move_.sides == (Side.SYSTEM,)


@pytest.mark.parametrize(
    ("names", "members"),
    [(STATE_NAMES, State), (STEP_NAMES, Step), (SIDE_NAMES, Side)],
)
def test_everything_has_a_name(names: dict[str, str], members: type[StrEnum]) -> None:
    assert set(names) == set(members)
    assert len(set(names.values())) >= len(set(members)) - 1


def test_every_state_has_a_fhir_status() -> None:
    assert set(fhir.REQUEST_STATUS) == set(State)
    assert set(fhir.TASK_STATUS) == set(State)


def test_a_closed_hop_is_not_active_in_the_record() -> None:
    for state in FINAL:
        assert fhir.REQUEST_STATUS[state] not in {"active", "draft"}
    for state in LIVE:
        assert fhir.REQUEST_STATUS[state] == "active"


def test_every_step_is_announced_and_every_event_has_its_words() -> None:
    assert set(EVENTS) == set(Step)
    kinds = set(events.ReferralEvent.__subclasses__())
    assert set(handlers.NOTICES) == kinds
    by_the_clock = {events.AnswerOverdue, events.ReferralChased}
    assert set(EVENTS.values()) | by_the_clock == kinds


def test_the_database_knows_the_same_states() -> None:
    known = next(
        constraint
        for constraint in Referral._meta.constraints
        if constraint.name == "referral_state_known"
    )
    assert sorted(State) in known.deconstruct()[2]["condition"].children[0]


def test_feedback_is_asked_for_before_an_up_referral_closes() -> None:
    into = {key for key, target in NEXT.items() if target is State.COMPLETED}
    assert into
    assert all("feedback" in BY_KEY[key].needs for key in into)


@pytest.mark.parametrize("name", write_states.pages())
def test_the_page_of_states_is_current(name: str) -> None:
    """`.venv/bin/python -m scripts.write_states` writes it anew."""
    written = (write_states.FOLDER / name).read_text(encoding="utf-8")
    assert written == write_states.render(write_states.pages()[name])


def test_every_page_of_states_is_written_from_its_table() -> None:
    found = {path.name for path in write_states.FOLDER.iterdir()}
    assert found == set(write_states.pages())
