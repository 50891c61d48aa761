"""What supervision finds, and what it leaves alone."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yilian.insurance.settlement.rules.anomalies import (
    WHY,
    Charged,
    Limits,
    TestLine,
    is_test,
    suspicions,
)
from yilian.insurance.settlement.rules.ledger import Suspicion
from yilian.kernel.ids import new_id

LIMITS = Limits(split_days=7, fake_down_days=1, repeat_days=7, repeat_least=5000)
COUNTY, TOWNSHIP, CITY = new_id(), new_id(), new_id()
FIRST = date(2025, 3, 3)


def _stay(house: object, day: int, days: int = 5, **facts: object) -> Charged:
    told = {
        "bill_id": new_id(),
        "number": f"ZY{day}",
        "house": house,
        "rank": 2,
        "is_stay": True,
        "admitted_on": FIRST + timedelta(days=day),
        "discharged_on": FIRST + timedelta(days=day + days),
        "diagnosis": "I10.x00",
        "fund": 100_000,
    }
    return Charged(**(told | facts))  # type: ignore[arg-type]


def _found(*bills: Charged) -> list[Suspicion]:
    return [one.kind for one in suspicions(bills, LIMITS)]


@pytest.mark.parametrize(
    ("gap", "found"),
    [(0, True), (7, True), (8, False)],
    ids=["当天再住", "第七天再住", "第八天再住"],
)
def test_in_again_soon_at_the_same_house_for_the_same_illness_is_a_split(
    gap: int, found: bool
) -> None:
    kinds = _found(_stay(COUNTY, 0), _stay(COUNTY, 5 + gap))
    assert (kinds == [Suspicion.SPLIT_ADMISSION]) is found


@pytest.mark.parametrize(
    "change",
    [{"house": TOWNSHIP}, {"diagnosis": "S72.000"}, {"referral_id": new_id()}],
    ids=["另一家", "另一种病", "凭转诊来"],
)
def test_another_house_another_illness_or_a_referral_is_no_split(
    change: dict[str, object],
) -> None:
    again = replace(_stay(COUNTY, 7), has_arrived=True, **change)  # type: ignore[arg-type]
    assert _found(_stay(COUNTY, 0), again) == []


def test_a_stay_down_that_hardly_lay_there_is_suspect_with_the_way_back_up() -> None:
    down = _stay(
        TOWNSHIP, 0, 1, way="down", rank=1, referral_id=new_id(), has_arrived=True
    )
    back = _stay(CITY, 2, rank=3)
    (one,) = suspicions([down, back], LIMITS)
    assert one.kind is Suspicion.FAKE_DOWN
    assert one.bills == (down.bill_id, back.bill_id)
    assert one.amount == down.fund
    proper = replace(down, discharged_on=down.admitted_on + timedelta(days=2))
    assert _found(proper) == []


def test_the_same_test_at_two_houses_within_days_is_told_once_with_its_price() -> None:
    def scan(house: object, day: int, amount: int = 30_000) -> Charged:
        on = FIRST + timedelta(days=day)
        test = TestLine("CT01", "头颅 CT 平扫", on, amount)
        return _stay(house, day, diagnosis=f"A{day:02}.0", tests=(test,))

    (one,) = suspicions([scan(COUNTY, 0), scan(CITY, 6)], LIMITS)
    assert (one.kind, one.amount, one.house) == (
        Suspicion.REPEATED_TEST, 30_000, CITY,
    )  # fmt: skip
    assert one.facts["gap"] == 6
    assert _found(scan(COUNTY, 0), scan(CITY, 8)) == []
    assert _found(scan(COUNTY, 0), scan(COUNTY, 6)) == []
    assert _found(scan(COUNTY, 0, 4999), scan(CITY, 6, 4999)) == []


def test_billed_on_a_referral_that_never_arrived() -> None:
    bill = _stay(COUNTY, 0, referral_id=new_id(), has_arrived=False)
    assert _found(bill) == [Suspicion.NO_ARRIVAL]
    assert _found(replace(bill, has_arrived=True)) == []


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 9)), max_size=8))
def test_each_is_told_once_and_never_costs_more_than_the_fund_paid(
    spans: list[tuple[int, int]],
) -> None:
    bills = [_stay(COUNTY, day, days) for day, days in spans]
    found = suspicions(bills, LIMITS)
    marks = [one.mark for one in found]
    assert len(marks) == len(set(marks))
    assert all(len(mark) <= 80 for mark in marks)
    paid = {bill.bill_id: bill.fund for bill in bills}
    assert all(one.amount <= sum(paid[bill] for bill in one.bills) for one in found)


def test_every_kind_is_told_in_words() -> None:
    assert set(WHY) == set(Suspicion)


@pytest.mark.parametrize(
    ("name", "code", "found"),
    [
        ("头颅CT平扫增强", "", True),
        ("床位费", "B1", False),
        ("血常规", "T1", True),
        ("检查", "", False),
    ],
)
def test_beds_and_headings_are_no_tests(name: str, code: str, found: bool) -> None:
    assert is_test(name, code) is found
