"""The pure rules: lines that balance, months, splits, tables, words for amounts."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yilian.insurance.clearing.rules import ledger, months, slip, statement
from yilian.insurance.clearing.rules.clocks import reached
from yilian.insurance.clearing.rules.flow import Debt, flow
from yilian.insurance.clearing.rules.money_words import in_words
from yilian.insurance.clearing.rules.statement import BY_KEY, FINAL, MOVES, State

ONE, OTHER = UUID(int=1), UUID(int=2)
FEN = st.integers(-ledger.MOST_FEN, ledger.MOST_FEN).filter(bool)
CLAIM = st.integers(0, ledger.MOST_FEN)


@given(fen=FEN)
def test_what_is_owed_balances_in_both_books(fen: int) -> None:
    lines = ledger.owed(ONE, OTHER, fen)
    assert ledger.problem(lines) is None
    assert ledger.claim_of(lines, ONE) == fen
    assert ledger.claim_of(lines, OTHER) == 0


@given(payer_owes=CLAIM, payee_owes=CLAIM)
def test_a_payment_clears_both_claims(payer_owes: int, payee_owes: int) -> None:
    lines = ledger.paid(ONE, OTHER, payer_owes=payer_owes, payee_owes=payee_owes)
    if not lines:
        assert payer_owes == payee_owes == 0
        return
    assert ledger.problem(lines) is None
    assert ledger.claim_of(lines, OTHER) == -payer_owes
    assert ledger.claim_of(lines, ONE) == -payee_owes


@given(fen=FEN)
def test_a_mirrored_entry_takes_everything_back(fen: int) -> None:
    lines = ledger.owed(ONE, OTHER, fen)
    both = [*lines, *ledger.mirrored(lines)]
    assert ledger.claim_of(both, ONE) == 0
    assert not any(ledger.sums(both).values())


@given(total=st.integers(1, 10**11), percent=st.integers(0, 99))
def test_a_split_loses_no_fen(total: int, percent: int) -> None:
    owed = slip.provider_share(total, percent)
    assert 0 <= owed <= total
    assert abs(owed * 100 - total * (100 - percent)) <= 50


@pytest.mark.parametrize(
    ("total", "percent", "owed"),
    [
        pytest.param(2000, 30, 1400, id="30:70 of 20.00"),
        pytest.param(333, 30, 233, id="2.331 is 2.33"),
        pytest.param(5, 30, 4, id="3.5 fen is 4"),
        pytest.param(8000, 0, 8000, id="owed in full"),
    ],
)
def test_the_split_of_an_item(total: int, percent: int, owed: int) -> None:
    assert slip.provider_share(total, percent) == owed


def test_months_follow_over_new_year() -> None:
    assert months.following(date(2025, 12, 1)) == date(2026, 1, 1)
    assert months.before(date(2026, 1, 1)) == date(2025, 12, 1)
    assert months.back(date(2026, 2, 1), 3) == [
        date(2025, 12, 1), date(2026, 1, 1), date(2026, 2, 1),
    ]  # fmt: skip
    assert not months.has_ended(date(2026, 2, 1), date(2026, 2, 28))
    assert months.has_ended(date(2026, 2, 1), date(2026, 3, 1))


@pytest.mark.parametrize("text", ["", "2026", "2026-13", "x-y", "2026-01-02", "-1-1"])
def test_what_is_no_month(text: str) -> None:
    assert months.parse(text) is None


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("0", "零元整"),
        ("0.05", "伍分"),
        ("0.30", "叁角整"),
        ("1204.50", "壹仟贰佰零肆元伍角整"),
        ("10.06", "壹拾元零陆分"),
        ("100000.00", "壹拾万元整"),
        ("100010.00", "壹拾万零壹拾元整"),
        ("20300000.00", "贰仟零叁拾万元整"),
        ("305060708.09", "叁亿零伍佰零陆万零柒佰零捌元零玖分"),
        ("100000001.00", "壹亿零壹元整"),
    ],
)
def test_amounts_in_formal_words(amount: str, words: str) -> None:
    assert in_words(Decimal(amount)) == words


# --- the table ----------------------------------------------------------------


def test_every_state_has_a_name_and_leads_somewhere_or_is_the_end() -> None:
    assert set(statement.STATE_NAMES) == set(State)
    assert frozenset({State.PAID}) == FINAL
    assert set(statement.CLOCKS) == set(State) - FINAL


def test_every_move_has_words() -> None:
    for move in MOVES:
        assert statement.STEP_NAMES[move.step]
        assert all(statement.SIDE_NAMES[side] for side in move.sides)


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("step", list(statement.Step))
def test_a_step_out_of_turn_says_what_can_be_done(
    state: State, step: statement.Step
) -> None:
    if (state, step) in BY_KEY:
        assert statement.move(state, step).target in State
        return
    with pytest.raises(statement.StatementStepNotAllowed) as refused:
        statement.move(state, step)
    assert statement.STATE_NAMES[state] in str(refused.value)


@pytest.mark.parametrize(
    ("days", "rungs"),
    [(0, []), (5, ["half"]), (10, ["half", "due"]), (15, ["half", "due", "office"])],
)
def test_rungs_are_reached_with_time(days: int, rungs: list[str]) -> None:
    begins = datetime(2026, 1, 1, tzinfo=UTC)
    due, now = begins + timedelta(days=10), begins + timedelta(days=days)
    assert [rung.key for rung in reached(begins, due, now)] == rungs


# --- pictures -----------------------------------------------------------------

NAMES = st.sampled_from(["甲", "乙", "丙", "丁"])
DEBTS = st.lists(
    st.builds(Debt, NAMES, NAMES, st.decimals("0.01", "99999", places=2)), max_size=24
)


@given(debts=DEBTS)
def test_bands_end_inside_their_houses(debts: list[Debt]) -> None:
    drawn = flow(debts)
    assert len(drawn.bands) == min(len(debts), 16)
    for nodes in (drawn.payers, drawn.payees):
        ends = [node.y + node.height for node in nodes]
        assert all(end <= drawn.height for end in ends)
        starts = [node.y for node in nodes[1:]]
        assert all(one < two for one, two in zip(ends, starts, strict=False))
