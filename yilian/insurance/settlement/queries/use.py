"""What the funds paid, day by day: for budgets and counts, without persons."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.db.models import Q

from yilian.insurance.settlement.models import Settlement
from yilian.insurance.settlement.queries.summed import by_day


@dataclass(frozen=True, slots=True)
class UseLine:
    """Signed sums of what was booked on a day (Asia/Shanghai): a red entry takes
    back on the day it is booked. `institution_id` None: outside the region."""

    day: date
    institution_id: UUID | None
    kind: str
    scheme: str
    insurance: str
    total: Decimal
    basic: Decimal
    supplement: Decimal
    serious: Decimal
    assistance: Decimal
    patient: Decimal
    count: int  # settlements less those taken back

    @property
    def is_inside(self) -> bool:
        return self.institution_id is not None


def daily_use(area_code: str, start: date, end: date) -> Iterator[UseLine]:
    """Of persons insured in the area, what was booked from `start` up to `end`."""
    of = Q(insured_area__startswith=area_code, booked_on__gte=start, booked_on__lt=end)
    for row in by_day(of, _KEYS):
        yield UseLine(*row[:-1])


_KEYS: Final = ("booked_on", "institution", "kind", "scheme", "insurance")


def settled_between(area_code: str, start: date, end: date | None) -> int:
    """Settlements in force whose service ended in the span."""
    rows = Settlement.objects.live().filter(
        insured_area__startswith=area_code, discharged_on__gte=start
    )
    if end is not None:
        rows = rows.filter(discharged_on__lt=end)
    return rows.count()
