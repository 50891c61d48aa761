"""What counts as one follow-up, and which ones are consecutive."""

from datetime import timedelta

from yilian.record.advice.tests.person import (
    TODAY,
    encounter,
    fired,
    measured,
    outcomes,
    pressure,
    sign,
)

LAST_MONTH = TODAY - timedelta(days=30)


def test_two_readings_of_one_day_are_one_follow_up() -> None:
    twice = [
        pressure(152, 94, f"{TODAY}T08:00:00+08:00"),
        pressure(146, 92, f"{TODAY}T08:10:00+08:00"),
    ]
    assert "HTN-F2" in fired(*twice)


def test_the_last_reading_of_a_follow_up_decides_on_the_target() -> None:
    twice = [
        pressure(152, 94, f"{TODAY}T08:00:00+08:00"),
        pressure(136, 84, f"{TODAY}T08:10:00+08:00"),
    ]
    assert "HTN-F1" in fired(*twice)


def test_any_reading_of_a_follow_up_can_be_a_danger() -> None:
    twice = [
        pressure(182, 94, f"{TODAY}T08:00:00+08:00"),
        pressure(136, 84, f"{TODAY}T08:10:00+08:00"),
    ]
    assert "HTN-F4" in fired(*twice)


def test_two_encounters_of_one_day_are_two_follow_ups() -> None:
    assert "HTN-F3" in fired(
        pressure(152, 94, f"{TODAY}T08:00:00+08:00", at="morning"),
        pressure(146, 92, f"{TODAY}T16:00:00+08:00", at="evening"),
    )


def test_one_encounter_over_two_days_is_one_follow_up() -> None:
    assert "HTN-F2" in fired(
        pressure(152, 94, TODAY - timedelta(days=1), at="same"),
        pressure(146, 92, TODAY, at="same"),
    )


def test_single_codes_of_one_follow_up_belong_together() -> None:
    assert "HTN-F1" in fired(
        measured("8480-6", 138, "mm[Hg]"), measured("8462-4", 88, "mm[Hg]")
    )


def test_a_symptom_without_encounter_joins_the_encounter_of_its_day() -> None:
    assert "HTN-F4" in fired(
        encounter("e1"), pressure(150, 80, at="e1"), sign("eye_pain")
    )


def test_a_symptom_of_an_earlier_follow_up_is_over() -> None:
    assert "HTN-F1" in fired(sign("eye_pain", LAST_MONTH), pressure(130, 80))


def test_a_laboratory_result_by_itself_is_no_follow_up() -> None:
    category = [{"coding": [{"code": "laboratory"}]}]
    later = measured("4548-4", 6.1, "%", category=category)
    assert "HTN-F1" in fired(pressure(130, 80, LAST_MONTH), later)


def test_a_stay_in_hospital_without_pressure_is_no_follow_up() -> None:
    stay = encounter("stay", kind="IMP")
    assert "HTN-F1" in fired(pressure(130, 80, LAST_MONTH), stay)


def test_a_day_is_a_day_in_china() -> None:
    """23:30 and 01:00 of the next day in China, one day in UTC."""
    assert "HTN-F3" in fired(
        pressure(152, 94, "2026-03-01T15:30:00Z"),
        pressure(146, 92, "2026-03-01T17:00:00Z"),
    )


def test_two_failing_follow_ups_stay_two_when_the_last_one_has_no_value() -> None:
    found = outcomes(
        pressure(152, 94, TODAY - timedelta(days=60)),
        pressure(146, 92, LAST_MONTH),
        measured("29463-7", 70, "kg"),
    )
    assert found["HTN-F3"] == "fires"


def test_a_missing_value_after_one_at_target_cannot_make_two_failing() -> None:
    found = outcomes(pressure(130, 80, LAST_MONTH), measured("29463-7", 70, "kg"))
    assert found["HTN-F3"] == "not"
