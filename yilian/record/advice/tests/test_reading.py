"""From FHIR resources to facts: units, references, people, bad input."""

import math
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yilian.kernel.errors import Invalid
from yilian.record.advice.evaluate import evaluate
from yilian.record.advice.fhir.read import read_facts
from yilian.record.advice.loading import shipped
from yilian.record.advice.symptoms import SYSTEM
from yilian.record.advice.tests.person import (
    TODAY,
    Resource,
    concept,
    condition,
    drug,
    encounter,
    measured,
    observation,
    outcomes,
    patient,
    pressure,
    quantity,
    sign,
)

SNOMED = "http://snomed.info/sct"


@pytest.mark.parametrize(
    ("code", "value", "unit", "expected"),
    [
        ("14743-9", 180, "mg/dL", "10"),
        ("2339-0", 90, "mg/dL", "5"),
        ("2160-0", 2, "mg/dL", "176.8"),
        ("14682-9", 80, "µmol/L", "80"),
        ("8480-6", 20, "kPa", "150.0124"),
        ("8480-6", 120, "mmHg", "120"),
        ("8480-6", 120, "mm Hg", "120"),
        ("8310-5", 104, "[degF]", "40"),
        ("9318-7", 10, "mg/mmol", "88.4"),
        ("6298-4", 4, "mEq/L", "4"),
    ],
)
def test_a_known_unit_is_converted(
    code: str, value: float, unit: str, expected: str
) -> None:
    [found] = read_facts([measured(code, value, unit)]).measurements
    assert math.isclose(found.value, Decimal(expected), rel_tol=1e-9)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(quantity(138, "mg/dL"), id="a unit of something else"),
        pytest.param({"value": 138}, id="no unit"),
        pytest.param(quantity("138", "mm[Hg]"), id="a text"),
        pytest.param(quantity(True, "mm[Hg]"), id="a boolean"),
        pytest.param(quantity(1380, "mm[Hg]"), id="impossible"),
        pytest.param(quantity(-5, "mm[Hg]"), id="negative"),
        pytest.param(quantity(float("nan"), "mm[Hg]"), id="not a number"),
        pytest.param({}, id="empty"),
    ],
)
def test_a_value_that_cannot_be_trusted_is_reported_and_not_used(
    value: Resource,
) -> None:
    facts = read_facts([observation(concept("8480-6"), valueQuantity=value)])
    assert facts.measurements == ()
    assert len(facts.problems) == 1


@pytest.mark.parametrize("status", ["entered-in-error", "cancelled"])
def test_a_withdrawn_value_does_not_count(status: str) -> None:
    withdrawn = pressure(200, 120, status=status)
    assert outcomes(pressure(130, 80), withdrawn)["HTN-F1"] == "fires"


def test_a_preliminary_value_counts() -> None:
    assert outcomes(pressure(200, 120, status="preliminary"))["HTN-F4"] == "fires"


def test_a_symptom_without_value_is_present_and_an_unasked_one_is_not() -> None:
    said = observation(concept("eye_pain", SYSTEM))
    unasked = observation(
        concept("eye_pain", SYSTEM), dataAbsentReason=concept("not-asked")
    )
    assert outcomes(pressure(130, 80), said)["HTN-F4"] == "fires"
    assert outcomes(pressure(130, 80), unasked)["HTN-F4"] == "not"


def test_a_symptom_may_also_be_the_value_of_a_finding() -> None:
    said = observation(
        concept("75325-1"), valueCodeableConcept=concept("eye_pain", SYSTEM)
    )
    assert outcomes(pressure(130, 80), said)["HTN-F4"] == "fires"


def test_an_unknown_symptom_is_reported() -> None:
    facts = read_facts([observation(concept("green_hair", SYSTEM))])
    assert [problem.reason for problem in facts.problems] == ["不认识的症状代码"]


def test_evidence_names_the_resource_or_else_its_full_url() -> None:
    reading = pressure(130, 80)
    named = {"resourceType": "Bundle", "entry": [{"resource": reading}]}
    assert read_facts(named).measurements[0].ref == f"Observation/{reading['id']}"
    del reading["id"]
    urn = "urn:uuid:8f6b1c0e-0000-4000-8000-000000000001"
    unnamed = {
        "resourceType": "Bundle",
        "entry": [{"fullUrl": urn, "resource": reading}],
    }
    assert read_facts(unnamed).measurements[0].ref == urn


def test_a_urn_reference_finds_its_encounter() -> None:
    urn = "urn:uuid:8f6b1c0e-0000-4000-8000-000000000002"
    reading = pressure(130, 80)
    reading["encounter"] = {"reference": urn}
    facts = read_facts(
        {
            "resourceType": "Bundle",
            "type": "transaction",
            "entry": [
                {"fullUrl": urn, "resource": encounter("e1")},
                {"resource": reading},
            ],
        }
    )
    assert [visit.key for visit in facts.visits] == ["Encounter/e1"]


def test_another_person_s_value_is_never_mixed_in() -> None:
    stranger = pressure(200, 120, subject={"reference": "Patient/other"})
    facts = read_facts([patient(), pressure(130, 80), stranger])
    assert {m.value for m in facts.measurements} == {Decimal(130), Decimal(80)}
    assert len(facts.problems) == 1


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(None, id="nothing"),
        pytest.param("text", id="a text"),
        pytest.param({"a": 1}, id="no resource"),
        pytest.param([1], id="a list of numbers"),
        pytest.param({"resourceType": "Bundle", "entry": {}}, id="entry is no list"),
        pytest.param(
            {"resourceType": "Bundle", "entry": [{"resource": 5}]},
            id="entry is a number",
        ),
        pytest.param([patient(), {**patient(), "id": "q"}], id="two patients"),
        pytest.param(
            [
                pressure(130, 80),
                pressure(130, 80, subject={"reference": "Patient/other"}),
            ],
            id="two subjects",
        ),
    ],
)
def test_what_is_not_one_person_s_record_is_refused_in_words(source: object) -> None:
    with pytest.raises(Invalid):
        read_facts(source)


