"""Sums over any span: of days that are over from what is kept, of the last days from
the settlements themselves. Both are asked by the same names of columns."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, Final

from django.db.models import Case, F, IntegerField, Q, QuerySet, Sum, Value, When

from yilian.insurance.settlement.models import (
    DaySum,
    MonthSum,
    Settlement,
    SummedUntil,
)
from yilian.insurance.settlement.rules.case import PENALISED
from yilian.insurance.settlement.rules.ledger import Entry

AMOUNTS: Final = (
    "total", "basic_pay", "supplement_pay", "serious_pay", "assistance_pay",
    "patient_pay",
)  # fmt: skip
_PENALISED: Final = Q(referral_state__in=sorted(state.value for state in PENALISED))


def by_day(of: Q, keys: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """The keys, the six amounts, how many less those taken back, and how many of
    these were paid at a reduced rate. A group may come twice: of both kinds of days."""
    return _asked(DaySum.objects.all(), of, keys)


def by_month(of: Q, keys: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """The same where days are asked for by whole months only."""
    return _asked(MonthSum.objects.all(), of, keys)


def summed_until() -> date | None:
    return SummedUntil.objects.values_list("until", flat=True).first()


def _asked(
    kept: "QuerySet[Any]", of: Q, keys: Sequence[str]
) -> Iterator[tuple[Any, ...]]:
    until = summed_until()
    rows = Settlement.objects.filter(of)
    if until is not None:
        yield from _grouped(kept.filter(of), keys, F("number"))
        rows = rows.filter(booked_on__gte=until)
    yield from _grouped(rows, keys, Value(1))


def _grouped(
    rows: "QuerySet[Any]", keys: Sequence[str], number: F | Value
) -> Iterator[tuple[Any, ...]]:
    signed = Case(
        When(entry=Entry.REVERSAL.value, then=Value(-1) * number),
        default=number,
        output_field=IntegerField(),
    )
    found = rows.values_list(*keys).annotate(
        *(Sum(name) for name in AMOUNTS),
        counted=Sum(signed),
        penalised=Sum(signed, filter=_PENALISED, default=0),
    )
    yield from found.order_by(*keys)
