"""Searching is an act: who looked for whom is written down, in one row a page."""

from uuid import UUID

from django.db import transaction

from yilian.foundation.access.actor import Actor
from yilian.foundation.access.scope import find, require
from yilian.foundation.audit.services import record
from yilian.foundation.vault.services import decrypt
from yilian.kernel.errors import NotFound
from yilian.kernel.page import Page
from yilian.kernel.text import _
from yilian.registry.population import policies
from yilian.registry.population.models import Person, PersonIdentifier
from yilian.registry.population.queries.cards import PersonCard
from yilian.registry.population.queries.keeping import OwnPage, own_pages
from yilian.registry.population.queries.person import (
    PersonPage,
    Revealed,
    person_page,
)
from yilian.registry.population.queries.search import found_page, understand
from yilian.registry.population.queries.sight import sight_of
from yilian.registry.population.rules import Ground, Scope


def search_persons(
    actor: Actor, text: str, *, cursor: str | None = None
) -> Page[PersonCard]:
    """By number or phone exactly, by name or pinyin from its beginning."""
    require(
        policies.can_search(actor),
        _("查找居民只限在机构工作的医师、护士和转诊办公室。"),
    )
    asked = understand(text)
    page = found_page(actor, asked, cursor)
    record(
        actor,
        "person.search",
        person_ids=[card.id for card in page.lines],
        detail={"by": asked.way, "count": len(page.lines)},
    )
    return page


def open_person(actor: Actor, person_id: UUID) -> PersonPage:
    """The page of a person, with the ground it is seen on; out of sight only the
    masked card, for those who could have found it by searching."""
    page = person_page(actor, person_id)
    is_open = not page.card.is_masked
    if not is_open and not policies.can_search(actor):
        raise NotFound
    record(
        actor,
        "person.open" if is_open else "person.found_closed",
        person_id=person_id,
        ground=page.seen.ground or "",
        grant_id=page.seen.grant_id,
        is_break_glass=page.seen.ground is Ground.EMERGENCY,
    )
    return page


def open_own(actor: Actor) -> list[OwnPage]:
    """What is kept of the resident and of those they stand for."""
    require(policies.is_resident(actor), _("这一页给居民本人和代办人看。"))
    pages = own_pages(actor)
    shown = [one.page.card.id for one in pages]
    record(actor, "person.open", person_ids=shown, ground=Ground.SELF)
    return pages


@transaction.atomic
def reveal(actor: Actor, person_id: UUID) -> Revealed:
    """Numbers and phone in full, for who sees the whole record; written down."""
    person = find(Person.objects.visible_to(actor, Scope.FULL), person_id)
    seen = sight_of(actor, person_id)
    numbers = PersonIdentifier.objects.filter(person=person, retired_at=None)
    record(
        actor,
        "person.reveal",
        person_id=person_id,
        ground=seen.ground or "",
        grant_id=seen.grant_id,
    )
    return Revealed(
        numbers=[
            (row.kind, decrypt(row.value_cipher)) for row in numbers.order_by("kind")
        ],
        phone=decrypt(person.phone_cipher) if person.phone_cipher else "",
    )
