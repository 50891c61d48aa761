"""Every rule of the packs: a record on which it fires, and one on which it does not."""

from datetime import timedelta

import pytest

from yilian.kernel.tier import Tier
from yilian.record.advice.evaluate import evaluate
from yilian.record.advice.fhir.read import read_facts
from yilian.record.advice.loading import shipped
from yilian.record.advice.symptoms import SYSTEM
from yilian.record.advice.tests.person import (
    TODAY,
    Resource,
    advice,
    concept,
    condition,
    drug,
    fired,
    glucose,
    measured,
    observation,
    outcomes,
    patient,
    pressure,
    quantity,
    sign,
)

YESTERDAY = TODAY - timedelta(days=1)
LAST_WEEK = TODAY - timedelta(days=7)
LAST_MONTH = TODAY - timedelta(days=30)
HALF_A_YEAR_AGO = TODAY - timedelta(days=182)

HYPERTENSION = condition("I10.x00", onsetDateTime="2015-04-01")
DIABETES = condition("E11.900", onsetDateTime="2015-04-01")
STEADY_PRESSURE = [pressure(132, 80, LAST_WEEK), pressure(130, 82)]
STEADY_GLUCOSE = [glucose(6.1, LAST_WEEK), glucose(5.8)]
AMLODIPINE = drug("苯磺酸氨氯地平片", HALF_A_YEAR_AGO)
METFORMIN = drug("盐酸二甲双胍片", HALF_A_YEAR_AGO)
THREE_DRUGS = [AMLODIPINE, drug("缬沙坦", LAST_MONTH), drug("氢氯噻嗪", LAST_MONTH)]


def _arms(left: int, right: int) -> list[Resource]:
    return [
        measured("8480-6", value, "mm[Hg]", bodySite={"text": side})
        for side, value in (("left arm", left), ("right arm", right))
    ]


