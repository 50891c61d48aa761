"""What is already under way for a person, shown before a form is filled in vain."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from yilian.care.referral.models import Referral
from yilian.care.referral.rules.states import STATE_NAMES, State
from yilian.foundation.access.actor import Actor
from yilian.registry.directory.rules import SPECIALTY_NAMES

_MOST: Final = 10


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A live hop. `is_mine`: the actor's house is a party and may open it."""

    id: UUID
    number: str
    specialty: str
    specialty_name: str
    state_name: str
    from_name: str
    to_name: str
    submitted_at: datetime | None
    is_mine: bool


def under_way(actor: Actor, person_id: UUID) -> list[UnderWay]:
    """The live hops of a person whom the actor sees (the caller has made sure).

    Whoever sees the person's summary sees that a referral runs: the record says so.
    """
    rows = (
        Referral.objects.live()
        .filter(person=person_id)
        .select_related("from_institution", "to_institution")
        .order_by("-submitted_at", "pk")
    )
    return [_line(actor, row) for row in rows[:_MOST]]


def _line(actor: Actor, row: Referral) -> UnderWay:
    target = row.to_institution
    return UnderWay(
        id=row.id,
        number=row.number,
        specialty=row.specialty,
        specialty_name=SPECIALTY_NAMES.get(row.specialty, row.specialty),
        state_name=STATE_NAMES[State(row.state)],
        from_name=row.from_institution.short_name,
        to_name=target.short_name if target else row.outside_name,
        submitted_at=row.submitted_at,
        is_mine=actor.institution_id
        in (row.from_institution_id, row.to_institution_id),
    )
