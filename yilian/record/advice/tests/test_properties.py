"""What must hold for every record."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from yilian.record.advice.tests.person import (
    TODAY,
    Resource,
    encounter,
    glucose,
    measured,
    outcomes,
    pressure,
    sign,
)
from yilian.record.advice.verdict import Verdict, all_of, any_of, negate

sbp = st.integers(60, 260)
dbp = st.integers(40, 150)
symptoms = st.lists(
    st.sampled_from(["eye_pain", "palpitation", "dyspnoea"]), max_size=2
)
truths = st.lists(st.sampled_from([True, False, None]), min_size=1, max_size=5)
visits = st.lists(st.tuples(sbp, dbp), min_size=1, max_size=4)


def _follow_ups(values: list[tuple[int, int]]) -> list[Resource]:
    days = [TODAY - timedelta(days=30 * n) for n in range(len(values))]
    made = []
    for n, ((high, low), day) in enumerate(zip(values, reversed(days), strict=True)):
        made += [encounter(f"e{n}", day), pressure(high, low, day, at=f"e{n}")]
    return made


@settings(deadline=None)
@given(sbp, dbp, st.integers(0, 90), symptoms)
def test_a_higher_pressure_never_takes_a_danger_away(
    high: int, low: int, more: int, seen: list[str]
) -> None:
    signs = [sign(code) for code in seen]
    before = outcomes(pressure(high, low), *signs)
    after = outcomes(pressure(high + more, low), *signs)
    assert before["HTN-F4"] != "fires" or after["HTN-F4"] == "fires"
    assert after["HTN-F1"] != "fires" or before["HTN-F1"] == "fires"


@settings(deadline=None)
@given(visits)
def test_a_follow_up_is_in_exactly_one_class(values: list[tuple[int, int]]) -> None:
    found = outcomes(*_follow_ups(values))
    assert [found[f"HTN-F{n}"] for n in range(1, 5)].count("fires") == 1


@settings(deadline=None)
@given(visits)
def test_a_lost_value_of_the_last_follow_up_is_never_at_target(
    values: list[tuple[int, int]],
) -> None:
    whole = _follow_ups(values)
    lost = outcomes(*whole[:-1])
    assert lost["HTN-F1"] in {"unknown", "not"}
    assert lost["HTN-F4"] == "unknown"
    if outcomes(*whole)["HTN-F3"] == "fires":
        assert lost["HTN-F3"] != "not"


@settings(deadline=None)
@given(st.integers(1, 600), st.booleans())
def test_both_units_of_glucose_say_the_same(tenths: int, is_again: bool) -> None:
    before = [glucose(8, TODAY - timedelta(days=30))] if is_again else []
    moles = measured("14743-9", tenths / 10, "mmol/L")
    grams = measured("14743-9", round(tenths * 1.8, 2), "mg/dL")
    assert outcomes(*before, moles) == outcomes(*before, grams)


@settings(deadline=None)
@given(truths)
def test_three_valued_logic_is_kleene_s(values: list[bool | None]) -> None:
    parts = [Verdict(value) for value in values]
    rank = {False: 0, None: 1, True: 2}
    by_rank = {number: value for value, number in rank.items()}
    assert all_of(parts).truth is by_rank[min(rank[value] for value in values)]
    assert any_of(parts).truth is by_rank[max(rank[value] for value in values)]
    assert negate(all_of(parts)).truth is any_of([negate(p) for p in parts]).truth
