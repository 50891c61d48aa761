"""The test vectors of the clinical rules, section 16, that concern advice."""

from datetime import date, timedelta

import pytest

from yilian.record.advice.rules import Outcome, ReferralUrgency
from yilian.record.advice.tests.person import (
    TODAY,
    Resource,
    advice,
    concept,
    encounter,
    fired,
    glucose,
    measured,
    observation,
    patient,
    pressure,
    sign,
)

LAST_MONTH = TODAY - timedelta(days=30)
TWO_MONTHS_AGO = TODAY - timedelta(days=60)

FOLLOW_UP = {f"{group}-F{n}" for group in ("HTN", "DM") for n in range(1, 5)}


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        pytest.param([pressure(138, 88)], {"HTN-F1"}, id="1 at target"),
        pytest.param(
            [patient(age=70), pressure(148, 86)], {"HTN-F1"}, id="2 elderly limit 150"
        ),
        pytest.param(
            [patient(age=70), pressure(150, 86)], {"HTN-F2"}, id="3 150 is not < 150"
        ),
        pytest.param(
            [pressure(152, 94, LAST_MONTH), pressure(146, 92)],
            {"HTN-F3"},
            id="4 twice not met",
        ),
        pytest.param(
            [
                pressure(152, 94, TWO_MONTHS_AGO),
                pressure(136, 84, LAST_MONTH),
                pressure(150, 92),
            ],
            {"HTN-F2"},
            id="5 not consecutive",
        ),
        pytest.param([pressure(182, 96)], {"HTN-F4"}, id="6 danger value"),
        pytest.param(
            [pressure(176, 108), sign("blurred_vision")],
            {"HTN-F4"},
            id="7 a symptom alone suffices",
        ),
        pytest.param([glucose(16.7)], {"DM-F4"}, id="9 inclusive"),
        pytest.param([glucose(16.6)], {"DM-F2"}, id="9 just below, first time"),
        pytest.param(
            [glucose(9, LAST_MONTH), glucose(16.6)], {"DM-F3"}, id="9 just below, again"
        ),
        pytest.param([glucose(3.9)], {"DM-F4"}, id="10 inclusive"),
        pytest.param([glucose(4.0)], {"DM-F1"}, id="10 just above"),
    ],
)
def test_exactly_one_follow_up_class_fires(
    resources: list[Resource], expected: set[str]
) -> None:
    assert fired(*resources) & FOLLOW_UP == expected


def test_1_the_next_follow_up_is_within_three_months() -> None:
    found = advice(pressure(138, 88))["HTN-F1"]
    assert found.next_by is not None
    assert TODAY < found.next_by <= date(2026, 6, 2)


def test_4_the_result_is_checked_within_14_days() -> None:
    found = advice(pressure(152, 94, LAST_MONTH), pressure(146, 92))["HTN-F3"]
    assert found.check_result_by == TODAY + timedelta(days=14)
    assert len(found.evidence) == 2


def test_8_stroke_signs_with_very_high_pressure_are_an_emergency() -> None:
    found = advice(pressure(184, 112), sign("speech_trouble"))
    for rule_id in ("HTN-E2", "STR-E1"):
        assert found[rule_id].outcome is Outcome.FIRES
        assert found[rule_id].referral_urgency is ReferralUrgency.STAT


@pytest.mark.parametrize("value", [16.6, 4.0])
def test_9_10_a_value_inside_the_limits_is_no_danger(value: float) -> None:
    assert advice(glucose(value))["DM-F4"].outcome is Outcome.NOT


def test_11_300_mg_per_dl_is_just_below_the_limit_and_says_so() -> None:
    found = advice(measured("14743-9", 300, "mg/dL"))["DM-F4"]
    assert found.outcome is Outcome.NOT
    assert found.near_limit


@pytest.mark.parametrize(
    "last",
    [
        pytest.param(encounter("e9"), id="an encounter without any value"),
        pytest.param(measured("29463-7", 70, "kg"), id="only the weight"),
        pytest.param(
            observation(concept("85354-9"), dataAbsentReason={"text": "refused"}),
            id="a blood pressure without values",
        ),
        pytest.param(
            measured("8480-6", 138, "furlong"), id="a blood pressure in no unit"
        ),
    ],
)
def test_24_a_follow_up_without_pressure_is_not_at_target(last: Resource) -> None:
    found = advice(pressure(138, 88, LAST_MONTH), last)
    assert found["HTN-F1"].outcome is Outcome.UNKNOWN
    assert found["HTN-F1"].missing == ("8480-6", "8462-4")
    assert found["HTN-F4"].outcome is Outcome.UNKNOWN
    assert "HTN-F1" not in fired(pressure(138, 88, LAST_MONTH), last)
