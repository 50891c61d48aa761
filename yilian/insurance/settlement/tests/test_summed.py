"""Sums of days that are over are those of the settlements, whenever they are made."""

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Q, Sum
from django.utils import timezone

from yilian.care.referral.tests.world import Place as House
from yilian.foundation.jobs.rules import CLOCKS
from yilian.insurance.settlement.models import (
    Bill,
    DaySum,
    MonthSum,
    Settlement,
    SummedUntil,
)
from yilian.insurance.settlement.queries.checking import check_sums
from yilian.insurance.settlement.queries.searching import Sought, head_sums, sought
from yilian.insurance.settlement.queries.summed import by_day, by_month
from yilian.insurance.settlement.queries.sums import sums
from yilian.insurance.settlement.queries.use import daily_use
from yilian.insurance.settlement.rules.case import Kind, Referral
from yilian.insurance.settlement.services import void
from yilian.insurance.settlement.services.summing import sum_again, sum_up
from yilian.insurance.settlement.tests.past import days_ago, on
from yilian.insurance.settlement.tests.world import World, settled, visit
from yilian.insurance.settlement.verifying import verify
from yilian.registry.population.models import Person

pytestmark = pytest.mark.django_db

ALL = Q()
KEYS = ("institution", "kind", "referral_state")


@pytest.fixture
def booked(world: World, township: House, tertiary: House, resident: Person) -> None:
    """Over two months: stays and visits, one taken back in the next month, today's."""
    with on(days_ago(40)):
        visit(township, resident, 90)
        gone = settled(tertiary, resident, day=20)
    with on(days_ago(9)):
        void(world.clerk, gone.id, reason="录错")
        settled(township, resident, day=40)
        settled(None, resident, day=60)
    with on(days_ago(1)):
        visit(township, resident, 30, day=80)
    visit(township, resident, 20, day=90)


def _added(sums_of: Any, keys: tuple[str, ...] = KEYS, of: Q = ALL) -> dict[Any, Any]:
    found: dict[Any, Counter[int]] = {}
    for row in sums_of(of, keys):
        line = found.setdefault(row[: len(keys)], Counter())
        for at, amount in enumerate(row[len(keys) :]):
            line[at] += amount
    return found


@pytest.mark.usefixtures("booked")
def test_the_same_before_and_after_days_are_added_up() -> None:
    before = _added(by_day)
    months = _added(by_month)
    assert sum_up() > 30
    assert DaySum.objects.exists()
    assert _added(by_day) == before
    assert _added(by_month) == months
    whole = Settlement.objects.aggregate(sum=Sum("basic_pay"))["sum"]
    assert sum(line[1] for line in before.values()) == whole


@pytest.mark.usefixtures("booked")
def test_yesterday_and_today_are_not_added_up_yet() -> None:
    sum_up()
    assert SummedUntil.objects.get().until == days_ago(1)
    assert not DaySum.objects.filter(booked_on__gte=days_ago(1)).exists()
    assert sum_up() == 0
    assert sum_up(timezone.localdate() + timedelta(days=2)) == 2
    assert DaySum.objects.filter(booked_on=timezone.localdate()).exists()


@pytest.mark.usefixtures("booked")
def test_a_month_is_the_sum_of_its_days() -> None:
    sum_up()
    for row in MonthSum.objects.all():
        days = DaySum.objects.filter(
            booked_on__year=row.booked_on.year, booked_on__month=row.booked_on.month,
            insured_area=row.insured_area, institution=row.institution_id,
            place=row.place, kind=row.kind,
            scheme=row.scheme, insurance=row.insurance,
            referral_state=row.referral_state, entry=row.entry,
        ).aggregate(total=Sum("total"), number=Sum("number"))  # fmt: skip
        assert (row.total, row.number) == (days["total"], days["number"])


@pytest.mark.usefixtures("booked")
def test_rows_loaded_into_the_past_are_added_up_again(
    township: House, resident: Person
) -> None:
    sum_up()
    with on(days_ago(20)):
        late = visit(township, resident, 55, day=100)
    assert [fault.says for fault in check_sums()] != []
    sum_again([late])
    assert list(check_sums()) == []
    assert _added(by_day)[late.institution_id, "outpatient", ""][6] == 4


@pytest.mark.usefixtures("booked")
def test_sums_somebody_has_touched_are_found() -> None:
    sum_up()
    assert list(check_sums()) == []
    said: list[str] = []
    assert verify("", said.append)
    DaySum.objects.filter(kind="inpatient").update(basic_pay=Decimal(1))
    assert not verify("", said.append)
    assert any("汇总" in words for words in said)


@pytest.mark.usefixtures("booked")
def test_the_years_page_is_the_same_from_either(world: World) -> None:
    year = days_ago(9).year
    before = sums(world.clerk, year, timezone.localdate())
    sum_up()
    assert sums(world.clerk, year, timezone.localdate()) == before


@pytest.mark.usefixtures("booked")
def test_budgets_ask_the_same_from_either() -> None:
    span = date(2020, 1, 1), timezone.localdate() + timedelta(days=1)
    before = sorted(map(repr, daily_use("6401", *span)))
    sum_up()
    assert sorted(map(repr, daily_use("6401", *span))) == before


@pytest.mark.usefixtures("booked")
@pytest.mark.parametrize("is_summed", [False, True])
@pytest.mark.parametrize(
    "asked",
    [
        Sought(),
        Sought(everything=True),
        Sought(kind=Kind.INPATIENT),
        Sought(state=Referral.NON_COMPLIANT),
        Sought(only_penalised=True),
        Sought(only_adjusted=True),
        Sought(area="640121"),
        Sought(area="640122"),
        Sought(is_outside=True),
        Sought(booked_on=days_ago(9)),
        Sought(span=(days_ago(40), days_ago(9))),
    ],
)
def test_the_sums_above_a_list_are_those_of_its_rows(
    world: World, asked: Sought, is_summed: bool
) -> None:
    if is_summed:
        sum_up()
    head = head_sums(world.clerk, asked)
    assert head is not None
    shown = [line.id for line in sought(world.clerk, asked).lines]
    rows = Settlement.objects.filter(id__in=shown)
    added = rows.aggregate(
        total=Sum("total"), basic=Sum("basic_pay"), own=Sum("patient_pay")
    )
    assert (head.total, head.basic, head.own) == tuple(
        amount or Decimal(0) for amount in added.values()
    )
    red = sum(row.entry == "reversal" for row in rows)
    assert head.count == len(shown) - 2 * red


def test_what_only_rows_can_say_has_no_sums(world: World, resident: Person) -> None:
    for asked in (
        Sought(text="马"),
        Sought(since=date(2025, 1, 1)),
        Sought(person_id=resident.id),
    ):
        assert head_sums(world.clerk, asked) is None


def test_a_list_by_days_of_discharge_goes_on_where_it_stopped(
    world: World, township: House, resident: Person
) -> None:
    for day in range(60):
        visit(township, resident, 10, day=day)
    asked = Sought(since=date(2025, 3, 10), until=date(2025, 12, 31))
    first = sought(world.clerk, asked)
    second = sought(world.clerk, asked, first.next)
    days = [line.discharged_on for line in [*first.lines, *second.lines]]
    assert days == sorted(days, reverse=True)
    assert len(days) == Bill.objects.filter(discharged_on__gte=asked.since).count()
    assert len({line.id for line in [*first.lines, *second.lines]}) == len(days)


def test_the_clock_adds_up() -> None:
    assert sum_up.__module__ + ".sum_up" in CLOCKS
