"""What happens to places, told to whoever asked for them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from yilian.kernel.event import Event


@dataclass(frozen=True)
class HoldExpired(Event):
    """A place was held, and nobody came to use it in time."""

    hold_id: UUID
    person_id: UUID
    institution_id: UUID
    purpose_kind: str
    purpose_id: UUID


@dataclass(frozen=True)
class SlotCancelled(Event):
    """The house took back an appointment that somebody held."""

    slot_id: UUID
    hold_id: UUID
    person_id: UUID
    institution_id: UUID
    purpose_kind: str
    purpose_id: UUID
    starts_at: datetime


@dataclass(frozen=True)
class PlacesChanged(Event):
    """Beds or appointments were opened or closed at an institution."""

    institution_id: UUID