@pytest.mark.parametrize(
    ("rule_id", "fires", "does_not"),
    [
        (
            "HTN-F1",
            [pressure(139, 89)],
            [pressure(139, 89), sign("adverse_reaction")],
        ),
        (
            "HTN-F2",
            [pressure(130, 80), sign("adverse_reaction")],
            [pressure(130, 80)],
        ),
        (
            "HTN-F3",
            [pressure(130, 80), sign("complication_worse")],
            [pressure(150, 80)],
        ),
        (
            "HTN-F4",
            [pressure(150, 90), sign("pregnant")],
            [pressure(130, 80), sign("pregnant")],
        ),
        (
            "HTN-U1",
            [pressure(150, 80, day) for day in (LAST_MONTH, LAST_WEEK, TODAY)],
            [pressure(150, 80, LAST_MONTH), pressure(150, 80)],
        ),
        ("HTN-U2", [pressure(150, 110)], [pressure(179, 109)]),
        (
            "HTN-U3",
            [pressure(150, 80, LAST_MONTH), pressure(150, 80), AMLODIPINE],
            [pressure(150, 80, LAST_MONTH), pressure(150, 80), METFORMIN],
        ),
        ("HTN-U4", [pressure(130, 80), sign("adverse_reaction")], [pressure(130, 80)]),
        (
            "HTN-U5",
            [patient(age=29), pressure(150, 80)],
            [patient(age=30), pressure(150, 80)],
        ),
        (
            "HTN-U6",
            [pressure(150, 80), sign("lactating")],
            [pressure(150, 80), sign("lactating", present=False)],
        ),
        (
            "HTN-U10",
            [HYPERTENSION, pressure(130, 80), measured("2823-3", 3.4, "mmol/L")],
            [HYPERTENSION, pressure(130, 80), measured("2823-3", 3.5, "mmol/L")],
        ),
        (
            "HTN-U10",
            [HYPERTENSION, pressure(130, 80), *_arms(151, 130)],
            [pressure(130, 80)],
        ),
        (
            "HTN-U11",
            [pressure(150, 80), *THREE_DRUGS, sign("full_dose_drugs")],
            [pressure(150, 80), *THREE_DRUGS[:2], sign("full_dose_drugs")],
        ),
        (
            "HTN-U12",
            [HYPERTENSION, measured("62238-1", 59, "mL/min/{1.73_m2}")],
            [
                HYPERTENSION,
                measured("62238-1", 60, "mL/min/{1.73_m2}"),
                measured("9318-7", 299, "mg/g"),
            ],
        ),
        (
            "HTN-U13",
            [HYPERTENSION, condition("O10", onsetDateTime="2026-01-05")],
            [HYPERTENSION, condition("O10", onsetDateTime="2020-01-05")],
        ),
        (
            "HTN-U14",
            [pressure(130, 80), sign("adverse_reaction_uncontrolled")],
            [pressure(130, 80)],
        ),
        (
            "HTN-U15",
            [pressure(170, 80, LAST_WEEK), pressure(140, 80)],
            [pressure(169, 80, LAST_WEEK), pressure(140, 80)],
        ),
        (
            "HTN-U16",
            [pressure(130, 80), sign("tcm_need_unmet")],
            [pressure(130, 80), sign("tcm_need_unmet", present=False)],
        ),
        (
            "HTN-E1",
            [pressure(130, 80), sign("consciousness_change")],
            [pressure(130, 80), sign("consciousness_change", present=False)],
        ),
        (
            "HTN-E2",
            [pressure(184, 80), sign("severe_headache"), sign("nausea_vomiting")],
            [pressure(184, 80), sign("severe_headache")],
        ),
        (
            "HTN-E3",
            [pressure(184, 80), sign("chest_or_back_pain_lasting")],
            [pressure(179, 80), sign("chest_or_back_pain_lasting")],
        ),
        (
            "HTN-E4",
            [pressure(140, 80), sign("dyspnoea")],
            [pressure(139, 80), sign("dyspnoea")],
        ),
        (
            "HTN-E5",
            [pressure(130, 80), condition("I21.401", onsetDateTime=str(TODAY))],
            [pressure(130, 80), condition("I21.401", onsetDateTime="2019-01-01")],
        ),
        (
            "HTN-E6",
            [pressure(89, 50)],
            [pressure(90, 50), measured("8867-4", 70, "/min")],
        ),
        (
            "HTN-D1",
            [
                HYPERTENSION,
                AMLODIPINE,
                *STEADY_PRESSURE,
                sign("plan_signed"),
                sign("home_oral_drugs"),
            ],
            [
                HYPERTENSION,
                AMLODIPINE,
                pressure(150, 80),
                sign("plan_signed"),
                sign("home_oral_drugs"),
            ],
        ),
        (
            "HTN-D2",
            [
                AMLODIPINE,
                *STEADY_PRESSURE,
                sign("long_term_plan"),
                sign("no_near_change"),
            ],
            [
                AMLODIPINE,
                *STEADY_PRESSURE,
                sign("long_term_plan"),
                sign("no_near_change", present=False),
            ],
        ),
        ("DM-F1", [glucose(6.9)], [glucose(7.0)]),
        ("DM-F2", [glucose(7.0)], [glucose(6.9)]),
        ("DM-F3", [glucose(7.0, LAST_MONTH), glucose(7.0)], [glucose(7.0)]),
        ("DM-F4", [glucose(6.0), sign("ketone_breath")], [glucose(6.0)]),
        (
            "DM-F4",
            [glucose(6.0), measured("8310-5", 39.1, "Cel")],
            [glucose(6.0), measured("8310-5", 39.0, "Cel")],
        ),
        (
            "DM-U1",
            [condition("E10.900"), glucose(6.0)],
            [DIABETES, glucose(6.0)],
        ),
        (
            "DM-U2",
            [patient(age=17), DIABETES],
            [patient(age=18), DIABETES],
        ),
        (
            "DM-U3",
            [METFORMIN, measured("4548-4", 7.0, "%")],
            [METFORMIN, measured("4548-4", 6.9, "%")],
        ),
        ("DM-U3", [measured("4548-4", 9.1, "%")], [measured("4548-4", 6.0, "%")]),
        (
            "DM-U4",
            [glucose(5), sign("needs_insulin_pump")],
            [
                glucose(5),
                sign("needs_insulin_pump", present=False),
                sign("complex_insulin_start", present=False),
            ],
        ),
        ("DM-U5", [glucose(2.9)], [glucose(3.0)]),
        ("DM-U5", [glucose(3.9, LAST_WEEK), glucose(3.5)], [glucose(3.5)]),
        (
            "DM-U6",
            [DIABETES, measured("9318-7", 30, "mg/g")],
            [
                DIABETES,
                measured("9318-7", 29, "mg/g"),
                measured("62238-1", 60, "mL/min/{1.73_m2}"),
            ],
        ),
        (
            "DM-U6",
            [
                DIABETES,
                observation(
                    concept("ankle_brachial_index", SYSTEM),
                    valueQuantity=quantity(0.8, "1"),
                ),
            ],
            [glucose(6.0)],
        ),
        (
            "DM-U7",
            [glucose(14.0), observation(concept("2514-8"), valueString="++")],
            [glucose(14.0), observation(concept("2514-8"), valueString="-")],
        ),
        ("DM-U7", [glucose(33.4)], [glucose(13.9)]),
        (
            "DM-D1",
            [DIABETES, METFORMIN, *STEADY_GLUCOSE, sign("plan_fixed")],
            [DIABETES, METFORMIN, *STEADY_GLUCOSE, glucose(4.3), sign("plan_fixed")],
        ),
        (
            "DM-D2",
            [
                DIABETES,
                METFORMIN,
                *STEADY_GLUCOSE,
                sign("acute_complication", LAST_MONTH),
                sign("acute_complication_treated"),
            ],
            [DIABETES, METFORMIN, *STEADY_GLUCOSE, sign("acute_complication_treated")],
        ),
        (
            "DM-D3",
            [DIABETES, sign("chronic_complication_assessed"), sign("plan_fixed")],
            [
                DIABETES,
                sign("chronic_complication_assessed"),
                sign("plan_fixed"),
                sign("ketone_breath"),
            ],
        ),
        ("STR-E1", [sign("face_droop")], [sign("face_droop", present=False)]),
    ],
)  # fmt: skip
def test_a_rule_fires_on_its_condition_and_not_without(
    rule_id: str, fires: list[Resource], does_not: list[Resource]
) -> None:
    assert outcomes(*fires)[rule_id] == "fires"
    assert outcomes(*does_not)[rule_id] == "not"


