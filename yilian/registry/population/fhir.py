"""Residents as FHIR R4. Pure mapping: no queries, no saving.

Identity numbers and phones stand as placeholders; they are filled in when the
record is answered, for those who may read them (decisions 12).
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from yilian.kernel.identity_number import KIND_NAMES, IdentityKind, ws364_code
from yilian.registry.population.models import Person, PersonIdentifier

ID_CARD_SYSTEM: Final = "urn:oid:2.16.156.10011.1.3"
KIND_SYSTEM: Final = "urn:yilian:codesystem:ws364-identity-type"
# GB/T 2261.1 → administrative-gender
GENDER: Final = {"1": "male", "2": "female", "0": "unknown", "9": "unknown"}


def identity_placeholder(identifier_id: UUID) -> str:
    return f"{{{{identity:{identifier_id}}}}}"


def phone_placeholder(person_id: UUID) -> str:
    return f"{{{{phone:{person_id}}}}}"


def patient(person: Person, identifiers: Iterable[PersonIdentifier]) -> dict[str, Any]:
    numbers = [_identifier(one) for one in identifiers if one.retired_at is None]
    parts: dict[str, Any] = {
        "resourceType": "Patient",
        "id": str(person.id),
        "identifier": numbers,
        "active": True,
        "name": [{"use": "official", "text": person.name}],
        "telecom": _telecom(person),
        "gender": GENDER[person.sex],
        "birthDate": person.born_on.isoformat() if person.born_on else None,
        "deceasedDateTime": _moment(person.died_at),
        "address": _address(person),
        "managingOrganization": _organization(person.registered_by_id),
    }
    return {name: value for name, value in parts.items() if value not in (None, [])}


def consent(
    consent_id: UUID,
    *,
    person_id: UUID,
    institution_id: UUID,
    given_at: datetime,
    until: datetime | None,
    evidence: str,
    is_active: bool = True,
) -> dict[str, Any]:
    """That a person lets an institution read their record; `evidence`: the paper."""
    period = {"start": given_at.isoformat()}
    if until is not None:
        period["end"] = until.isoformat()
    resource: dict[str, Any] = {
        "resourceType": "Consent",
        "id": str(consent_id),
        "status": "active" if is_active else "inactive",
        "scope": _coded("consentscope", "patient-privacy"),
        "category": [_coded("consentcategorycodes", "infa")],
        "patient": {"reference": f"Patient/{person_id}"},
        "dateTime": given_at.isoformat(),
        "organization": [{"reference": f"Organization/{institution_id}"}],
        "policyRule": {"text": "家庭医生及转诊服务中的健康档案查阅"},
        "provision": {
            "type": "permit",
            "period": period,
            "actor": [
                {
                    "role": _coded("v3-ParticipationType", "IRCP"),
                    "reference": {"reference": f"Organization/{institution_id}"},
                }
            ],
        },
    }
    if evidence:
        resource["sourceAttachment"] = {"title": evidence}
    return resource


def _identifier(identifier: PersonIdentifier) -> dict[str, Any]:
    kind = IdentityKind(identifier.kind)
    type_of = {"system": KIND_SYSTEM, "code": ws364_code(kind)}
    return {
        "use": "temp" if kind is IdentityKind.TEMPORARY else "official",
        "type": {"coding": [type_of], "text": KIND_NAMES[kind]},
        "system": _system(kind, identifier.system),
        "value": identity_placeholder(identifier.id),
    }


def _system(kind: IdentityKind, given_by: str) -> str:
    if kind is IdentityKind.ID_CARD:
        return ID_CARD_SYSTEM
    return given_by or f"urn:yilian:identity:{kind}"


def _telecom(person: Person) -> list[dict[str, str]]:
    if not person.phone_index:
        return []
    return [{"system": "phone", "value": phone_placeholder(person.id)}]


def _address(person: Person) -> list[dict[str, str]]:
    text = person.address.strip()
    return [{"use": "home", "text": text, "country": "CN"}] if text else []


def _organization(institution_id: UUID | None) -> dict[str, str] | None:
    if institution_id is None:
        return None
    return {"reference": f"Organization/{institution_id}"}


def _moment(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _coded(system: str, code: str) -> dict[str, Any]:
    base = "http://terminology.hl7.org/CodeSystem/"
    return {"coding": [{"system": f"{base}{system}", "code": code}]}
