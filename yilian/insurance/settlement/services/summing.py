"""Adding up the days that are over; anew where a load has brought rows of the past."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final

from django.db import connection, transaction
from django.db.models import Min
from django.utils import timezone

from yilian.foundation.access.database import one_at_a_time
from yilian.insurance.settlement.models import (
    DaySum,
    MonthSum,
    Settlement,
    SummedUntil,
)

_A_DAY: Final = timedelta(days=1)
_LOCK: Final = "settlement.sums"
_AMOUNTS: Final = (
    "total, basic_pay, supplement_pay, serious_pay, assistance_pay, patient_pay"
)
_SUMS: Final = ", ".join(f"sum({name})" for name in _AMOUNTS.split(", "))
_KEYS: Final = "place, kind, scheme, insurance, referral_state, entry"
_DAYS: Final = f"""
INSERT INTO settlement_daysum
    (id, booked_on, insured_area, institution_id, {_KEYS}, number, {_AMOUNTS})
SELECT gen_random_uuid(), booked_on, insured_area, institution_id, {_KEYS},
       count(*), {_SUMS}
  FROM settlement_settlement WHERE booked_on >= %s AND booked_on < %s
 GROUP BY booked_on, insured_area, institution_id, {_KEYS}
"""  # noqa: S608  (names of columns)
_MONTHS: Final = f"""
INSERT INTO settlement_monthsum
    (id, booked_on, insured_area, institution_id, {_KEYS}, number, {_AMOUNTS})
SELECT gen_random_uuid(), date_trunc('month', booked_on)::date, insured_area,
       institution_id, {_KEYS}, sum(number), {_SUMS}
  FROM settlement_daysum WHERE booked_on >= %s AND booked_on < %s
 GROUP BY date_trunc('month', booked_on), insured_area, institution_id, {_KEYS}
"""  # noqa: S608


@transaction.atomic
def sum_up(today: date | None = None) -> int:
    """The clock: the days before yesterday, for what was begun before midnight may be
    booked after it. How many days were added."""
    one_at_a_time(_LOCK)
    end = (today or timezone.localdate()) - _A_DAY
    known = SummedUntil.objects.first()
    start = known.until if known else _first_day()
    if start is None or start >= end:
        return 0
    _add(start, end)
    SummedUntil.objects.update_or_create(
        id=1, defaults={"until": end, "at": timezone.now()}
    )
    return (end - start).days


def sum_again(rows: Iterable[Settlement]) -> None:
    """Rows were booked on days that may be summed already; in their transaction."""
    days = {row.booked_on for row in rows}
    known = SummedUntil.objects.first() if days else None
    if known is None or min(days) >= known.until:
        return
    one_at_a_time(_LOCK)
    known = SummedUntil.objects.get(id=1)
    _add(min(days), min(max(days) + _A_DAY, known.until))


def _add(start: date, end: date) -> None:
    """The days from `start` up to `end`, and the whole of their months."""
    DaySum.objects.filter(booked_on__gte=start, booked_on__lt=end).delete()
    first, last = start.replace(day=1), _after_month(end - _A_DAY)
    MonthSum.objects.filter(booked_on__gte=first, booked_on__lt=last).delete()
    with connection.cursor() as cursor:
        cursor.execute(_DAYS, [start, end])
        cursor.execute(_MONTHS, [first, last])


def _after_month(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)


def _first_day() -> date | None:
    first: date | None = Settlement.objects.aggregate(day=Min("booked_on"))["day"]
    return first
