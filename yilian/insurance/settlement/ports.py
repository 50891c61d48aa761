"""What settlement asks of budgets, which stand above it: who shares whose money, and
which settlements a figure of theirs was made of.

`settings.YILIAN_POOL_TERMS` and `YILIAN_POOL_MEMBERS` name the adapters; without one
nothing is said of shares, and no figure opens.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final, Protocol, cast
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

from yilian.foundation.access.actor import Actor
from yilian.kernel.money import Fen, Millionths
from yilian.kernel.text import _


@dataclass(frozen=True, slots=True)
class PoolTerms:
    """The pool that a person's care is paid from: its members' parts of what is left
    (`shares`, in millionths, by house), what it may keep, and how the year stands."""

    name: str
    year: int
    shares: Mapping[UUID, Millionths]
    keep_ratio: Millionths
    score: str  # "" where the year has not been assessed
    available: Fen
    used: Fen
    ground: str = "RI-9"

    def includes(self, institution_id: UUID | None) -> bool:
        return institution_id in self.shares

    @property
    def is_in_surplus(self) -> bool:
        return self.used <= self.available


class PoolTermsOf(Protocol):
    def __call__(self, insured_area: str, day: date) -> PoolTerms | None: ...


def pool_terms(insured_area: str, day: date) -> PoolTerms | None:
    path: str | None = getattr(settings, "YILIAN_POOL_TERMS", None)
    if not path:
        return None
    return cast(PoolTermsOf, import_string(path))(insured_area, day)


class Side(StrEnum):
    """Of a pool's use: in its members' houses, or in all others."""

    INSIDE = "inside"
    OUTSIDE = "outside"


SIDE_NAMES: Final[Mapping[Side, str]] = {
    Side.INSIDE: _("内部机构"),
    Side.OUTSIDE: _("外流"),
}
Span = tuple[date, date]  # the last day not included


@dataclass(frozen=True, slots=True)
class PoolMembers:
    """Whose use a pool counts in which days, and when which house belonged to it."""

    pool_id: UUID
    name: str
    area_code: str
    start: date
    end: date
    spans: tuple[tuple[UUID, Span], ...]


class PoolMembersOf(Protocol):
    def __call__(self, actor: Actor, pool_id: UUID) -> PoolMembers | None: ...


def pool_members(actor: Actor, pool_id: UUID) -> PoolMembers | None:
    """None: no such pool in the actor's sight."""
    path: str | None = getattr(settings, "YILIAN_POOL_MEMBERS", None)
    if not path:
        return None
    return cast(PoolMembersOf, import_string(path))(actor, pool_id)
