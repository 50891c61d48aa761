"""A history as FHIR R4 resources: JSON text, ready for the record."""

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from json import JSONEncoder
from typing import Any, Final
from uuid import UUID

from yilian.demo.world.chance import fixed_id
from yilian.demo.world.history.catalogue import DRUGS, MEASURES, Quantity
from yilian.demo.world.history.model import (
    Entry,
    History,
    Measure,
    Prescription,
    Problem,
    Visit,
)
from yilian.demo.world.history.pen import CHINA
from yilian.demo.world.institutions.build import by_code
from yilian.demo.world.specialties import DEPARTMENTS
from yilian.record.advice.symptoms import SIGNS, SYSTEM
from yilian.resources.reception.rules import FHIR_CLASS, EncounterKind

Resource = dict[str, Any]
# Institution and department key → the practitioner who is named in the record.
Physicians = Callable[[str, str], UUID | None]

LOINC: Final = "http://loinc.org"
ICD10: Final = "http://hl7.org/fhir/sid/icd-10"
ICD9: Final = "http://hl7.org/fhir/sid/icd-9-cm"
ATC: Final = "http://www.whocc.no/atc"
UCUM: Final = "http://unitsofmeasure.org"
_HL7: Final = "http://terminology.hl7.org/CodeSystem/"
_CATEGORY: Final = f"{_HL7}observation-category"
_CLASS_NAMES: Final = {
    EncounterKind.OUTPATIENT: "门诊",
    EncounterKind.INPATIENT: "住院",
    EncounterKind.EMERGENCY: "急诊",
    EncounterKind.HOME: "上门",
}
_LOINC_DOCUMENTS: Final = {"出院小结": "18842-5"}
_encode: Final = JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def entries(history: History, physicians: Physicians) -> Iterator[Entry]:
    for institution, resource, at in resources(history, physicians):
        yield _entry(history.person, institution, resource, at)


def resources(
    history: History, physicians: Physicians
) -> Iterator[tuple[str, Resource, datetime]]:
    """With the institution's code, in the order of time within each type; references
    point within the person."""
    for problem in history.problems:
        yield problem.institution, *condition(history, problem)
    for prescription in history.prescriptions:
        yield prescription.institution, *medication_request(history, prescription)
    for visit in history.visits:
        for resource, at in _of_visit(history.person, visit, physicians):
            yield visit.institution, resource, at


def condition(history: History, problem: Problem) -> tuple[Resource, datetime]:
    at = _noon(problem.since)
    is_active = problem.ended_on is None
    resource: Resource = {
        "resourceType": "Condition",
        "id": str(problem.id),
        "clinicalStatus": _status("condition-clinical", _activity(is_active=is_active)),
        "verificationStatus": _status("condition-ver-status", "confirmed"),
        "category": [_status("condition-category", "problem-list-item")],
        "code": _concept(ICD10, problem.code, problem.name),
        "subject": _reference("Patient", history.person),
        "onsetDateTime": problem.since.isoformat(),
        "recordedDate": at.isoformat(),
    }
    if problem.ended_on is not None:
        resource["abatementDateTime"] = problem.ended_on.isoformat()
    return resource, at


def medication_request(
    history: History, prescription: Prescription
) -> tuple[Resource, datetime]:
    drug = DRUGS[prescription.drug]
    at = _noon(prescription.starts_on)
    period = {"start": prescription.starts_on.isoformat()}
    if prescription.ends_on is not None:
        period["end"] = prescription.ends_on.isoformat()
    is_active = prescription.ends_on is None
    return {
        "resourceType": "MedicationRequest",
        "id": str(prescription.id),
        "status": "active" if is_active else "completed",
        "intent": "order",
        "medicationCodeableConcept": _concept(ATC, drug.atc, drug.name),
        "subject": _reference("Patient", history.person),
        "authoredOn": at.isoformat(),
        "requester": _organization(prescription.institution),
        "reasonCode": [{"text": prescription.reason}],
        "dosageInstruction": [
            {"text": drug.dosage, "timing": {"repeat": {"boundsPeriod": period}}}
        ],
    }, at


def encounter(person: UUID, visit: Visit, physicians: Physicians) -> Resource:
    period = {"start": visit.starts_at.isoformat()}
    if visit.ends_at is not None:
        period["end"] = visit.ends_at.isoformat()
    resource: Resource = {
        "resourceType": "Encounter",
        "id": str(visit.id),
        "status": "finished" if visit.ends_at else "in-progress",
        "class": {
            "system": f"{_HL7}v3-ActCode",
            "code": FHIR_CLASS[visit.kind],
            "display": _CLASS_NAMES[visit.kind],
        },
        "type": [{"text": "慢病随访" if visit.is_follow_up else "诊疗"}],
        "serviceType": {"text": DEPARTMENTS[visit.department][1]},
        "subject": _reference("Patient", person),
        "period": period,
        "reasonCode": [_concept(ICD10, visit.diagnosis, visit.diagnosis_name)],
        "serviceProvider": _organization(visit.institution),
    }
    physician = physicians(visit.institution, visit.department)
    if physician is not None:
        resource["participant"] = [
            {"individual": _reference("Practitioner", physician)}
        ]
    return resource


def blood_pressure(
    person: UUID, visit: Visit, reading: tuple[int, int, datetime]
) -> Resource:
    systolic, diastolic, at = reading
    resource = _observation(person, visit, "85354-9", "vital-signs", at)
    resource["code"] = _concept(LOINC, "85354-9", "血压")
    resource["component"] = [
        {
            "code": _concept(LOINC, loinc, name),
            "valueQuantity": _quantity(str(value), "mmHg", "mm[Hg]"),
        }
        for loinc, name, value in (
            ("8480-6", "收缩压", systolic),
            ("8462-4", "舒张压", diastolic),
        )
    ]
    return resource


