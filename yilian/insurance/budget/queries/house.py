"""A figure of a pool opened: a house, its days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from yilian.foundation.access.actor import Actor
from yilian.foundation.access.scope import find
from yilian.insurance.budget import policies
from yilian.insurance.budget.models import (
    Pool,
    UseDay,
)
from yilian.insurance.budget.rules.states import (
    UseKind,
)
from yilian.kernel.errors import NotFound
from yilian.kernel.ids import NIL
from yilian.kernel.money import ZERO
from yilian.registry.directory.models import Institution


@dataclass(frozen=True, slots=True)
class DayLine:
    day: date
    kind: UseKind
    basic: Decimal
    total: Decimal
    cases: int


@dataclass(frozen=True, slots=True)
class HousePage:
    pool: Pool
    institution: Institution | None
    days: Sequence[DayLine]
    next: date | None

    @property
    def basic(self) -> Decimal:
        return sum((line.basic for line in self.days), ZERO)


_DAYS_A_PAGE: Final = 60


def house_page(
    actor: Actor, pool_id: UUID, institution_id: UUID | None, before: date | None
) -> HousePage:
    """Day by day, the latest first; a member's office opens its own house only."""
    pool = find(Pool.objects.visible_to(actor).select_related("consortium"), pool_id)
    house = _house_in_sight(actor, pool, institution_id)
    rows = UseDay.objects.filter(pool=pool, institution=house)
    if before:
        rows = rows.filter(day__lt=before)
    found = [
        DayLine(day, UseKind(kind), basic, total, cases)
        for day, kind, basic, total, cases in rows.order_by("-day", "kind").values_list(
            "day", "kind", "basic", "total", "cases"
        )[: _DAYS_A_PAGE + 1]
    ]
    if len(found) <= _DAYS_A_PAGE:
        return HousePage(pool, house, found, None)
    # A day is not divided between two pages.
    cut = found[-1].day
    return HousePage(
        pool, house, [one for one in found if one.day > cut], cut + timedelta(days=1)
    )


def _house_in_sight(
    actor: Actor, pool: Pool, institution_id: UUID | None
) -> Institution | None:
    if policies.can_see_members(actor, pool):
        if institution_id is None:
            return None
        return find(Institution.objects.all(), institution_id)
    houses = Institution.objects.filter(pk=actor.institution_id or NIL)
    if policies.can_see_sums(actor, pool) or institution_id is None:
        raise NotFound
    return find(houses, institution_id)
