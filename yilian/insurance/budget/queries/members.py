"""Which houses belong to a pool's consortium, and when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from yilian.insurance.budget.models import Pool
from yilian.insurance.budget.rules.states import LEVEL_OF, Level
from yilian.kernel.tier import Tier
from yilian.registry.consortium.models import Membership

_Span = tuple[date | None, date | None]


@dataclass(frozen=True, slots=True)
class MemberDays:
    spans: Mapping[UUID, Sequence[_Span]]

    def is_inside(self, institution_id: UUID | None, day: date) -> bool:
        if institution_id is None:
            return False
        return any(
            (start is None or start <= day) and (end is None or day < end)
            for start, end in self.spans.get(institution_id, ())
        )


@dataclass(frozen=True, slots=True)
class MemberHouse:
    id: UUID
    name: str
    tier: Tier | None

    @property
    def level(self) -> Level | None:
        return LEVEL_OF.get(self.tier) if self.tier else None


def member_days(pool: Pool) -> MemberDays:
    """Whole houses only: a department in an alliance shares no pool."""
    spans: dict[UUID, list[_Span]] = {}
    rows = Membership.objects.filter(consortium=pool.consortium_id, department=None)
    for house, period in rows.values_list("institution", "period"):
        spans.setdefault(house, []).append((period.lower, period.upper))
    return MemberDays(spans)


def houses_on(pool: Pool, day: date) -> list[MemberHouse]:
    rows = Membership.objects.filter(
        consortium=pool.consortium_id, department=None, period__contains=day
    ).order_by("institution__code")
    named = rows.values_list(
        "institution", "institution__short_name", "institution__tier"
    )
    return [
        MemberHouse(house, name, Tier(tier) if tier else None)
        for house, name, tier in named
    ]
