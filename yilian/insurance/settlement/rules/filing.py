"""Emergencies registered late and appeals: who must bring what, by when (RI-4)."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from yilian.insurance.settlement.rules.case import PENALISED, Place, Referral
from yilian.insurance.settlement.rules.ledger import FilingKind, Source
from yilian.kernel.text import _

MOST_URGENT: Final = 2  # triage levels 1 and 2 are emergencies
_LEVELS: Final = range(1, 5)
SOURCES: Final = {
    FilingKind.LATE_EMERGENCY: Source.LATE_FILING,
    FilingKind.APPEAL: Source.APPEAL,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """`files` are papers kept by foundation/files."""

    reason: str
    triage_level: int | None = None
    has_rescue_record: bool = False
    files: tuple[UUID, ...] = ()

    @property
    def is_emergency(self) -> bool:
        is_urgent = self.triage_level is not None and self.triage_level <= MOST_URGENT
        return is_urgent or self.has_rescue_record


def evidence_wrong(evidence: Evidence, kind: FilingKind) -> dict[str, str]:
    """By field; empty when it will do."""
    found = {}
    if not evidence.reason.strip():
        found["reason"] = _("请写明原因。")
    level = evidence.triage_level
    if level is not None and level not in _LEVELS:
        found["triage_level"] = _("分诊级别为 1 到 4 级。")
    elif kind is FilingKind.LATE_EMERGENCY and not evidence.is_emergency:
        found["triage_level"] = _("急诊补登须有一、二级分诊或抢救记录。")
    return found


def may_become(place: Place) -> tuple[Referral, ...]:
    """What a stay at such a place can be recognised as."""
    if place is Place.OUTSIDE:
        return (Referral.REMOTE_FILED,)
    return (
        Referral.COMPLIANT_UP,
        Referral.COMPLIANT_DOWN,
        Referral.COMPLIANT_SAME_TIER,
        Referral.EMERGENCY_EXEMPT,
        Referral.EXEMPT_PERSON,
    )


def recognised(
    kind: FilingKind, place: Place, asked: Referral | None
) -> Referral | None:
    """What granting it makes of the stay; None where the clerk must still say."""
    if place is Place.OUTSIDE:
        return Referral.REMOTE_FILED
    if kind is FilingKind.LATE_EMERGENCY:
        return Referral.EMERGENCY_EXEMPT
    return asked if asked in may_become(place) else None


def needs_filing(state: Referral) -> bool:
    return state in PENALISED
