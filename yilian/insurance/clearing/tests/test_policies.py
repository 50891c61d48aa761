"""Who may take which step: side and role decide together."""

from decimal import Decimal

import pytest

from yilian.foundation.access.actor import Actor, Reach, Role, system_actor
from yilian.insurance.clearing import policies
from yilian.insurance.clearing.models import SharedService
from yilian.insurance.clearing.models_statement import Dispute, Statement
from yilian.insurance.clearing.rules import slip as slips
from yilian.insurance.clearing.rules.statement import MOVES, Move, Side, State, Step
from yilian.kernel.ids import new_id

ONE, OTHER = sorted([new_id(), new_id()])
ELSEWHERE, WITHIN = new_id(), new_id()
ZERO = Decimal(0)
ROLES = sorted(Role)


def _actor(where: object, role: Role) -> Actor:
    return Actor(
        account_id=new_id(),
        reach=Reach.AREA,
        roles=frozenset({role}),
        institution_id=where,  # type: ignore[arg-type]
    )


def _row(state: State) -> Statement:
    """The first house pays, and has signed where one has."""
    half = ONE if state is State.HALF_CONFIRMED else None
    return Statement(
        consortium_id=WITHIN, one_id=ONE, other_id=OTHER, state=state.value,
        one_owes=Decimal(10), other_owes=ZERO, one_adjusted=ZERO, other_adjusted=ZERO,
        half_confirmed_by_id=half,
    )  # fmt: skip


# In the first house's own words; it pays, has signed, and has raised the dispute.
SIDES = {
    ONE: {Side.PARTY, Side.PAYER, Side.DISPUTER},
    OTHER: {Side.PARTY, Side.SECOND, Side.ANSWERER},
    ELSEWHERE: set(),
}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("where", list(SIDES), ids=["one", "other", "elsewhere"])
@pytest.mark.parametrize("move", MOVES, ids=lambda move: f"{move.step}-{move.target}")
def test_side_and_role_decide_together(move: Move, where: object, role: Role) -> None:
    state = move.sources[0]
    row = _row(state)
    dispute = Dispute(statement=row, raised_by_id=ONE)
    stands = set(SIDES[where]) if role is Role.FINANCE else set()  # type: ignore[index]
    if state is not State.HALF_CONFIRMED:
        stands -= {Side.SECOND}
    allowed = policies.can_take(_actor(where, role), row, move.step, dispute)
    in_state = {
        side
        for one in MOVES
        if one.step is move.step and state in one.sources
        for side in one.sides
    }
    assert allowed is bool(stands & in_state)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("step", list(Step))
def test_a_leading_office_only_adjusts(step: Step, role: Role) -> None:
    row = _row(State.DISPUTED)
    dispute = Dispute(statement=row, raised_by_id=ONE)
    actor = _actor(ELSEWHERE, role)
    allowed = policies.can_take(actor, row, step, dispute, {WITHIN})
    assert allowed is (step is Step.ADJUST and role is Role.CONSORTIUM_OFFICE)


def test_the_system_only_sets_off() -> None:
    for step in Step:
        row = _row(State.CONFIRMED)
        allowed = policies.can_take(system_actor("clock"), row, step)
        assert allowed is (step is Step.SETTLE)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("step", list(slips.Step))
@pytest.mark.parametrize("where", [ONE, OTHER, ELSEWHERE], ids=["prov", "req", "else"])
def test_slips_by_side_and_role(where: object, step: slips.Step, role: Role) -> None:
    row = SharedService(provider_id=ONE, requester_id=OTHER)
    side = {ONE: slips.Side.PROVIDER, OTHER: slips.Side.REQUESTER}.get(where)  # type: ignore[call-overload]
    expected = role is Role.FINANCE and slips.BY_STEP[step].side is side
    assert policies.can_take_slip(_actor(where, role), row, step) is expected


@pytest.mark.parametrize("role", ROLES)
def test_rooms_by_role(role: Role) -> None:
    actor = _actor(ONE, role)
    assert policies.can_record(actor) is (role is Role.FINANCE)
    works = role in (Role.FINANCE, Role.CONSORTIUM_OFFICE)
    assert policies.can_work(actor) is works
    assert policies.can_see_sums(actor) is (role is Role.OFFICER)
    assert policies.can_draw(actor, {WITHIN}, WITHIN) is works
    assert policies.can_draw(actor, set(), WITHIN) is (role is Role.FINANCE)
    closes = role is Role.CONSORTIUM_OFFICE
    assert policies.can_close(actor, {WITHIN}, WITHIN) is closes
    assert not policies.can_close(actor, set(), WITHIN)


def test_every_refusal_says_who_may() -> None:
    for step in Step:
        sides = policies.why_not(step).values["sides"]
        assert sides
    for slip_step in slips.Step:
        assert policies.why_not_slip(slip_step).values["side"]
