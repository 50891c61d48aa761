"""Who may take which step: the whole matrix, from the table itself."""

import pytest

from yilian.care.referral import policies
from yilian.care.referral.models import Referral
from yilian.care.referral.rules.states import (
    CLOSED_TO_RECEIVER,
    MOVES,
    Move,
    Side,
    State,
)
from yilian.foundation.access.actor import Actor, Reach, Role, system_actor
from yilian.kernel.ids import new_id
from yilian.kernel.tier import Tier

HERE, THERE, ELSEWHERE = new_id(), new_id(), new_id()
PLACES = {"sender": HERE, "receiver": THERE, "nobody": ELSEWHERE}


def _staff(where: str, role: Role) -> Actor:
    return Actor(
        account_id=new_id(),
        reach=Reach.INSTITUTION,
        roles=frozenset({role}),
        institution_id=PLACES[where],
        tier=Tier.PRIMARY,
    )


def _referral(state: State = State.SUBMITTED) -> Referral:
    return Referral(from_institution_id=HERE, to_institution_id=THERE, state=state)


@pytest.mark.parametrize("role", sorted(Role))
@pytest.mark.parametrize("where", sorted(PLACES))
@pytest.mark.parametrize("move", MOVES, ids=lambda move: move.step.value)
def test_side_and_role_decide_together(move: Move, where: str, role: Role) -> None:
    expected = role.value in move.roles and where in {side.value for side in move.sides}
    actor = _staff(where, role)
    assert policies.can_take(actor, _referral(), move.step) is expected


@pytest.mark.parametrize("move", MOVES, ids=lambda move: move.step.value)
def test_the_system_takes_its_own_steps_only(move: Move) -> None:
    allowed = policies.can_take(system_actor("clock"), _referral(), move.step)
    assert allowed is (Side.SYSTEM in move.sides)


@pytest.mark.parametrize("move", MOVES, ids=lambda move: move.step.value)
def test_every_refusal_says_who_may(move: Move) -> None:
    said = str(policies.why_not(move.step))
    assert ("医师" in said) or ("系统" in said)


@pytest.mark.parametrize("move", MOVES, ids=lambda move: move.step.value)
def test_outside_the_region_the_sender_records_the_other_side(move: Move) -> None:
    outside = Referral(from_institution_id=HERE, to_institution_id=None)
    sender = _staff("sender", Role.PHYSICIAN)
    nobody = _staff("nobody", Role.PHYSICIAN)
    expected = "physician" in move.roles and move.sides != (Side.SYSTEM,)
    assert policies.can_take(sender, outside, move.step) is expected
    assert policies.can_take(nobody, outside, move.step) is False


@pytest.mark.parametrize("state", sorted(State))
def test_a_receiver_that_did_not_take_the_patient_reads_no_content(
    state: State,
) -> None:
    receiver = _staff("receiver", Role.REFERRAL_DESK)
    sender = _staff("sender", Role.REFERRAL_DESK)
    expected = state not in CLOSED_TO_RECEIVER
    assert policies.can_read_content(receiver, _referral(state)) is expected
    assert policies.can_read_content(sender, _referral(state)) is True


@pytest.mark.parametrize(
    ("role", "may"),
    [
        (Role.PHYSICIAN, True),
        (Role.REFERRAL_DESK, True),
        (Role.NURSE, False),
        (Role.INSURER, False),
        (Role.SYSTEM_ADMIN, False),
    ],
)
def test_who_may_write_a_referral(role: Role, may: bool) -> None:
    assert policies.can_draft(_staff("sender", role)) is may
