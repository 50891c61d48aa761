"""What becomes of persons, told to whoever cares for them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from yilian.kernel.event import Event


@dataclass(frozen=True)
class PersonDied(Event):
    person_id: UUID
    died_at: datetime


@dataclass(frozen=True)
class GlassBroken(Event):
    """Somebody opened a record in an emergency; it waits for its review."""

    break_glass_id: UUID
    person_id: UUID
    institution_id: UUID