@pytest.mark.parametrize(
    "broken",
    [
        {"resourceType": "Observation", "code": "8480-6", "effectiveDateTime": 5},
        {"resourceType": "Observation", "code": {"coding": {}}, "component": 3},
        {"resourceType": "Observation", "effectiveDateTime": "2026-02-30"},
        {"resourceType": "Encounter", "period": [], "class": "AMB"},
        {"resourceType": "Condition", "code": None, "clinicalStatus": "active"},
        {"resourceType": "MedicationRequest", "dosageInstruction": [None, 4]},
        {"resourceType": "CarePlan", "status": 4, "period": "x"},
        {"resourceType": "Flag", "code": []},
        {"resourceType": "AdverseEvent", "suspectEntity": 4, "date": "x"},
    ],
)
def test_a_broken_resource_does_not_stop_the_others(broken: Resource) -> None:
    assert outcomes(pressure(130, 80), broken)["HTN-F1"] == "fires"


@pytest.mark.parametrize(
    ("found", "group"),
    [
        (condition("I10"), "hypertension"),
        (condition("I15.000x002"), "hypertension"),
        (condition("59621000", SNOMED), "hypertension"),
        (condition("44054006", SNOMED), "diabetes"),
        (condition("E1190", ""), "diabetes"),
        (condition("O24.400"), "gestational_diabetes"),
    ],
)
def test_a_diagnosis_is_known_by_either_system(found: Resource, group: str) -> None:
    assert group in read_facts([found]).diagnoses[0].groups


@pytest.mark.parametrize(
    ("name", "system", "classes"),
    [
        ("厄贝沙坦氢氯噻嗪片", "", {"raas_blocker", "diuretic"}),
        ("Hydrochlorothiazide 25 MG Oral Tablet", "", {"diuretic"}),
        ("C09DB01", "http://www.whocc.no/atc", {"raas_blocker", "calcium_blocker"}),
        ("A10BA02", "http://www.whocc.no/atc", {"oral_glucose"}),
        ("阿莫西林", "", set()),
    ],
)
def test_a_drug_is_known_by_code_or_name(
    name: str, system: str, classes: set[str]
) -> None:
    order = drug(name, "2026-01-01")
    if system:
        order["medicationCodeableConcept"] = concept(name, system)
    facts = read_facts([order])
    assert facts.drugs[0].classes == classes


def test_an_allergy_counts_as_a_reaction_only_to_drugs_of_these_diseases() -> None:
    def allergy(name: str) -> Resource:
        return {
            "resourceType": "AllergyIntolerance",
            "id": "a",
            "patient": {"reference": "Patient/p"},
            "code": {"text": name},
            "recordedDate": "2026-03-02",
        }

    assert outcomes(pressure(130, 80), allergy("青霉素"))["HTN-F1"] == "fires"
    assert outcomes(pressure(130, 80), allergy("卡托普利"))["HTN-F2"] == "fires"


def test_of_two_versions_of_one_value_the_newer_counts() -> None:
    wrong, right = pressure(200, 120), pressure(130, 80)
    right["id"] = wrong["id"]
    wrong["meta"], right["meta"] = {"versionId": "1"}, {"versionId": "2"}
    assert outcomes(right, wrong)["HTN-F1"] == "fires"


def test_a_flag_and_a_signed_plan_are_heard() -> None:
    flag = {
        "resourceType": "Flag",
        "id": "f",
        "status": "active",
        "subject": {"reference": "Patient/p"},
        "code": concept("tcm_need_unmet", SYSTEM),
        "period": {"start": "2026-02-01"},
    }
    plan = {
        "resourceType": "CarePlan",
        "id": "cp",
        "status": "active",
        "subject": {"reference": "Patient/p"},
        "author": {"reference": "Practitioner/dr"},
        "created": "2026-02-01",
    }
    facts = read_facts([patient(), flag, plan, sign("plan_fixed")])
    assert {found.code for found in facts.signs} == {
        "tcm_need_unmet",
        "plan_signed",
        "plan_fixed",
    }


_JUNK: Any = st.sampled_from(
    [None, True, 0, -1, "", "x", "9999-12-31", "0001-01-01", [], {}, [None], [[]]]
)


@given(st.data())
def test_junk_in_any_place_is_refused_in_words_or_left_out(data: st.DataObject) -> None:
    rows = [
        patient(),
        encounter("e1"),
        pressure(150, 90, at="e1"),
        sign("eye_pain"),
        condition("I10", onsetDateTime="2020-01-01"),
        drug("氨氯地平", "2026-01-01", dosageInstruction=[{"text": "5 mg"}]),
    ]
    holder: Any = rows[data.draw(st.integers(0, len(rows) - 1))]
    key: Any = data.draw(st.sampled_from(sorted(holder)))
    while isinstance(holder[key], dict | list) and data.draw(st.booleans()):
        holder = holder[key]
        keys = sorted(holder) if isinstance(holder, dict) else range(len(holder))
        key = data.draw(st.sampled_from(keys))
    holder[key] = data.draw(_JUNK)
    try:
        facts = read_facts(rows)
    except Invalid:
        return
    day = data.draw(st.sampled_from([TODAY, date.min, date.max]))
    assert len(evaluate(facts, on=day)) == sum(len(pack.rules) for pack in shipped())
