"""What a referral does to two houses, before and after the sharing rule."""

from hypothesis import given
from hypothesis import strategies as st

from yilian.insurance.settlement.rules.effects import Sharing, Stay, effect_of
from yilian.kernel.ids import new_id
from yilian.kernel.money import MILLION

COUNTY, TOWNSHIP = new_id(), new_id()
SHARES = {COUNTY: 600_000, TOWNSHIP: 300_000}


def _down() -> tuple[Stay, Stay]:
    """A stay of 6,000 at the county, of 3,000 at the township."""
    here = Stay(COUNTY, 600_000, 420_000, 860_000)
    return here, Stay(TOWNSHIP, 300_000, 250_000, 780_000)


def test_sending_down_costs_the_county_its_margin_and_gives_it_a_share() -> None:
    found = effect_of(*_down(), Sharing(SHARES, MILLION))
    assert (found.sender.income, found.sender.cost) == (-600_000, -516_000)
    assert found.sender.before == -84_000
    assert found.pool_change == found.kept == 170_000
    assert found.sender.pool_share == 102_000
    assert found.sender.after == 18_000  # the rule makes sending down worth while
    assert found.receiver.after == 300_000 - 234_000 + 51_000


def test_without_a_pool_there_is_no_share() -> None:
    found = effect_of(*_down(), None)
    assert found.sender.after == found.sender.before
    assert (found.pool_change, found.kept) == (0, 0)
    assert [step.code for step in found.steps] == ["here", "there"]


def test_a_house_outside_the_pool_has_no_share() -> None:
    found = effect_of(*_down(), Sharing({COUNTY: MILLION}, MILLION))
    assert found.receiver.pool_share == 0


fen = st.integers(0, 10_000_000)
rate = st.integers(0, MILLION)


@given(fen, fen, fen, fen, rate, rate)
def test_what_the_pool_gains_and_loses_mirrors_and_no_fen_appears(
    total: int, other: int, fund: int, other_fund: int, keep: int, part: int
) -> None:
    here, there = (
        Stay(COUNTY, total, fund, part),
        Stay(TOWNSHIP, other, other_fund, part),
    )
    rule = Sharing(SHARES, keep)
    way, back = effect_of(here, there, rule), effect_of(there, here, rule)
    assert way.pool_change == -back.pool_change
    assert way.kept == -back.kept
    assert way.sender.after == -back.receiver.after
    shared = way.sender.pool_share + way.receiver.pool_share
    assert abs(shared) <= abs(way.kept) + 1
