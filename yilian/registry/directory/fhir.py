"""Institutions and staff as FHIR R4. Pure mapping: no queries, no saving."""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from yilian.foundation.access.actor import ROLE_NAMES, Role
from yilian.kernel.calendar import local_day
from yilian.kernel.safe_text import is_blank
from yilian.registry.directory.models import (
    Department,
    Institution,
    Practitioner,
    PractitionerRole,
)
from yilian.registry.directory.rules import (
    KIND_NAMES,
    SPECIALTY_NAMES,
    InstitutionKind,
)

INSTITUTION_CODE: Final = "urn:yilian:institution-code"
CREDIT_CODE: Final = "urn:yilian:unified-social-credit-code"
PRACTICE_LICENCE: Final = "urn:yilian:practice-licence"
STAFF_LICENCE: Final = "urn:yilian:practitioner-licence"
KIND: Final = "urn:yilian:codesystem:institution-kind"
SPECIALTY: Final = "urn:yilian:codesystem:specialty"
_A_DAY: Final = timedelta(days=1)
ROLE: Final = "urn:yilian:codesystem:role"
# GB/T 2261.1 → administrative-gender
GENDER: Final = {"1": "male", "2": "female", "0": "unknown", "9": "unknown"}


def organization(institution: Institution) -> dict[str, Any]:
    numbers = (
        (INSTITUTION_CODE, institution.code),
        (CREDIT_CODE, institution.uscc),
        (PRACTICE_LICENCE, institution.licence_number),
    )
    kind = InstitutionKind(institution.kind)
    return _without_gaps(
        {
            "resourceType": "Organization",
            "id": str(institution.pk),
            "identifier": [{"system": s, "value": v} for s, v in numbers if v],
            "active": institution.closed_on is None,
            "type": [_coded(KIND, kind, KIND_NAMES[kind])],
            "name": institution.legal_name,
            "alias": [institution.short_name],
            "telecom": _phones(institution.phone, institution.referral_phone),
            "address": _address(institution),
            "partOf": _reference("Organization", institution.administrative_parent_id),
        }
    )


def location(institution: Institution) -> dict[str, Any]:
    """Where it stands, with the same id as the Organization."""
    return _without_gaps(
        {
            "resourceType": "Location",
            "id": str(institution.pk),
            "status": "active" if institution.closed_on is None else "inactive",
            "name": institution.legal_name,
            "mode": "instance",
            "telecom": _phones(institution.phone, ""),
            "address": next(iter(_address(institution)), None),
            "position": _position(institution),
            "managingOrganization": _reference("Organization", institution.pk),
        }
    )


def department_organization(department: Department) -> dict[str, Any]:
    return _without_gaps(
        {
            "resourceType": "Organization",
            "id": str(department.pk),
            "active": department.closed_on is None,
            "type": [_specialty(department.specialty)],
            "name": department.name,
            "telecom": _phones(department.phone, ""),
            "partOf": _reference("Organization", department.institution_id),
        }
    )


def practitioner_resource(practitioner: Practitioner) -> dict[str, Any]:
    licence = practitioner.licence_number
    return _without_gaps(
        {
            "resourceType": "Practitioner",
            "id": str(practitioner.pk),
            "identifier": [{"system": STAFF_LICENCE, "value": licence}]
            if licence
            else [],
            "name": [{"text": practitioner.name}],
            "gender": GENDER.get(practitioner.sex, "unknown"),
            "qualification": [{"code": {"text": practitioner.title}}]
            if practitioner.title
            else [],
        }
    )


def practitioner_role(
    post: PractitionerRole, specialties: tuple[str, ...] = ()
) -> dict[str, Any]:
    place = post.department_id or post.institution_id
    return _without_gaps(
        {
            "resourceType": "PractitionerRole",
            "id": str(post.pk),
            "active": post.left_at is None,
            "period": _period(post),
            "practitioner": _reference("Practitioner", post.practitioner_id),
            "organization": _reference("Organization", place),
            "code": [_coded(ROLE, role, ROLE_NAMES[Role(role)]) for role in post.roles],
            "specialty": [_specialty(found) for found in specialties],
            "location": [_reference("Location", post.institution_id)],
        }
    )


def _period(post: PractitionerRole) -> dict[str, str]:
    """FHIR counts the last day in; our periods end before their upper bound."""
    period = post.period
    last = period.upper and period.upper - _A_DAY
    if post.left_at is not None:
        last = local_day(post.left_at)
    return _without_gaps(
        {
            "start": period.lower and period.lower.isoformat(),
            "end": last and last.isoformat(),
        }
    )


def _address(institution: Institution) -> list[dict[str, Any]]:
    if is_blank(institution.address):
        return []
    return [{"use": "work", "text": institution.address, "country": "CN"}]


def _position(institution: Institution) -> dict[str, Any] | None:
    if institution.longitude is None or institution.latitude is None:
        return None
    return {"longitude": institution.longitude, "latitude": institution.latitude}


def _phones(general: str, referral: str) -> list[dict[str, Any]]:
    numbers = [number for number in (general, referral) if number]
    return [
        {"system": "phone", "use": "work", "value": number, "rank": rank}
        for rank, number in enumerate(dict.fromkeys(numbers), start=1)
    ]


def _specialty(code: str) -> dict[str, Any]:
    return _coded(SPECIALTY, code, SPECIALTY_NAMES.get(code, code))


def _coded(system: str, code: str, display: str) -> dict[str, Any]:
    coding = {"system": system, "code": str(code), "display": display}
    return {"coding": [coding], "text": display}


def _reference(kind: str, target: UUID | None) -> dict[str, str] | None:
    return {"reference": f"{kind}/{target}"} if target else None


def _without_gaps(resource: dict[str, Any]) -> dict[str, Any]:
    """FHIR has no null: an element without a value is left out."""
    return {
        key: value for key, value in resource.items() if value not in (None, [], {})
    }
