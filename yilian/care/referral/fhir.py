"""Referral ⇄ FHIR R4 ServiceRequest and Task. Pure mapping: no queries, no saving."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from yilian.care.referral.models import Referral
from yilian.care.referral.rules.states import State

NUMBER_SYSTEM: Final = "urn:yilian:referral-number"
STATE_SYSTEM: Final = "urn:yilian:codesystem:referral-state"
SPECIALTY_SYSTEM: Final = "urn:yilian:codesystem:specialty"
ICD10_SYSTEM: Final = "http://hl7.org/fhir/sid/icd-10"
SNOMED: Final = "http://snomed.info/sct"

# R4 request-status has no "accepted"; where the desk stands is in the Task.
REQUEST_STATUS: Final[Mapping[State, str]] = {
    State.DRAFT: "draft",
    State.SUBMITTED: "active",
    State.INFO_REQUESTED: "active",
    State.ACCEPTED: "active",
    State.SCHEDULED: "active",
    State.DEPARTED: "active",
    State.ARRIVED: "active",
    State.NO_SHOW: "active",
    State.IN_CARE: "active",
    State.FEEDBACK_DUE: "active",
    State.CANCEL_REQUESTED: "active",
    State.COMPLETED: "completed",
    State.DECLINED: "revoked",
    State.REDIRECTED: "revoked",
    State.WITHDRAWN: "revoked",
    State.CANCELLED: "revoked",
    State.EXPIRED: "revoked",
    State.DECEASED: "revoked",
    State.ENTERED_IN_ERROR: "entered-in-error",
}
TASK_STATUS: Final[Mapping[State, str]] = {
    State.DRAFT: "draft",
    State.SUBMITTED: "requested",
    State.INFO_REQUESTED: "on-hold",
    State.ACCEPTED: "accepted",
    State.SCHEDULED: "accepted",
    State.DEPARTED: "accepted",
    State.ARRIVED: "in-progress",
    State.NO_SHOW: "on-hold",
    State.IN_CARE: "in-progress",
    State.FEEDBACK_DUE: "in-progress",
    State.CANCEL_REQUESTED: "on-hold",
    State.COMPLETED: "completed",
    State.DECLINED: "rejected",
    State.REDIRECTED: "rejected",
    State.WITHDRAWN: "cancelled",
    State.CANCELLED: "cancelled",
    State.EXPIRED: "failed",
    State.DECEASED: "failed",
    State.ENTERED_IN_ERROR: "entered-in-error",
}


def service_request(referral: Referral) -> dict[str, Any]:
    return {
        "resourceType": "ServiceRequest",
        "id": str(referral.id),
        "identifier": [{"system": NUMBER_SYSTEM, "value": referral.number}],
        **_based_on(referral.parent_id),
        **_requisition(referral.episode_id),
        "status": REQUEST_STATUS[State(referral.state)],
        "intent": "order",
        "category": [_concept(SNOMED, "3457005", "Patient referral")],
        "priority": referral.urgency,
        "code": _concept(SPECIALTY_SYSTEM, referral.specialty, ""),
        "subject": {"reference": f"Patient/{referral.person_id}"},
        **_moment("occurrenceDateTime", referral.visit_at),
        **_moment("authoredOn", referral.submitted_at),
        "requester": {"reference": f"Organization/{referral.from_institution_id}"},
        "performer": [_performer(referral)],
        "reasonCode": [_diagnosis(referral)],
        "note": [{"text": referral.reason}],
    }


def task(referral: Referral) -> dict[str, Any]:
    """How the request stands: FHIR's status, and our state beside it."""
    return {
        "resourceType": "Task",
        "id": f"{referral.id}-task",
        "status": TASK_STATUS[State(referral.state)],
        "businessStatus": _concept(STATE_SYSTEM, referral.state, ""),
        "intent": "order",
        "priority": referral.urgency,
        "focus": {"reference": f"ServiceRequest/{referral.id}"},
        "for": {"reference": f"Patient/{referral.person_id}"},
        **_moment("authoredOn", referral.submitted_at),
        "requester": {"reference": f"Organization/{referral.from_institution_id}"},
        "owner": _performer(referral),
        **_restriction(referral.answer_due_at),
    }


def _performer(referral: Referral) -> dict[str, str]:
    if referral.to_institution_id is None:
        return {"display": referral.outside_name}
    return {"reference": f"Organization/{referral.to_institution_id}"}


def _diagnosis(referral: Referral) -> dict[str, Any]:
    concept = _concept(ICD10_SYSTEM, referral.diagnosis_code, referral.diagnosis_name)
    return concept | {"text": referral.diagnosis_name}


def _concept(system: str, code: str, display: str) -> dict[str, Any]:
    coding = {"system": system, "code": code}
    return {"coding": [coding | ({"display": display} if display else {})]}


def _based_on(parent_id: UUID | None) -> dict[str, Any]:
    # FHIR has no null: an element without a value is left out.
    if parent_id is None:
        return {}
    return {"basedOn": [{"reference": f"ServiceRequest/{parent_id}"}]}


def _requisition(episode_id: UUID | None) -> dict[str, Any]:
    """Hops of one illness share a requisition."""
    if episode_id is None:
        return {}
    return {
        "requisition": {"system": "urn:yilian:episode", "value": str(episode_id)},
    }


def _restriction(due_at: datetime | None) -> dict[str, Any]:
    if due_at is None:
        return {}
    return {"restriction": {"period": {"end": due_at.isoformat()}}}


def _moment(name: str, at: datetime | None) -> dict[str, str]:
    return {} if at is None else {name: at.isoformat()}
