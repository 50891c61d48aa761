"""What the funds paid, day by day: for budgets and counts, without persons."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db.models import Case, IntegerField, Sum, Value, When

from yilian.insurance.settlement.models import Settlement
from yilian.insurance.settlement.rules.ledger import Entry


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
    rows = Settlement.objects.filter(
        insured_area__startswith=area_code, booked_on__gte=start, booked_on__lt=end
    )
    sums = (
        rows.order_by("booked_on", "institution", "kind", "scheme", "insurance")
        .values_list("booked_on", "institution", "kind", "scheme", "insurance")
        .annotate(
            Sum("total"),
            Sum("basic_pay"),
            Sum("supplement_pay"),
            Sum("serious_pay"),
            Sum("assistance_pay"),
            Sum("patient_pay"),
            counted=Sum(_COUNTS),
        )
    )
    return (UseLine(*row) for row in sums.iterator())


_COUNTS = Case(
    When(entry=Entry.REVERSAL.value, then=Value(-1)),
    default=Value(1),
    output_field=IntegerField(),
)


def settled_between(area_code: str, start: date, end: date | None) -> int:
    """Settlements in force whose service ended in the span."""
    rows = Settlement.objects.live().filter(
        insured_area__startswith=area_code, discharged_on__gte=start
    )
    if end is not None:
        rows = rows.filter(discharged_on__lt=end)
    return rows.count()
