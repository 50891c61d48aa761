"""What others read of a person. `sight.py` first: how much, and on what ground."""

from yilian.registry.population.queries.cards import PersonCard, card, cards
from yilian.registry.population.queries.facts import (
    chosen_institutions,
    has_died,
    tags,
)
from yilian.registry.population.queries.sight import Seen, sight_of

__all__ = [
    "PersonCard",
    "Seen",
    "card",
    "cards",
    "chosen_institutions",
    "has_died",
    "sight_of",
    "tags",
]
