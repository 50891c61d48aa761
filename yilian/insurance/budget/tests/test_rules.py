"""Curve, forecast, simulation, shares of members, ledgers: without a database."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yilian.insurance.budget.parameters import SUBSIDY_FACTORS
from yilian.insurance.budget.rules.curve import (
    Alarm,
    AlarmLimits,
    Method,
    alarm_of,
    foreseen,
    in_all,
    months_of,
)
from yilian.insurance.budget.rules.ledgers import by_points, distributable, subsidy
from yilian.insurance.budget.rules.members import (
    Member,
    NobodyToShare,
    borne_shares,
    kept_shares,
    read_numbers,
)
from yilian.insurance.budget.rules.pictures import curve_picture, falls
from yilian.insurance.budget.rules.simulate import Facts, Wish, price_of, simulate
from yilian.insurance.budget.rules.states import Level
from yilian.insurance.budget.rules.terms import in_force_of, kept_of
from yilian.insurance.budget.rules.year import pool_of
from yilian.insurance.policy.rules.files import shipped_set
from yilian.insurance.policy.rules.sets import InForce
from yilian.kernel.errors import Invalid

IN_FORCE: InForce = shipped_set("NX-DEMO-2018").on(date(2018, 12, 31))
LIMITS = AlarmLimits(Decimal("0.95"), Decimal(1), Decimal("1.05"))
JAN = date(2025, 1, 1)
SHARES = {"county": 6, "township": 3, "village": 1}


def each_day(first: date, days: int, fen: int) -> dict[date, int]:
    return {first + timedelta(days=n): fen for n in range(days)}


# --- forecast -----------------------------------------------------------------


def test_without_a_year_before_the_mean_day_goes_on() -> None:
    found = foreseen(2025, date(2025, 2, 1), each_day(JAN, 31, 100), {})
    assert found.method is Method.EVEN
    assert found.at_end == 36_500


def test_the_season_of_the_year_before_is_followed() -> None:
    """The second half was twice as dear; this year costs a tenth more."""
    before = each_day(date(2024, 1, 1), 182, 100) | each_day(date(2024, 7, 1), 184, 200)
    spent = each_day(JAN, 90, 110)
    found = foreseen(2025, date(2025, 4, 1), spent, before)
    assert found.method is Method.SEASONAL
    last = found.by_day[date(2025, 12, 31)]
    assert last == pytest.approx(220, abs=1)
    assert found.spread == 0  # no week was off


def test_a_year_that_is_over_is_not_foreseen() -> None:
    found = foreseen(2025, date(2026, 1, 1), each_day(JAN, 365, 7), {})
    assert (found.method, found.at_end, found.spread) == (Method.OVER, 365 * 7, 0)


@given(
    days=st.integers(1, 364),
    spent=st.lists(st.integers(0, 10**9), min_size=1, max_size=40),
    was=st.lists(st.integers(0, 10**9), min_size=1, max_size=40),
)
def test_a_forecast_holds_what_was_spent(
    days: int, spent: list[int], was: list[int]
) -> None:
    until = JAN + timedelta(days=days)
    so_far = {JAN + timedelta(days=n): v for n, v in enumerate(spent[:days])}
    before = {date(2024, 1, 1) + timedelta(days=9 * n): v for n, v in enumerate(was)}
    found = foreseen(2025, until, so_far, before)
    assert found.at_end >= sum(so_far.values())
    assert found.at_end == sum(so_far.values()) + sum(found.by_day.values())
    months = months_of(2025, until, so_far, found, 1000)
    assert months[-1].in_all == found.at_end
    assert months[-1].line == 1000


@pytest.mark.parametrize(
    ("at_end", "spent", "alarm"),
    [
        (94, 50, Alarm.CALM),
        (95, 50, Alarm.WATCH),
        (100, 50, Alarm.WARN),
        (105, 50, Alarm.STOP),
        (90, 101, Alarm.STOP),
    ],
)
def test_alarms_by_the_forecast(at_end: int, spent: int, alarm: Alarm) -> None:
    assert alarm_of(at_end, spent, 100, LIMITS) is alarm


def test_the_picture_of_a_year_reaches_its_end() -> None:
    spent = each_day(JAN, 90, 1000)
    found = foreseen(2025, date(2025, 4, 1), spent, {})
    summed = in_all(spent)
    picture = curve_picture(
        2025, summed, in_all(found.by_day, summed[-1][1]), 5000, 300_000
    )
    assert picture.actual.startswith("M74.0 274.0")
    assert picture.foreseen
    assert picture.band.endswith("Z")
    assert picture.grid[-1].value >= 365_000


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=5))
def test_a_waterfall_stays_inside_its_frame(parts: list[int]) -> None:
    for fall in falls(sum(parts), parts):
        assert 0 <= fall.start <= 1000
        assert 1 <= fall.width <= 1000


# --- shares of members --------------------------------------------------------

MEMBERS = st.lists(
    st.tuples(
        st.sampled_from(Level),
        st.decimals("0.01", 10, places=2),
        st.decimals("0.01", 10, places=2),
    ),
    min_size=1,
    max_size=30,
)


def _members(facts: list[tuple[Level, Decimal, Decimal]]) -> list[Member]:
    return [Member(str(n), *one) for n, one in enumerate(facts)]


@given(
    by_level=st.fixed_dictionaries(
        {level.value: st.integers(0, 10**12) for level in Level}
    ),
    facts=MEMBERS,
)
def test_members_get_every_fen_that_is_kept(
    by_level: dict[str, int], facts: list[tuple[Level, Decimal, Decimal]]
) -> None:
    shares = kept_shares(by_level, _members(facts))
    assert sum(one.amount for one in shares) == sum(by_level.values())
    assert all(one.amount >= 0 for one in shares)
    assert len(shares) == len(facts)


@given(amount=st.integers(0, 10**12), facts=MEMBERS)
def test_members_bear_every_fen_that_is_theirs(
    amount: int, facts: list[tuple[Level, Decimal, Decimal]]
) -> None:
    shares = borne_shares(amount, SHARES, _members(facts))
    assert sum(one.amount for one in shares) == -amount
    assert all(one.amount <= 0 for one in shares)


def test_a_level_without_members_is_looked_after_by_the_next() -> None:
    members = [Member("a", Level.COUNTY), Member("b", Level.TOWNSHIP)]
    shares = kept_shares({"county": 600, "township": 300, "village": 100}, members)
    assert [one.amount for one in shares] == [600, 400]


def test_better_work_gets_more_of_its_level() -> None:
    members = [
        Member("a", Level.TOWNSHIP, performance=Decimal(2)),
        Member("b", Level.TOWNSHIP),
    ]
    shares = kept_shares({"township": 300}, members)
    assert [one.amount for one in shares] == [200, 100]


def test_with_nobody_there_nothing_is_shared() -> None:
    with pytest.raises(NobodyToShare):
        kept_shares({"county": 1}, [])


@pytest.mark.parametrize("typed", ["abc", "NaN", "1e999999999999", "Infinity"])
def test_weights_are_numbers(typed: str) -> None:
    with pytest.raises(Invalid):
        read_numbers({"a": typed})


# --- simulation ---------------------------------------------------------------

POOL = pool_of(1000, IN_FORCE)
FACTS = Facts(
    inside=50_000_000, outside=30_000_000, refused=0, unreasonable=0,
    stays_basic=60_000_000, stays_total=100_000_000,
)  # fmt: skip


def test_nothing_wished_changes_nothing() -> None:
    found = simulate(POOL, FACTS, Wish(), Decimal(92), IN_FORCE)
    assert found.before == found.after


def test_what_comes_back_is_paid_at_the_inside_price() -> None:
    wish = Wish(outflow_points=Decimal(5), inside_price=Decimal("0.70"))
    found = simulate(POOL, FACTS, wish, Decimal(92), IN_FORCE)
    # 5 % of 800,000.00 = 40,000.00 outside become 28,000.00 inside.
    assert found.outside == 26_000_000
    assert found.inside == 52_800_000
    assert found.after.balance - found.before.balance == 1_200_000


def test_complying_is_paid_at_the_whole_ratio() -> None:
    """With nobody brought inside, it costs the fund the other half."""
    wish = Wish(compliance_points=Decimal(10), stays_inside=Decimal(0))
    found = simulate(POOL, FACTS, wish, Decimal(92), IN_FORCE)
    assert found.outside - FACTS.outside == 3_000_000


def test_more_cannot_come_back_than_is_outside() -> None:
    wish = Wish(outflow_points=Decimal(50))
    assert simulate(POOL, FACTS, wish, Decimal(92), IN_FORCE).outside == 0


def test_a_wish_without_sense_is_refused() -> None:
    with pytest.raises(Invalid):
        simulate(POOL, FACTS, Wish(Decimal(51)), Decimal(92), IN_FORCE)


def test_the_inside_price_is_measured_or_unknown() -> None:
    assert price_of((700, 1), (1000, 1)) == Decimal("0.70")
    assert price_of((0, 0), (1000, 1)) is None


# --- what was agreed ----------------------------------------------------------


def test_a_revision_keeps_where_its_values_come_from() -> None:
    kept = kept_of(IN_FORCE, {"per_capita": Decimal("950.00")}, "银医保发〔2025〕3号")
    assert kept["per_capita"]["source"] == "银医保发〔2025〕3号"
    assert kept["reserve_rate"]["set"] == "NX-DEMO-2018"
    agreed = in_force_of(kept, date(2025, 1, 1))
    assert agreed.value("budget.per_capita_standard") == Decimal("950.00")
    assert pool_of(10, agreed).pool == 950_000


@pytest.mark.parametrize(
    "changed",
    [
        {"keep": [{"from": "60", "ratio": "1"}]},  # does not begin at 0
        {"overspend": [{"from": "0", "ratio": "2"}]},
        {"reserve_rate": Decimal("0.12345")},
    ],
)
def test_values_that_cannot_be_are_refused_at_their_field(
    changed: dict[str, object],
) -> None:
    with pytest.raises(Invalid) as refused:
        kept_of(IN_FORCE, changed, "文件")
    assert set(refused.value.fields) == set(changed)


# --- ledgers ------------------------------------------------------------------

BANDS = SUBSIDY_FACTORS.default.on(date(2025, 1, 1))


@pytest.mark.parametrize(
    ("score", "amount"),
    [(95, 100_000), (85, 98_500), (70, 94_000), (59, 85_000)],
)
def test_the_linked_part_follows_the_result(score: int, amount: int) -> None:
    found = subsidy(100_000, Decimal("0.30"), Decimal(score), BANDS)
    assert found.amount == amount
    assert found.step.clause.id == "NX-3.1-b"


def test_income_less_cost_less_funds_is_mainly_for_the_staff() -> None:
    found = distributable(1_000_000, 600_000, Decimal("0.30"), Decimal("0.70"))
    assert (found.funds, found.distributable) == (120_000, 196_000)
    assert distributable(100, 200, Decimal("0.3"), Decimal("0.7")).distributable == 0


@given(
    amount=st.integers(0, 10**10),
    points=st.dictionaries(
        st.text("abcdef", min_size=1), st.decimals(-5, 1000, places=2), min_size=1
    ),
)
def test_points_divide_every_fen_or_none(
    amount: int, points: dict[str, Decimal]
) -> None:
    parts = by_points(amount, points)
    assert sum(parts.values()) in (0, amount)
    assert min(parts.values()) >= 0
