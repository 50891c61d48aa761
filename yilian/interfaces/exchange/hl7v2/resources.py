"""What came with a referral as FHIR resources, for the shared record.

Pure mapping. An id is made of the message's own facts, so that a repeat or a change
writes the same resource again and not a second one.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from uuid import UUID, uuid5

from yilian.interfaces.exchange.hl7v2.content import is_measured
from yilian.interfaces.exchange.hl7v2.referral import (
    Allergy,
    Coded,
    Observation,
    Procedure,
    ReferralFacts,
)

Resource = dict[str, Any]

_SYSTEMS: Final[Mapping[str, str]] = {
    "LN": "http://loinc.org",
    "SCT": "http://snomed.info/sct",
    "I10": "http://hl7.org/fhir/sid/icd-10",
    "I10C": "http://hl7.org/fhir/sid/icd-10",
    "ICD10": "http://hl7.org/fhir/sid/icd-10",
    "ICD-10": "http://hl7.org/fhir/sid/icd-10",
}
# OBX-11 (table 0085) → observation-status
_STATUS: Final[Mapping[str, str]] = {
    "F": "final", "C": "corrected", "P": "preliminary", "R": "preliminary",
    "S": "preliminary", "I": "registered", "X": "cancelled", "D": "entered-in-error",
    "W": "entered-in-error", "U": "final",
}  # fmt: skip
_INTERPRETATION: Final = (
    "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
)
_FLAGS: Final = frozenset({"H", "HH", "L", "LL", "A", "AA", "N", ">", "<"})
_CLINICAL: Final = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
_LONGEST: Final = 1000


def resources_of(
    facts: ReferralFacts,
    *,
    source: str,
    root: UUID,
    person_id: UUID,
    institution_id: UUID,
    referral_id: UUID,
) -> Iterator[Resource]:
    """`source`: from which feed and message; `root`: what the ids grow from."""
    for one in filter(is_measured, facts.observations):
        key = f"{one.place}|{one.code.code}|{one.code.system}|{one.at}"
        made = _observation(one) | {
            "performer": [{"reference": f"Organization/{institution_id}"}],
            "basedOn": [{"reference": f"ServiceRequest/{referral_id}"}],
        }
        yield _kept(made, "subject", person_id, source, uuid5(root, f"obx|{key}"))
    for at, allergy in enumerate(facts.allergies):
        key = f"al1|{allergy.code.code or allergy.code.text or at}"
        yield _kept(_allergy(allergy), "patient", person_id, source, uuid5(root, key))
    for at, procedure in enumerate(facts.procedures):
        key = f"pr1|{procedure.code.code or at}|{procedure.on}"
        yield _kept(
            _procedure(procedure), "subject", person_id, source, uuid5(root, key)
        )


def _kept(
    made: Resource, whose: str, person_id: UUID, source: str, resource_id: UUID
) -> Resource:
    return {
        "resourceType": made.pop("resourceType"),
        "id": str(resource_id),
        "meta": {"source": source},
        **made,
        whose: {"reference": f"Patient/{person_id}"},
    }


def _observation(one: Observation) -> Resource:
    said: Resource = {
        "resourceType": "Observation",
        "status": _STATUS.get(one.status, "unknown"),
        "code": _concept(one.code),
        **_value(one),
    }
    flags = [flag for flag in one.flags if flag in _FLAGS]
    if one.at:
        said["effectiveDateTime"] = one.at.isoformat()
    if flags:
        codings = [{"system": _INTERPRETATION, "code": flag} for flag in flags]
        said["interpretation"] = [{"coding": [coding]} for coding in codings]
    if one.limits:
        said["referenceRange"] = [{"text": one.limits}]
    if one.comments:
        said["note"] = [{"text": text[:_LONGEST]} for text in one.comments]
    return said


def _value(one: Observation) -> Resource:
    if one.concepts:
        return {"valueCodeableConcept": _concept(one.concepts[0])}
    number = (
        _number(one.values[0]) if one.kind == "NM" and len(one.values) == 1 else None
    )
    if number is None:
        return {"valueString": "；".join(one.values)[:_LONGEST]}
    unit = {"unit": one.unit} if one.unit else {}
    return {"valueQuantity": {"value": number, **unit}}


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    is_usual = number.is_finite() and len(text) < 20  # noqa: PLR2004
    return number if is_usual else None


def _allergy(one: Allergy) -> Resource:
    made: Resource = {
        "resourceType": "AllergyIntolerance",
        "clinicalStatus": {"coding": [{"system": _CLINICAL, "code": "active"}]},
        "code": _concept(one.code),
    }
    if one.severity == "SV":
        made["criticality"] = "high"
    if one.since:
        made["onsetDateTime"] = one.since.isoformat()
    if one.reactions:
        signs = [{"text": text[:_LONGEST]} for text in one.reactions]
        made["reaction"] = [{"manifestation": signs}]
    return made


def _procedure(one: Procedure) -> Resource:
    made: Resource = {
        "resourceType": "Procedure",
        "status": "completed",
        "code": _concept(one.code),
    }
    if one.on:
        made["performedDateTime"] = one.on.isoformat()
    return made


def _concept(one: Coded) -> Resource:
    concept: Resource = {}
    if one.code:
        name = one.system.upper()
        system = _SYSTEMS.get(name) or (f"urn:yilian:hl7v2:{name}" if name else "")
        coding = {
            "system": system.replace(" ", "-"),
            "code": one.code,
            "display": one.text,
        }
        concept["coding"] = [{key: value for key, value in coding.items() if value}]
    if one.words:
        concept["text"] = one.words[:_LONGEST]
    return concept or {"text": "?"}
