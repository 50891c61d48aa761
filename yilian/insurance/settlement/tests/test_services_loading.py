"""Many bills at once are booked as they would be one by one."""

from datetime import datetime, timedelta

import pytest
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone

from yilian.care.referral.tests.world import Place as House
from yilian.insurance.settlement.models import Bill, Coverage, Settlement
from yilian.insurance.settlement.queries.checking import check_all
from yilian.insurance.settlement.rules.case import CaseWrong
from yilian.insurance.settlement.rules.ledger import Cause
from yilian.insurance.settlement.services.loading import Account, Act, load_many
from yilian.insurance.settlement.tests.world import (
    AREA,
    SPRING,
    SYSTEM,
    World,
    lines,
    settled,
    shown,
)
from yilian.kernel.calendar import start_of_day
from yilian.kernel.errors import NotPermitted
from yilian.kernel.ids import new_id
from yilian.registry.population.models import Person
from yilian.registry.population.tests import world as people

pytestmark = pytest.mark.django_db
NAMES = ("deductible_due", "basic_pay", "serious_pay", "patient_pay")


def _bill(person: Person, house: House, *, day: int, cost: int, days: int = 5) -> Bill:
    admitted = SPRING + timedelta(days=day)
    return Bill(
        id=new_id(),
        person_id=person.id,
        number=f"L{day}",
        institution_id=house.id,
        insured_area=AREA,
        kind="inpatient",
        place=str(house.institution.tier),
        admitted_on=admitted,
        discharged_on=admitted + timedelta(days=days),
        diagnosis_code="I10.x00",
        catalogue="2025",
        lines=lines(cost),
        total=cost,
        posted_at=timezone.now(),
    )


def _account(person: Person, bills: list[Bill], acts: list[Act]) -> Account:
    cover = Coverage(
        person_id=person.id,
        insurance="resident",
        area_code=AREA,
        period=DateRange(SPRING.replace(year=2020), None),
        created_at=timezone.now(),
    )
    return Account(person.id, person.born_on, [cover], bills, acts)


def _at(day: int) -> datetime:
    return start_of_day(SPRING + timedelta(days=day))


def _settle(bill: Bill) -> Act:
    at = start_of_day(bill.discharged_on) + timedelta(hours=20)
    return Act(at, bill.id, Cause.SETTLED)


def test_the_same_money_as_one_by_one(
    world: World, township: House, tertiary: House, resident: Person
) -> None:
    other = people.person("王强", born_on=resident.born_on)
    bills = [
        _bill(other, township, day=0, cost=1500),
        _bill(other, tertiary, day=20, cost=60000),
        _bill(other, township, day=40, cost=3000),
    ]
    counts = load_many(SYSTEM, [_account(other, bills, [_settle(b) for b in bills])])
    assert counts["settlement"] == 3
    for house, day, cost in ((township, 0, 1500), (tertiary, 20, 60000),
                             (township, 40, 3000)):  # fmt: skip
        one = settled(house, resident, day=day, bill=lines(cost))
        same = Settlement.objects.get(bill_id=bills.pop(0).id)
        assert shown(same, *NAMES) == shown(one, *NAMES)
    assert list(check_all()) == []


def test_a_late_bill_and_a_void_are_booked_in_red(
    world: World, township: House, tertiary: House
) -> None:
    person = people.person("王强", born_on=SPRING.replace(year=1980))
    first = _bill(person, tertiary, day=0, cost=40000)
    second = _bill(person, tertiary, day=30, cost=40000)
    acts = [
        _settle(second),
        Act(_at(60), first.id, Cause.SETTLED),  # came late
        Act(_at(70), first.id, Cause.VOIDED, reason="重复上传"),
    ]
    load_many(SYSTEM, [_account(person, [first, second], acts)])
    rows = Settlement.objects.order_by("sequence")
    entries = [(row.bill_id == first.id, row.entry) for row in rows]
    assert entries == [
        (False, "original"),
        (True, "original"), (False, "reversal"), (False, "adjustment"),
        (True, "reversal"), (False, "reversal"), (False, "adjustment"),
    ]  # fmt: skip
    assert shown(rows[0], *NAMES) == shown(rows[6], *NAMES)
    assert list(check_all()) == []


def test_a_chain_that_loops_is_refused(world: World, township: House) -> None:
    person = people.person("王强")
    one = _bill(person, township, day=0, cost=1500, days=0)
    other = _bill(person, township, day=0, cost=1500, days=0)
    one.follows, other.follows, other.number = other.id, one.id, "L-2"
    acts = [_settle(one), _settle(other)]
    with pytest.raises(CaseWrong, match="成环"):
        load_many(SYSTEM, [_account(person, [one, other], acts)])
    assert Bill.objects.count() == 0


def test_only_the_system_loads(world: World) -> None:
    with pytest.raises(NotPermitted):
        load_many(world.clerk, [])
