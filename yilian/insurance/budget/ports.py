"""What a pool asks of the settlements: what was paid for its people, day by day.

`config/wiring.py` supplies it (`settings.YILIAN_DAILY_USE`); without one, nothing was
used.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Protocol, cast
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string


@dataclass(frozen=True, slots=True)
class UseRow:
    """Signed sums of a day, a house (none: outside the region) and a kind of care."""

    day: date
    institution_id: UUID | None
    kind: str
    basic: Decimal
    serious: Decimal
    assistance: Decimal
    patient: Decimal
    total: Decimal
    count: int


class DailyUse(Protocol):
    def daily_use(self, area_code: str, start: date, end: date) -> Iterable[UseRow]: ...


class NoUse:
    """Where no settlements are kept."""

    def daily_use(self, area_code: str, start: date, end: date) -> Iterable[UseRow]:
        return ()


def daily_use() -> DailyUse:
    named = getattr(settings, "YILIAN_DAILY_USE", "")
    return cast(DailyUse, import_string(named)()) if named else NoUse()
