"""Facts of a person that several modules need (decisions 21)."""

from datetime import date
from typing import Final
from uuid import UUID

from yilian.foundation.access.composed import ComposedValues
from yilian.kernel.tier import Tier
from yilian.registry.population.models import (
    ChosenInstitution,
    GroupMembership,
    Person,
)
from yilian.registry.population.rules import GroupTag


def chosen_institutions(person_id: UUID, day: date) -> dict[Tier, UUID]:
    """The institutions of the 1+1+1 contract that is in force that day."""
    rows = ChosenInstitution.objects.filter(person=person_id, period__contains=day)
    return {
        Tier(tier): institution_id
        for tier, institution_id in rows.values_list("tier", "institution_id")
    }


def tags(person_id: UUID, day: date) -> frozenset[GroupTag]:
    rows = GroupMembership.objects.filter(person=person_id, period__contains=day)
    return frozenset(map(GroupTag, rows.values_list("tag", flat=True)))


def has_died(person_id: UUID) -> bool:
    return bool(_DEAD.ask(person=person_id))


_DEAD: Final = ComposedValues(
    lambda person: Person.objects.filter(pk=person, died_at__isnull=False).values_list(
        "pk"
    )
)
