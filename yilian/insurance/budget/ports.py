"""What a pool asks of the settlements: what was paid for its people, day by day.

`settings.YILIAN_DAILY_USE` names it; another installation may count its use from the
insurer's own system instead of the settlements made here.
"""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Protocol, cast
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string


class UseLine(Protocol):
    """Signed sums of what was booked on a day (no house: outside the region)."""

    @property
    def day(self) -> date: ...
    @property
    def institution_id(self) -> UUID | None: ...
    @property
    def kind(self) -> str: ...
    @property
    def basic(self) -> Decimal: ...
    @property
    def serious(self) -> Decimal: ...
    @property
    def assistance(self) -> Decimal: ...
    @property
    def patient(self) -> Decimal: ...
    @property
    def total(self) -> Decimal: ...
    @property
    def count(self) -> int: ...


class DailyUse(Protocol):
    def __call__(self, area_code: str, start: date, end: date) -> Iterable[UseLine]: ...


def daily_use() -> DailyUse:
    return cast(DailyUse, import_string(settings.YILIAN_DAILY_USE))
