"""Searching is an act: who looked for whom is written down, in one row a page."""

from uuid import UUID

from django.db import transaction

from yilian.foundation.access.actor import Actor
from yilian.foundation.access.scope import find, require
from yilian.foundation.audit.services import record
from yilian.foundation.vault.services import decrypt
from yilian.kernel.page import Page
from yilian.kernel.text import _
from yilian.registry.population import policies
from yilian.registry.population.models import Person, PersonIdentifier
from yilian.registry.population.queries.cards import PersonCard
from yilian.registry.population.queries.person import Revealed
from yilian.registry.population.queries.search import found_page, understand
from yilian.registry.population.queries.sight import sight_of
from yilian.registry.population.rules import Scope


@transaction.atomic
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
