"""Small resources that the record's tests write."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from yilian.kernel.ids import new_id

Resource = dict[str, Any]
LOINC = "http://loinc.org"


def observation(
    person_id: UUID, value: str = "6.10", *, at: str = "2026-03-01T08:00:00+08:00"
) -> Resource:
    return {
        "resourceType": "Observation",
        "id": str(new_id()),
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": "15074-8"}], "text": "血糖"},
        "subject": {"reference": f"Patient/{person_id}"},
        "effectiveDateTime": at,
        "valueQuantity": {"value": Decimal(value), "unit": "mmol/L"},
    }


def blood_pressure(person_id: UUID) -> Resource:
    reading = observation(person_id)
    del reading["valueQuantity"]
    return reading | {
        "code": {"coding": [{"system": LOINC, "code": "85354-9"}]},
        "component": [
            {
                "code": {"coding": [{"system": LOINC, "code": code}]},
                "valueQuantity": {"value": value, "unit": "mmHg"},
            }
            for code, value in (("8480-6", 152), ("8462-4", 94))
        ],
    }


def condition(person_id: UUID, code: str = "I10", name: str = "高血压") -> Resource:
    return {
        "resourceType": "Condition",
        "id": str(new_id()),
        "clinicalStatus": {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/condition-clinical",
                    "code": "active",
                }
            ]
        },
        "code": {
            "coding": [
                {
                    "system": "http://hl7.org/fhir/sid/icd-10",
                    "code": code,
                    "display": name,
                }
            ],
            "text": name,
        },
        "subject": {"reference": f"Patient/{person_id}"},
        "onsetDateTime": "2019-05",
    }


def organization(name: str = "望远镇卫生院") -> Resource:
    return {
        "resourceType": "Organization",
        "id": str(new_id()),
        "active": True,
        "name": name,
    }
