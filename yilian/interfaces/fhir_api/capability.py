"""The CapabilityStatement, from the tables that the server itself uses."""

from typing import Any, Final

import fhirkit

from yilian.record.rules.indexing import Parameters, parameters_of, table

_KINDS: Final = {
    "token": "token",
    "reference": "reference",
    "string": "string",
    "when": "date",
}
_READ: Final = ("read", "vread", "history-instance", "search-type")
CREATED: Final = frozenset({"Claim", "CoverageEligibilityRequest"})
_SINCE: Final = "2026-11-22"


def statement(base: str) -> dict[str, Any]:
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": _SINCE,
        "kind": "instance",
        "software": {"name": "Yilian"},
        "implementation": {"description": "Yilian 医联", "url": base},
        "fhirVersion": "4.0.1",
        "format": ["json"],
        "rest": [
            {
                "mode": "server",
                "resource": [_resource(name) for name in sorted(_types())],
            }
        ],
    }


def _types() -> frozenset[str]:
    return frozenset(table()) & frozenset(fhirkit.RESOURCE_TYPES)


def _resource(name: str) -> dict[str, Any]:
    return {
        "type": name,
        "interaction": [
            {"code": code}
            for code in (*_READ, *(("create",) if name in CREATED else ()))
        ],
        "versioning": "versioned",
        "readHistory": True,
        "searchParam": [
            {"name": "_id", "type": "token"},
            {"name": "_lastUpdated", "type": "date"},
            {"name": "patient", "type": "reference"},
            *_parameters(parameters_of(name)),
        ],
    }


def _parameters(known: Parameters) -> list[dict[str, str]]:
    return [
        {"name": name, "type": kind}
        for ours, kind in _KINDS.items()
        for name in sorted(known.names(ours) - {"patient"})
    ]