def test_every_rule_is_tried_above() -> None:
    [mark] = [
        mark
        for mark in test_a_rule_fires_on_its_condition_and_not_without.pytestmark  # type: ignore[attr-defined]
        if mark.name == "parametrize"
    ]
    tried = {case[0] for case in mark.args[1]}
    assert tried == {rule.rule_id for pack in shipped() for rule in pack.rules}


@pytest.mark.parametrize(
    ("rule_id", "resources", "missing"),
    [
        ("HTN-F1", [], {"8480-6", "8462-4"}),
        ("HTN-F1", [measured("8480-6", 130, "mm[Hg]")], {"8462-4"}),
        ("HTN-F1", [patient(age=None), pressure(145, 80)], {"birthDate"}),
        ("HTN-F3", [pressure(150, 80, LAST_MONTH), measured("29463-7", 70, "kg")],
         {"8480-6", "8462-4"}),
        ("HTN-U3", [pressure(150, 80, LAST_MONTH), pressure(150, 80)],
         {"antihypertensive"}),
        ("HTN-U10", [HYPERTENSION, pressure(130, 80)], {"2823-3"}),
        ("HTN-U10", [pressure(150, 80), measured("2823-3", 4, "mmol/L")], {"onset"}),
        ("HTN-U11", [pressure(150, 80), *THREE_DRUGS], {"full_dose_drugs"}),
        ("HTN-U12", [HYPERTENSION], {"62238-1", "9318-7"}),
        ("HTN-U16", [pressure(130, 80)], {"tcm_need_unmet"}),
        ("HTN-U4", [sign("adverse_reaction")], {"I10-I15"}),
        ("DM-F2", [pressure(130, 80), sign("adverse_reaction")], {"E10-E14"}),
        ("HTN-E6", [pressure(130, 80)], {"8867-4"}),
        ("HTN-D1", [HYPERTENSION, AMLODIPINE, *STEADY_PRESSURE],
         {"plan_signed", "plan_fixed", "fit_for_primary", "home_oral_drugs"}),
        ("HTN-D1", STEADY_PRESSURE[:1],
         {"8480-6", "8462-4", "medication", "diagnosis_clear", "plan_signed",
          "plan_fixed", "fit_for_primary", "home_oral_drugs"}),
        ("DM-F1", [], {"14771-0"}),
        ("DM-U3", [measured("4548-4", 8, "%")], {"glucose_lowering"}),
        ("DM-U7", [glucose(20)], {"ketones_positive"}),
    ],
)  # fmt: skip
def test_what_is_not_on_record_is_unknown_and_named(
    rule_id: str, resources: list[Resource], missing: set[str]
) -> None:
    found = advice(*resources)[rule_id]
    assert found.outcome == "unknown"
    assert set(found.missing) == missing


