"""A made-up person's resources, as short as a test can say them."""

from datetime import date
from itertools import count
from typing import Any

from yilian.record.advice.evaluate import evaluate
from yilian.record.advice.fhir.read import read_facts
from yilian.record.advice.rules import Advice, Outcome
from yilian.record.advice.symptoms import SYSTEM

TODAY = date(2026, 3, 2)
_numbers = count(1)

Resource = dict[str, Any]


def patient(*, age: int | None = 58, on: date = TODAY, **more: Any) -> Resource:
    found: Resource = {"resourceType": "Patient", "id": "p", "gender": "male", **more}
    if age is not None:
        found["birthDate"] = f"{on.year - age}-01-15"
    return found


def quantity(value: Any, unit: str) -> Resource:
    return {
        "value": value,
        "unit": unit,
        "system": "http://unitsofmeasure.org",
        "code": unit,
    }


def concept(code: str, system: str = "http://loinc.org") -> Resource:
    return {"coding": [{"system": system, "code": code}]}


def observation(
    code: Resource, on: date | str = TODAY, *, at: str | None = None, **more: Any
) -> Resource:
    found: Resource = {
        "resourceType": "Observation",
        "id": f"o{next(_numbers)}",
        "status": "final",
        "subject": {"reference": "Patient/p"},
        "code": code,
        "effectiveDateTime": str(on),
        **more,
    }
    if at is not None:
        found["encounter"] = {"reference": f"Encounter/{at}"}
    return found


def measured(
    code: str, value: Any, unit: str, on: date | str = TODAY, **more: Any
) -> Resource:
    more["valueQuantity"] = quantity(value, unit)
    return observation(concept(code), on, **more)


def pressure(
    sbp: Any, dbp: Any, on: date | str = TODAY, *, unit: str = "mm[Hg]", **more: Any
) -> Resource:
    parts = [
        {"code": concept(code), "valueQuantity": quantity(value, unit)}
        for code, value in (("8480-6", sbp), ("8462-4", dbp))
        if value is not None
    ]
    return observation(concept("85354-9"), on, component=parts, **more)


def glucose(value: Any, on: date | str = TODAY, **more: Any) -> Resource:
    return measured("14743-9", value, "mmol/L", on, **more)


def sign(
    code: str, on: date | str = TODAY, *, present: bool = True, **more: Any
) -> Resource:
    return observation(concept(code, SYSTEM), on, valueBoolean=present, **more)


def condition(
    code: str, system: str = "http://hl7.org/fhir/sid/icd-10", **more: Any
) -> Resource:
    return {
        "resourceType": "Condition",
        "id": f"c{next(_numbers)}",
        "subject": {"reference": "Patient/p"},
        "code": concept(code, system),
        **more,
    }


def encounter(
    identifier: str, on: date | str = TODAY, *, kind: str = "AMB"
) -> Resource:
    return {
        "resourceType": "Encounter",
        "id": identifier,
        "status": "finished",
        "class": {"code": kind},
        "subject": {"reference": "Patient/p"},
        "period": {"start": str(on)},
    }


def drug(name: str, on: date | str, *, status: str = "active", **more: Any) -> Resource:
    return {
        "resourceType": "MedicationRequest",
        "id": f"m{next(_numbers)}",
        "status": status,
        "intent": "order",
        "subject": {"reference": "Patient/p"},
        "medicationCodeableConcept": {"text": name},
        "authoredOn": str(on),
        **more,
    }


def advice(*resources: Resource, on: date = TODAY) -> dict[str, Advice]:
    people = [r for r in resources if r["resourceType"] == "Patient"]
    rows = list(resources) if people else [patient(on=on), *resources]
    return {a.rule_id: a for a in evaluate(read_facts(rows), on=on)}


def outcomes(*resources: Resource, on: date = TODAY) -> dict[str, str]:
    found = advice(*resources, on=on)
    return {rule_id: item.outcome.value for rule_id, item in found.items()}


def fired(*resources: Resource, on: date = TODAY) -> set[str]:
    found = advice(*resources, on=on)
    return {key for key, item in found.items() if item.outcome is Outcome.FIRES}
