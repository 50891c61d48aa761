"""The consortium's year, examples 15 and 16 of RI-8, and what always holds."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yilian.insurance.budget.rules.year import (
    BudgetWrong,
    Spent,
    clear,
    distributed,
    pool_of,
)
from yilian.insurance.policy.rules.files import shipped_set
from yilian.insurance.policy.rules.sets import InForce

IN_FORCE: InForce = shipped_set("NX-DEMO-2018").on(date(2018, 12, 31))
HEADS = 300_000


def fen(yuan: int) -> int:
    return yuan * 100


def test_15_a_surplus_is_kept_and_shared() -> None:
    pool = pool_of(HEADS, IN_FORCE)
    assert pool.pool == fen(270_000_000)
    assert (pool.premium, pool.reserve) == (fen(24_000_000), fen(12_300_000))
    assert pool.available == fen(233_700_000)
    assert pool.monthly_advance == fen(17_527_500)
    assert 12 * pool.monthly_advance + pool.deposit == pool.available
    spent = Spent(fen(150_000_000), fen(62_000_000), refused=fen(1_000_000))
    year = clear(pool, spent, Decimal(92), IN_FORCE)
    assert (year.actual, year.balance) == (fen(211_000_000), fen(22_700_000))
    assert year.by_level == {
        "county": fen(13_620_000),
        "township": fen(6_810_000),
        "village": fen(2_270_000),
    }


def test_16_an_overspend_is_shared_band_by_band() -> None:
    spent = Spent(fen(190_000_000), fen(62_000_000), unreasonable=fen(1_500_000))
    year = clear(pool_of(HEADS, IN_FORCE), spent, Decimal(92), IN_FORCE)
    assert year.balance == -fen(18_300_000)
    assert year.fund_share == fen(7_377_000)
    assert year.consortium_share == fen(10_923_000)


@pytest.mark.parametrize(
    ("score", "kept"),
    [(100, 100), (90, 100), ("89.99", 90), (80, 90), (60, 70), (59, 0)],
)
def test_quality_decides_how_much_is_kept(score: int | str, kept: int) -> None:
    pool = pool_of(HEADS, IN_FORCE)
    spent = Spent(pool.available - fen(1_000_000), 0)
    year = clear(pool, spent, Decimal(score), IN_FORCE)
    assert year.retained == fen(10_000) * kept


def test_performance_weighs_the_shares() -> None:
    pool = pool_of(HEADS, IN_FORCE)
    spent = Spent(pool.available - fen(1_000), 0)
    better = {"village": Decimal("1.5"), "county": Decimal("0.5")}
    year = clear(pool, spent, Decimal(95), IN_FORCE, performance=better)
    # 3 : 3 : 1.5
    assert year.by_level == {
        "county": fen(400), "township": fen(400), "village": fen(200)
    }  # fmt: skip


def test_what_was_done_is_told_with_its_ground() -> None:
    pool = pool_of(HEADS, IN_FORCE)
    year = clear(pool, Spent(fen(190_000_000), fen(62_000_000)), Decimal(92), IN_FORCE)
    told = [str(step.working) for step in (*pool.steps, *year.steps)]
    assert told[0] == "300000 人 × 900.00 = 270,000,000.00"
    assert all("{" not in words for words in told)
    assert {step.clause.id for step in year.steps} == {"RI-9"}


@given(
    heads=st.integers(0, 10_000_000),
    inside=st.integers(0, 10**12),
    outside=st.integers(0, 10**12),
    unreasonable=st.integers(0, 10**11),
    score=st.decimals(0, 100, places=1),
)
def test_no_fen_is_made_or_lost(
    heads: int, inside: int, outside: int, unreasonable: int, score: Decimal
) -> None:
    pool = pool_of(heads, IN_FORCE)
    assert pool.premium + pool.reserve + pool.available == pool.pool
    spent = Spent(inside, outside, unreasonable=unreasonable)
    year = clear(pool, spent, score, IN_FORCE)
    assert sum(year.by_level.values()) == year.retained
    assert 0 <= year.retained <= max(year.balance, 0)
    assert year.fund_share + year.consortium_share == max(-year.balance, 0)
    if year.balance < 0:
        assert year.consortium_share >= min(unreasonable, -year.balance)


@given(
    st.integers(0, 10**12),
    st.dictionaries(
        st.text("abc", min_size=1), st.decimals("0.01", 100, places=2), min_size=1
    ),
)
def test_a_distribution_gives_out_every_fen(
    amount: int, weights: dict[str, Decimal]
) -> None:
    parts = distributed(amount, weights)
    assert sum(parts.values()) == amount
    assert min(parts.values()) >= 0


@pytest.mark.parametrize(
    ("spent", "score"),
    [(Spent(-1, 0), 50), (Spent(0, 0), 101), (Spent(0, 0), -1)],
)
def test_wrong_facts_are_refused(spent: Spent, score: int) -> None:
    with pytest.raises(BudgetWrong):
        clear(pool_of(HEADS, IN_FORCE), spent, Decimal(score), IN_FORCE)


def test_shares_must_not_all_be_nothing() -> None:
    with pytest.raises(BudgetWrong):
        distributed(100, {"county": Decimal(0)})
