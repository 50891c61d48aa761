"""Visits by scheme, employees, ceilings: what the worked examples leave out."""

from dataclasses import replace
from datetime import date

import pytest

from yilian.insurance.policy.rules.files import shipped_set
from yilian.insurance.settlement.rules.case import (
    Case,
    Insurance,
    Insured,
    Referral,
    Service,
    Used,
)
from yilian.insurance.settlement.rules.estimate import estimate
from yilian.insurance.settlement.tests.bills import (
    demo,
    fen,
    settled,
    shown,
    stay,
    visit,
)

ACTIVE = Insured(Insurance.EMPLOYEE)
RETIRED = Insured(Insurance.EMPLOYEE, is_retired=True)


def test_a_long_prescription_is_one_visit_with_the_limit_of_its_months() -> None:
    one, long = settled(
        visit("a", "primary", 300), visit("b", "primary", 300, day=1, months=3)
    )
    assert shown(one, "basic_pay") == ["60.00"]
    assert shown(long, "basic_pay") == ["180.00"]
    [single] = settled(
        visit("b", "primary", 300, months=3),
        overrides={"long_rx_limit_multiplier": False},
    )
    assert shown(single, "basic_pay") == ["60.00"]


def test_two_disease_drugs_have_their_own_limit() -> None:
    visits = settled(
        visit("a", "primary", 900, scheme="two_disease", disease="hypertension"),
        visit("b", "primary", 900, day=1, scheme="two_disease", disease="hypertension"),
        visit("c", "primary", 900, day=2, scheme="two_disease", disease="diabetes"),
        visit("d", "primary", 100, day=3),
    )
    assert [shown(one, "basic_pay")[0] for one in visits] == [
        "540.00", "60.00", "540.00", "60.00",
    ]  # fmt: skip


def test_a_special_disease_is_paid_as_a_stay_within_its_quota() -> None:
    visits = settled(
        visit("a", "tertiary", 5000, scheme="special_disease", disease="copd"),
        visit("b", "tertiary", 5000, day=1, scheme="special_disease", disease="copd"),
        visit("c", "village", 100, day=2, scheme="special_disease"),
    )
    assert [shown(one, "basic_pay")[0] for one in visits] == [
        "3000.00", "0.00", "85.00",
    ]  # fmt: skip


def test_a_special_disease_counts_to_ceiling_and_serious_illness() -> None:
    dialysis = visit(
        "a", "tertiary", 60000, scheme="special_disease", disease="dialysis"
    )
    later = stay("b", "tertiary", 30000, day=1, referral="compliant_up")
    used = Used(basic=fen(80000))
    one, two = settled(dialysis, later, used=used)
    assert shown(one, "basic_pay", "serious_pay") == ["36000.00", "8400.00"]
    assert shown(two, "basic_pay") == ["4000.00"]


def test_employees_bear_an_outpatient_deductible_once_a_year() -> None:
    visits = settled(
        visit("a", "primary", 400),
        visit("b", "primary", 400, day=1),
        visit("c", "primary", 400, day=2),
        insured=ACTIVE,
    )
    assert [shown(one, "basic_pay")[0] for one in visits] == [
        "0.00", "210.00", "280.00",
    ]  # fmt: skip


def test_the_retired_get_more() -> None:
    [one] = settled(visit("a", "primary", 400), insured=RETIRED)
    assert shown(one, "basic_pay") == ["75.00"]


def test_the_supplement_pays_what_the_ceiling_cut_off() -> None:
    big = stay("a", "tertiary", 400_000, referral="compliant_up")
    [one] = settled(big, insured=ACTIVE)
    # 399,000 × 0.85 = 339,150: basic 200,000; 0.90 of the other 139,150
    assert shown(one, "basic_pay", "supplement_pay") == ["200000.00", "125235.00"]
    assert shown(one, "compliant_self_pay") == ["74765.00"]


def test_the_supplement_has_a_limit_too() -> None:
    stays = [
        stay(str(n), "tertiary", 400_000, day=10 * n, referral="compliant_up")
        for n in range(3)
    ]
    paid = [one.amount("supplement_pay") for one in settled(*stays, insured=ACTIVE)]
    assert sum(paid) == fen(300_000)


def test_an_account_pays_the_patients_part_until_it_is_empty() -> None:
    insured = replace(ACTIVE, account_balance=fen(500))
    visits = settled(
        visit("a", "primary", 400), visit("b", "primary", 400, day=1), insured=insured
    )
    assert [shown(one, "account_pay")[0] for one in visits] == ["400.00", "100.00"]
    assert shown(visits[1], "basic_pay", "patient_pay") == ["210.00", "190.00"]


@pytest.mark.parametrize(
    ("place", "born_on", "switch", "referral"),
    [
        ("tertiary", None, True, Referral.NON_COMPLIANT),
        ("tertiary", None, False, Referral.FIRST_CONTACT),
        ("tertiary", date(1950, 1, 1), True, Referral.EXEMPT_PERSON),
        ("tertiary", date(1953, 3, 2), True, Referral.NON_COMPLIANT),
        ("tertiary", date(1953, 3, 1), True, Referral.EXEMPT_PERSON),
        ("tertiary", date(2012, 1, 1), True, Referral.EXEMPT_PERSON),
        ("primary", None, True, Referral.FIRST_CONTACT),
        ("outside", date(1950, 1, 1), True, Referral.REMOTE_UNFILED),
    ],
)
def test_how_a_stay_counts_when_nobody_says_how_the_patient_came(
    place: str, born_on: date | None, switch: bool, referral: Referral
) -> None:
    unsaid = replace(stay("a", place, 5000), referral=None)
    [one] = settled(
        unsaid,
        insured=Insured(born_on=born_on),
        overrides={"no_referral_counts_as_non_compliant": switch},
    )
    assert one.parts[0].referral is referral


@pytest.mark.parametrize(
    ("grade", "basic"), [(None, "11400.00"), ("1", "10450.00"), ("3", "12350.00")]
)
def test_a_higher_grade_gets_a_higher_ratio(grade: str | None, basic: str) -> None:
    [one] = settled(
        stay("a", "tertiary", 20000, referral="compliant_up"),
        insured=Insured(grade=grade),
    )
    assert shown(one, "basic_pay") == [basic]


def test_the_raised_limits_hold_from_their_day_on() -> None:
    """NX-3.2-b, and a bill of the old year is settled as it was."""
    raised = shipped_set("NX-DEMO-2019")
    old = visit("a", "primary", 1000)
    new = visit("b", "primary", 1000, day=320)
    before, after = settled(old, new, parameters=raised)
    assert shown(before, "basic_pay") == ["60.00"]
    assert shown(after, "basic_pay") == ["80.00"]


def test_before_the_fact_a_patient_sees_what_the_referral_spares() -> None:
    case = Case("x", Insured(), ())
    planned = stay("p", "tertiary", 20000, 22000, referral="compliant_up")
    found = estimate(case, planned, demo())
    assert found.saved == fen(5700)
    assert shown(found.with_referral, "patient_pay") == ["10600.00"]


def test_an_estimate_counts_on_from_the_chain() -> None:
    first = stay("a", "primary", 1500)
    planned: Service = stay(
        "p", "secondary", 6000, day=5, referral="compliant_up", follows="a"
    )
    found = estimate(Case("x", Insured(), (first,)), planned, demo())
    assert shown(found.with_referral, "deductible_due") == ["300.00"]
    assert shown(found.without_referral, "deductible_due") == ["500.00"]
