import json
from collections import Counter, defaultdict
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import fhirkit
import pytest

from yilian.demo.world.build import Region
from yilian.demo.world.history.model import Entry, History
from yilian.demo.world.institutions.build import by_code
from yilian.demo.world.people.model import Resident
from yilian.demo.world.people.residents import CAST_RESIDENT
from yilian.record.advice.evaluate import evaluate, stable_for_down
from yilian.record.advice.facts import PatientFacts
from yilian.record.advice.fhir.read import read_facts
from yilian.record.advice.rules import Outcome


@pytest.fixture(scope="session")
def facts(world: Region, entries: list[Entry]) -> dict[UUID, PatientFacts]:
    """What the advice module reads of those with a chronic illness."""
    by_person: dict[UUID, list[Entry]] = defaultdict(list)
    for entry in entries:
        by_person[entry.person].append(entry)
    return {
        resident.id: read_facts(_bundle(resident, by_person[resident.id]))
        for resident in world.population.residents
        if resident.conditions & {"hypertension", "diabetes"}
    }


def test_everybody_has_a_history_of_believable_length(
    world: Region, entries: list[Entry]
) -> None:
    mean = len(entries) / len(world.population.residents)
    assert 12 <= mean <= 20


def test_all_resources_are_valid_r4(entries: list[Entry]) -> None:
    for entry in entries[::7]:
        assert fhirkit.validate(entry.text) == []


def test_ids_are_given_once_and_bodies_agree_with_their_columns(
    entries: list[Entry],
) -> None:
    assert len({entry.id for entry in entries}) == len(entries)
    for entry in entries[::5]:
        body = json.loads(entry.text)
        assert body["resourceType"] == entry.type
        assert body["id"] == str(entry.id)
        assert body["subject"]["reference"] == f"Patient/{entry.person}"


def test_references_to_encounters_point_within_the_person(
    entries: list[Entry],
) -> None:
    encounters = {
        (entry.person, str(entry.id)) for entry in entries if entry.type == "Encounter"
    }
    for entry in entries:
        if '"encounter":{"reference":"Encounter/' in entry.text:
            reference = json.loads(entry.text)["encounter"]["reference"]
            assert (entry.person, reference.removeprefix("Encounter/")) in encounters


def test_nothing_happens_before_birth_after_death_or_tomorrow(
    world: Region, told: list[History]
) -> None:
    for resident, history in zip(world.population.residents, told, strict=True):
        assert history.person == resident.id
        for visit in history.visits:
            assert resident.born_on <= visit.starts_at.date()
            assert visit.starts_at <= (resident.died_at or world.now)
            if visit.ends_at is not None:
                assert visit.starts_at < visit.ends_at


def test_visits_are_at_houses_that_have_the_department(told: list[History]) -> None:
    for history in told:
        for visit in history.visits:
            house = by_code()[visit.institution]
            assert house.department(visit.department) or house.department("general")


def test_all_kinds_of_resources_are_there(entries: list[Entry]) -> None:
    assert set(Counter(entry.type for entry in entries)) == {
        "Condition",
        "MedicationRequest",
        "Encounter",
        "Observation",
        "DiagnosticReport",
        "DocumentReference",
        "Procedure",
    }


def test_some_lie_in_hospital_today_in_county_and_tertiary_houses(
    told: list[History],
) -> None:
    houses = {
        visit.institution
        for history in told
        for visit in history.visits
        if visit.ends_at is None
    }
    assert {"640121-A1", "640104-A1"} <= houses


def test_a_person_lies_in_one_bed_only(told: list[History]) -> None:
    for history in told:
        assert sum(visit.ends_at is None for visit in history.visits) <= 1


@pytest.mark.parametrize(
    "rule", ["HTN-F1", "HTN-F3", "HTN-F4", "DM-F1", "DM-F3", "DM-F4", "HTN-D1"]
)
def test_the_rules_find_somebody(
    rule: str, facts: dict[UUID, PatientFacts], today: date
) -> None:
    assert any(rule in _fired(known, today) for known in facts.values())


def test_most_pressure_is_controlled(
    facts: dict[UUID, PatientFacts], today: date
) -> None:
    fired = Counter(rule for known in facts.values() for rule in _fired(known, today))
    assert fired["HTN-F1"] > 3 * (fired["HTN-F3"] + fired["HTN-F4"])


def test_the_resident_of_the_cast_should_be_sent_up(
    facts: dict[UUID, PatientFacts], today: date
) -> None:
    assert {"HTN-F3", "DM-F3"} <= _fired(facts[CAST_RESIDENT], today)


def test_somebody_can_go_down_today(
    told: list[History], facts: dict[UUID, PatientFacts], today: date
) -> None:
    lying = [
        history.person
        for history in told
        if any(visit.ends_at is None for visit in history.visits)
    ]
    ready = [
        person
        for person in lying
        if person in facts
        for advice in stable_for_down(facts[person], on=today)
        if advice.outcome is Outcome.FIRES
    ]
    assert 3 <= len(set(ready)) < len(lying)


def _bundle(resident: Resident, found: list[Entry]) -> dict[str, Any]:
    patient = {
        "resourceType": "Patient",
        "id": str(resident.id),
        "gender": "male" if resident.sex == "1" else "female",
        "birthDate": resident.born_on.isoformat(),
    }
    bodies = [json.loads(entry.text, parse_float=Decimal) for entry in found]
    rows = [{"resource": body} for body in (patient, *bodies)]
    return {"resourceType": "Bundle", "type": "collection", "entry": rows}


def _fired(known: PatientFacts, day: date) -> set[str]:
    return {
        advice.rule_id
        for advice in evaluate(known, on=day)
        if advice.outcome is Outcome.FIRES
    }
