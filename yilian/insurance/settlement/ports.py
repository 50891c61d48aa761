"""What settlement asks of budgets, which stand above it: who shares whose money.

`settings.YILIAN_POOL_TERMS` names the adapter; without one nothing is said of shares.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Protocol, cast
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

from yilian.kernel.money import Fen, Millionths


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
