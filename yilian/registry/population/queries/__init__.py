"""What others read of a person. `sight.py` first: how much, and on what ground."""

from yilian.registry.population.queries.cards import PersonCard, card, cards
from yilian.registry.population.queries.facts import (
    chosen_institutions,
    has_died,
    tags,
)
from yilian.registry.population.queries.openings import count_waiting, openings
from yilian.registry.population.queries.person import (
    PersonPage,
    fill_placeholders,
    person_page,
)
from yilian.registry.population.queries.sight import (
    GRANTED,
    Seen,
    granted_told,
    is_by_grant,
    sight_of,
)

__all__ = [
    "GRANTED",
    "PersonCard",
    "PersonPage",
    "Seen",
    "card",
    "cards",
    "chosen_institutions",
    "count_waiting",
    "fill_placeholders",
    "granted_told",
    "has_died",
    "is_by_grant",
    "openings",
    "person_page",
    "sight_of",
    "tags",
]
