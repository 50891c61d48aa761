"""The price catalogue as the form of a slip offers it."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from django.db.models import Q

from yilian.foundation.access.actor import Actor
from yilian.insurance.policy.models import PriceItem
from yilian.kernel.areas import NINGXIA
from yilian.kernel.ids import NIL
from yilian.kernel.money import fmt
from yilian.registry.directory.models import Institution

MOST: Final = 12
_COUNTY: Final = 6


@dataclass(frozen=True, slots=True)
class Item:
    code: str
    name: str
    unit: str
    price: Decimal

    @property
    def words(self) -> str:
        return f"{self.name} · {fmt(self.price)}/{self.unit}"


def items_like(actor: Actor, typed: str, day: date) -> list[Item]:
    """By code, initials or any two characters of the name; the nearest area's price."""
    text = typed.strip()
    if not text:
        return []
    houses = Institution.objects.filter(pk=actor.institution_id or NIL)
    area = houses.values_list("area_code", flat=True).first() or NINGXIA
    around = [area[:length] for length in range(len(NINGXIA), _COUNTY + 1)]
    like = Q(code__istartswith=text) | Q(initials__istartswith=text)
    pairs = [text[place : place + 2] for place in range(len(text) - 1)]
    if pairs:
        like |= Q(bigrams__contains=pairs)
    rows = PriceItem.objects.filter(
        like, area_code__in=around, validity__contains=day, price__gt=0
    ).order_by("code", "-area_code")
    found: dict[str, Item] = {}
    for row in rows[: MOST * len(around)]:
        found.setdefault(row.code, Item(row.code, row.name, row.unit, row.price))
    return list(found.values())[:MOST]
