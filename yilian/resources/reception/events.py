"""Who came and who left."""

from dataclasses import dataclass
from uuid import UUID

from yilian.kernel.event import Event


@dataclass(frozen=True)
class EncounterOpened(Event):
    encounter_id: UUID
    person_id: UUID
    institution_id: UUID
    department_id: UUID | None
    kind: str
    presence: str
    referral_id: UUID | None


@dataclass(frozen=True)
class EncounterClosed(Event):
    encounter_id: UUID
    person_id: UUID
    institution_id: UUID
    kind: str
    disposition: str
    referral_id: UUID | None
