"""Encounters as FHIR R4. Pure mapping: no queries, no saving."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from yilian.resources.reception.models import Encounter
from yilian.resources.reception.rules import (
    DISPOSITION_NAMES,
    FHIR_CLASS,
    KIND_NAMES,
    Disposition,
    EncounterKind,
)

ACT_CODE: Final = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
DISCHARGE: Final = "http://terminology.hl7.org/CodeSystem/discharge-disposition"
_DISCHARGE_CODES: Final[Mapping[Disposition, str]] = {
    Disposition.HOME: "home",
    Disposition.TRANSFERRED: "other-hcf",
    Disposition.AGAINST_ADVICE: "aadvice",
    Disposition.DIED: "exp",
    Disposition.OTHER: "oth",
}


def encounter_resource(encounter: Encounter) -> dict[str, Any]:
    kind = EncounterKind(encounter.kind)
    parts: dict[str, Any] = {
        "resourceType": "Encounter",
        "id": str(encounter.id),
        "status": encounter.state,
        "class": {
            "system": ACT_CODE,
            "code": FHIR_CLASS[kind],
            "display": KIND_NAMES[kind],
        },
        "serviceType": _department(encounter),
        "subject": {"reference": f"Patient/{encounter.person_id}"},
        "basedOn": _based_on(encounter.referral_id),
        "period": _period(encounter),
        "reasonCode": [{"text": encounter.reason}] if encounter.reason else None,
        "hospitalization": _hospitalization(encounter),
        "serviceProvider": {"reference": f"Organization/{encounter.institution_id}"},
    }
    return {name: value for name, value in parts.items() if value is not None}


def _department(encounter: Encounter) -> dict[str, str] | None:
    return {"text": encounter.department.name} if encounter.department else None


def _based_on(referral_id: UUID | None) -> list[dict[str, str]] | None:
    if referral_id is None:
        return None
    return [{"reference": f"ServiceRequest/{referral_id}"}]


def _period(encounter: Encounter) -> dict[str, str]:
    period = {"start": encounter.started_at.isoformat()}
    if encounter.ended_at is not None:
        period["end"] = encounter.ended_at.isoformat()
    return period


def _hospitalization(encounter: Encounter) -> dict[str, Any] | None:
    if not encounter.disposition:
        return None
    disposition = Disposition(encounter.disposition)
    coding = {"system": DISCHARGE, "code": _DISCHARGE_CODES[disposition]}
    text = DISPOSITION_NAMES[disposition]
    return {"dischargeDisposition": {"coding": [coding], "text": text}}
