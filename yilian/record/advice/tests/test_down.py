"""Who can go down today: what the record alone can show."""

from datetime import timedelta

import pytest

from yilian.record.advice.evaluate import stable_for_down
from yilian.record.advice.fhir.read import read_facts
from yilian.record.advice.rules import Direction
from yilian.record.advice.tests.person import (
    TODAY,
    Resource,
    condition,
    drug,
    glucose,
    patient,
    pressure,
    sign,
)

DAYS_AGO = [TODAY - timedelta(days=n) for n in range(40)]
LONG_AGO = TODAY - timedelta(days=200)
AMLODIPINE = drug("氨氯地平", LONG_AGO)
METFORMIN = drug("二甲双胍", LONG_AGO)
STAY = [
    pressure(134, 82, f"{DAYS_AGO[1]}T08:00:00+08:00", at="stay"),
    pressure(128, 78, f"{TODAY}T08:00:00+08:00", at="stay"),
]


def _stable(*resources: Resource) -> dict[str, str]:
    facts = read_facts([patient(), condition("I10"), condition("E11.9"), *resources])
    found = stable_for_down(facts, on=TODAY)
    assert {item.direction for item in found} == {Direction.DOWN}
    return {item.rule_id: item.outcome.value for item in found}


def test_two_values_at_target_within_one_stay_are_enough() -> None:
    assert _stable(AMLODIPINE, *STAY)["HTN-D1"] == "fires"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param([pressure(150, 80)], "not", id="the last value is not at target"),
        pytest.param([sign("palpitation", DAYS_AGO[10])], "not", id="a danger sign"),
        pytest.param([sign("palpitation", DAYS_AGO[20])], "fires", id="long ago"),
        pytest.param([pressure(182, 80, DAYS_AGO[9])], "not", id="a danger value"),
        pytest.param([drug("缬沙坦", DAYS_AGO[3])], "not", id="a new drug"),
        pytest.param([drug("氨氯地平", DAYS_AGO[3])], "fires", id="a refill"),
        pytest.param(
            [drug("氨氯地平", DAYS_AGO[3], dosageInstruction=[{"text": "10 mg"}])],
            "not",
            id="a new dose",
        ),
        pytest.param([drug("阿莫西林", DAYS_AGO[3])], "fires", id="another disease"),
        pytest.param(
            [
                drug(
                    "缬沙坦",
                    LONG_AGO,
                    status="stopped",
                    dosageInstruction=[
                        {
                            "timing": {
                                "repeat": {
                                    "boundsPeriod": {
                                        "start": str(LONG_AGO),
                                        "end": str(DAYS_AGO[5]),
                                    }
                                }
                            }
                        }
                    ],
                )
            ],
            "not",
            id="a drug stopped",
        ),
    ],
)
def test_what_stands_against_going_down(change: list[Resource], expected: str) -> None:
    assert _stable(AMLODIPINE, *STAY, *change)["HTN-D1"] == expected


@pytest.mark.parametrize(
    ("signs", "pressure_rule", "glucose_rule"),
    [
        pytest.param([sign("pregnant", DAYS_AGO[35])], "not", "not", id="pregnant"),
        pytest.param([sign("lactating", DAYS_AGO[35])], "not", "fires", id="lactating"),
        pytest.param(
            [condition("O10.0", onsetDateTime=str(DAYS_AGO[39]))],
            "not",
            "not",
            id="by her diagnosis",
        ),
        pytest.param(
            [
                sign("pregnant", DAYS_AGO[35]),
                sign("pregnant", DAYS_AGO[2], present=False),
            ],
            "fires",
            "fires",
            id="no longer",
        ),
    ],
)
def test_whom_the_township_would_send_up_again_is_not_sent_down(
    signs: list[Resource], pressure_rule: str, glucose_rule: str
) -> None:
    steady = [glucose(6.0, DAYS_AGO[2]), glucose(6.2)]
    found = _stable(AMLODIPINE, METFORMIN, *STAY, *steady, *signs)
    assert (found["HTN-D1"], found["DM-D1"]) == (pressure_rule, glucose_rule)


def test_one_value_or_unknown_drugs_are_not_enough_to_tell() -> None:
    assert _stable(AMLODIPINE, STAY[1])["HTN-D1"] == "unknown"
    assert _stable(*STAY)["HTN-D1"] == "unknown"


def test_glucose_between_4_4_and_7_twice_is_stable() -> None:
    def two(first: float, second: float) -> str:
        values = [glucose(first, DAYS_AGO[2]), glucose(second)]
        return _stable(METFORMIN, *values)["DM-D1"]

    assert two(4.4, 7.0) == "fires"
    assert two(4.3, 6.0) == "not"
    assert two(6.0, 7.1) == "not"