def measurement(person: UUID, visit: Visit, measure: Measure) -> Resource:
    what = MEASURES[measure.key]
    at = measure.at or visit.starts_at
    resource = _observation(person, visit, what.loinc, what.category, at)
    resource["code"] = _concept(LOINC, what.loinc, what.name)
    resource["valueQuantity"] = _quantity(measure.value, what.unit, what.ucum)
    limits = _limits(what)
    if limits:
        resource["referenceRange"] = [limits]
    return resource


def sign(person: UUID, visit: Visit, code: str) -> Resource:
    """Something the person said, or the clinician judged: true."""
    at = max((when for *_, when in visit.blood_pressure), default=visit.starts_at)
    resource = _observation(person, visit, code, "exam", at)
    resource["code"] = _concept(SYSTEM, code, SIGNS[code].name)
    resource["valueBoolean"] = True
    return resource


def procedure(person: UUID, visit: Visit, operation: tuple[str, str]) -> Resource:
    code, name = operation
    at = visit.starts_at + timedelta(days=1)
    return {
        "resourceType": "Procedure",
        "id": _child_id(visit, "operation"),
        "status": "completed",
        "code": _concept(ICD9, code, name),
        "subject": _reference("Patient", person),
        "encounter": _reference("Encounter", visit.id),
        "performedDateTime": at.isoformat(),
    }


def report(person: UUID, visit: Visit, title: str, conclusion: str) -> Resource:
    return {
        "resourceType": "DiagnosticReport",
        "id": _child_id(visit, "report"),
        "status": "final",
        "code": {"text": title},
        "subject": _reference("Patient", person),
        "encounter": _reference("Encounter", visit.id),
        "effectiveDateTime": visit.starts_at.isoformat(),
        "issued": (visit.starts_at + timedelta(minutes=40)).isoformat(),
        "performer": [_organization(visit.institution)],
        "conclusion": conclusion,
    }


def document(person: UUID, visit: Visit, title: str, words: str) -> Resource:
    at = visit.ends_at or visit.starts_at
    return {
        "resourceType": "DocumentReference",
        "id": _child_id(visit, "document"),
        "status": "current",
        "type": _concept(LOINC, _LOINC_DOCUMENTS[title], title),
        "subject": _reference("Patient", person),
        "date": at.isoformat(),
        "custodian": _organization(visit.institution),
        "description": title,
        "content": [
            {
                "attachment": {
                    "contentType": "text/plain; charset=utf-8",
                    "language": "zh-CN",
                    "data": b64encode(words.encode()).decode(),
                    "title": title,
                }
            }
        ],
        "context": {"encounter": [_reference("Encounter", visit.id)]},
    }


def _of_visit(
    person: UUID, visit: Visit, physicians: Physicians
) -> Iterator[tuple[Resource, datetime]]:
    at = visit.starts_at
    yield encounter(person, visit, physicians), at
    for reading in visit.blood_pressure:
        yield blood_pressure(person, visit, reading), reading[2]
    for measure in visit.measures:
        yield measurement(person, visit, measure), measure.at or at
    for code in visit.signs:
        yield sign(person, visit, code), at
    if visit.operation:
        yield procedure(person, visit, visit.operation), at
    if visit.report:
        yield report(person, visit, *visit.report), at
    if visit.document:
        yield document(person, visit, *visit.document), visit.ends_at or at


def _entry(person: UUID, institution: str, resource: Resource, at: datetime) -> Entry:
    return Entry(
        type=resource["resourceType"],
        id=UUID(resource["id"]),
        person=person,
        institution=institution,
        clinical_at=at,
        status=resource.get("status", ""),
        text=_encode(resource),
    )


def _observation(
    person: UUID, visit: Visit, code: str, category: str, at: datetime
) -> Resource:
    return {
        "resourceType": "Observation",
        "id": _child_id(visit, f"{code}{at:%d%H%M}"),
        "status": "final",
        "category": [_status("observation-category", category)],
        "code": {},
        "subject": _reference("Patient", person),
        "encounter": _reference("Encounter", visit.id),
        "effectiveDateTime": at.isoformat(),
        "performer": [_organization(visit.institution)],
    }


def _child_id(visit: Visit, what: str) -> str:
    return str(fixed_id(visit.id, what))


def _concept(system: str, code: str, name: str) -> Resource:
    coding = {"system": system, "code": code, "display": name}
    return {"coding": [coding], "text": name}


def _status(code_system: str, code: str) -> Resource:
    return {"coding": [{"system": f"{_HL7}{code_system}", "code": code}]}


def _activity(*, is_active: bool) -> str:
    return "active" if is_active else "resolved"


def _reference(type_name: str, id_: UUID) -> Mapping[str, str]:
    return {"reference": f"{type_name}/{id_}"}


def _organization(code: str) -> Mapping[str, str]:
    found = by_code()[code]
    return {"reference": f"Organization/{found.id}", "display": found.short_name}


def _number(text: str) -> int | float:
    return float(text) if "." in text else int(text)


def _quantity(value: str, unit: str, ucum: str) -> Resource:
    return {"value": _number(value), "unit": unit, "system": UCUM, "code": ucum}


def _limits(what: Quantity) -> Resource:
    limits: Resource = {}
    if what.low:
        limits["low"] = _quantity(what.low, what.unit, what.ucum)
    if what.high:
        limits["high"] = _quantity(what.high, what.unit, what.ucum)
    return limits


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(12), CHINA)
