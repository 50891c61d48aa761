"""What stands in the register about a person, for those who keep it and for them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.functions import Now

from yilian.foundation.access.actor import Actor
from yilian.foundation.access.composed import Composed
from yilian.foundation.access.scope import find
from yilian.registry.population.models import Grant, Person
from yilian.registry.population.queries.person import (
    ConsentLine,
    PersonPage,
    person_page,
)
from yilian.registry.population.rules import Ground, Scope


@dataclass(frozen=True, slots=True)
class OwnPage:
    """One person as they, or who stands for them, read what is kept of them."""

    page: PersonPage
    is_self: bool
    own_id: UUID | None
    consents: Sequence[ConsentLine]

    def may_end(self, proxy_id: UUID) -> bool:
        """One's own proxies, and what one does for others oneself."""
        return self.is_self or proxy_id == self.own_id


def facts_to_correct(actor: Actor, person_id: UUID) -> dict[str, Any]:
    """As they stand now; the phone is never among them."""
    person = find(Person.objects.visible_to(actor), person_id)
    return {
        "revision": person.revision,
        "name": person.name,
        "sex": person.sex,
        "born_on": person.born_on,
        "area_code": person.area_code,
        "address": person.address,
        "insured_type": person.insured_type,
    }


def consents_here(actor: Actor, person_id: UUID) -> list[ConsentLine]:
    """What the person lets the actor's house read; of other houses nothing is said."""
    if actor.institution_id is None:
        return []
    return _lines(_CONSENTS_HERE.ask(person=person_id, here=actor.institution_id))


def own_pages(actor: Actor) -> list[OwnPage]:
    """The resident first, then those they stand for."""
    own_id = own_person_id(actor)
    ordered = sorted(actor.person_ids, key=lambda id_: (id_ != own_id, id_))
    return [
        OwnPage(
            page=person_page(actor, person_id),
            is_self=person_id == own_id,
            own_id=own_id,
            consents=_lines(_CONSENTS.ask(person=person_id)),
        )
        for person_id in ordered
    ]


def own_person_id(actor: Actor) -> UUID | None:
    if actor.account_id is None:
        return None
    mine = Person.objects.filter(account=actor.account_id)
    return mine.values_list("pk", flat=True).first()


def _lines(found: Iterable[Grant]) -> list[ConsentLine]:
    return [
        ConsentLine(
            id=row.evidence_id,
            institution=row.institution.legal_name,
            scope=Scope(row.scope),
            given_at=row.created_at,
            until=row.period.upper,
        )
        for row in found
    ]


def _consents(person: Any) -> QuerySet[Grant]:
    in_force = Grant.objects.filter(
        person=person, ground=Ground.CONSENT.value, period__contains=Now()
    )
    return in_force.select_related("institution").order_by("-created_at")


_CONSENTS: Final = Composed(_consents)
_CONSENTS_HERE: Final = Composed(
    lambda person, here: _consents(person).filter(institution=here)
)