def test_an_emergency_does_not_wait_for_a_diagnosis() -> None:
    assert {"HTN-E1", "HTN-F4", "DM-F4"} <= fired(sign("consciousness_change"))
    assert "HTN-E5" in fired(sign("chest_pain_lasting"))


def test_high_pressure_is_a_diabetic_danger_only_with_a_sign_of_diabetes() -> None:
    assert outcomes(pressure(182, 96))["DM-F4"] == "unknown"
    assert outcomes(pressure(182, 96), glucose(6.0))["DM-F4"] == "fires"
    assert outcomes(pressure(182, 96), DIABETES)["DM-F4"] == "fires"


def test_the_elderly_limit_counts_from_the_65th_birthday() -> None:
    def born(day: str) -> Resource:
        return {**patient(), "birthDate": day}

    assert "HTN-F1" in fired(born("1961-03-02"), pressure(145, 80))
    assert "HTN-F2" in fired(born("1961-03-03"), pressure(145, 80))
    assert "HTN-F1" in fired(born("1960"), pressure(145, 80))


def test_a_danger_value_of_last_week_is_not_a_danger_today() -> None:
    assert outcomes(glucose(17, LAST_WEEK))["DM-F4"] == "unknown"
    assert outcomes(glucose(17, YESTERDAY))["DM-F4"] == "fires"


def test_advice_of_ten_years_ago_sees_only_what_was_known_then() -> None:
    long_ago = TODAY.replace(year=2016)
    resources = [pressure(182, 96, long_ago), pressure(130, 80)]
    assert "HTN-F4" in fired(*resources, on=long_ago)
    assert "HTN-F1" in fired(*resources, on=TODAY)
    assert outcomes(pressure(182, 96, long_ago), on=TODAY)["HTN-F4"] == "unknown"


def test_an_unasked_symptom_is_named_but_does_not_hold_a_rule_back() -> None:
    found = advice(pressure(182, 96), sign("speech_trouble", present=False))["HTN-E2"]
    assert found.outcome == "not"
    assert "limb_paralysis" in found.not_asked
    assert "speech_trouble" not in found.not_asked


def test_a_reading_above_the_meter_s_scale_still_counts() -> None:
    high = observation(
        concept("14743-9"),
        valueQuantity={**quantity(33.3, "mmol/L"), "comparator": ">"},
    )
    low = observation(
        concept("14743-9"), valueQuantity={**quantity(1.1, "mmol/L"), "comparator": "<"}
    )
    assert outcomes(high)["DM-F4"] == outcomes(high)["DM-U7"] == "fires"
    assert outcomes(low)["DM-F4"] == outcomes(low)["DM-U5"] == "fires"


@pytest.mark.parametrize(
    ("tier", "has", "has_not"),
    [
        (Tier.VILLAGE, "HTN-U1", "HTN-U10"),
        (Tier.PRIMARY, "HTN-U10", "HTN-U1"),
        (Tier.SECONDARY, "HTN-D1", "HTN-F1"),
        (Tier.TERTIARY, "DM-D1", "HTN-D2"),
    ],
)
def test_each_tier_is_shown_its_own_rules_and_every_emergency(
    tier: Tier, has: str, has_not: str
) -> None:
    facts = read_facts([patient(), pressure(182, 96)])
    shown = {found.rule_id for found in evaluate(facts, on=TODAY, tier=tier)}
    assert {has, "HTN-E1", "STR-E1", "DM-U7"} <= shown
    assert has_not not in shown


def test_advice_names_its_source_and_version() -> None:
    found = advice(pressure(138, 88))["HTN-F1"]
    assert found.source == ("国家基本公共卫生服务规范（第三版，2017年）",)
    assert found.pack == "hypertension 2"


def test_advice_says_whether_the_disease_is_on_record() -> None:
    assert advice(pressure(138, 88), HYPERTENSION)["HTN-F1"].applies
    assert advice(pressure(138, 88), AMLODIPINE)["HTN-F1"].applies
    assert not advice(pressure(138, 88))["HTN-F1"].applies
