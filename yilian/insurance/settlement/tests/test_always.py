"""What must hold whatever the bills are."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yilian.insurance.settlement.rules.adjustments import adjustments
from yilian.insurance.settlement.rules.case import (
    Case,
    CatalogClass,
    Insured,
    Kind,
    Line,
    Referral,
    Service,
)
from yilian.insurance.settlement.rules.result import CaseResult
from yilian.insurance.settlement.rules.settle import settle
from yilian.insurance.settlement.rules.trace import steps_of
from yilian.insurance.settlement.tests.bills import demo, fen, settled, stay
from yilian.insurance.settlement.tests.inventing import (
    COMPLIANT,
    STAY_PLACES,
    bills,
    cases,
    changes,
    persons,
)

FUNDS = ("basic_pay", "supplement_pay", "serious_pay", "assistance_pay")


@given(cases(), changes)
@settings(max_examples=100, deadline=None)
def test_funds_and_patient_add_up_and_nobody_is_below_zero(
    case: Case, overrides: dict[str, Any]
) -> None:
    for one in settle(case, demo(overrides)).services:
        amounts = one.amounts()
        paid = sum(amounts[name] for name in (*FUNDS, "patient_pay"))
        assert paid == amounts["total_amount"]
        assert min(amounts.values()) >= 0
        assert amounts["account_pay"] <= amounts["patient_pay"]
        assert amounts["in_scope_amount"] <= amounts["total_amount"]
        # Nobody is paid more than what was in scope.
        assert amounts["total_amount"] - amounts["patient_pay"] <= one.in_scope_amount


@given(cases(), changes)
@settings(max_examples=100, deadline=None)
def test_settling_again_gives_the_same_and_nothing_to_adjust(
    case: Case, overrides: dict[str, Any]
) -> None:
    first = settle(case, demo(overrides))
    again = settle(case, demo(overrides))
    assert [s.amounts() for s in first.services] == [
        s.amounts() for s in again.services
    ]
    assert adjustments(first.services, again.services) == []


@given(cases(over_years=False), st.randoms())
@settings(max_examples=100, deadline=None)
def test_the_order_in_the_file_does_not_matter(case: Case, dice: Any) -> None:
    """Only days and links do; of equal days the links."""
    apart = _on_days_of_their_own(case.services)
    shuffled = list(apart)
    dice.shuffle(shuffled)
    whole = settle(replace(case, services=apart), demo())
    mixed = settle(replace(case, services=tuple(shuffled)), demo())
    assert _by_id(whole) == _by_id(mixed)


@given(persons, st.lists(bills, min_size=2, max_size=5), st.data())
@settings(max_examples=100, deadline=None)
def test_the_year_does_not_depend_on_the_order_of_independent_compliant_stays(
    insured: Insured, year: list[Any], data: st.DataObject
) -> None:
    kinds = [
        (data.draw(st.sampled_from(STAY_PLACES)), data.draw(st.sampled_from(COMPLIANT)))
        for _ in year
    ]
    stays = list(zip(kinds, year, strict=True))
    other = data.draw(st.permutations(stays))
    assert _year_of(insured, stays) == _year_of(insured, other)


def _year_of(insured: Insured, stays: Any) -> dict[str, int]:
    services = [
        stay(str(n), place, 0, day=20 * n, referral=referral, lines=bill)
        for n, ((place, referral), bill) in enumerate(stays)
    ]
    return _total(settled(*services, insured=insured))


def _cost_by_referral(
    case: Case, chosen: int, overrides: dict[str, Any]
) -> tuple[int, int]:
    """What the patient pays over all bills: with the referral, and without it."""
    costs = []
    for referral in (Referral.COMPLIANT_UP, Referral.NON_COMPLIANT):
        services = list(case.services)
        services[chosen] = replace(services[chosen], referral=referral)
        insured = replace(case.insured, account_balance=0)
        changed = replace(case, insured=insured, services=services)
        result = settle(changed, demo(overrides))
        costs.append(_total(result.services)["patient_pay"])
    return costs[0], costs[1]


@given(cases(), st.data())
@settings(max_examples=100, deadline=None)
def test_a_compliant_referral_never_costs_the_patient_more(
    case: Case, data: st.DataObject
) -> None:
    """Whatever the bills, where a chain's target is the deductible of each stay."""
    stays = [n for n, s in enumerate(case.services) if s.kind is Kind.INPATIENT]
    if stays:
        chosen = data.draw(st.sampled_from(stays))
        overrides = {"chain_target": "OWN_TIER"}
        complying, not_complying = _cost_by_referral(case, chosen, overrides)
        assert complying <= not_complying


@given(cases(), st.data())
@settings(max_examples=100, deadline=None)
def test_nor_by_the_formula_once_stays_use_up_their_deductibles(
    case: Case, data: st.DataObject
) -> None:
    stays = [n for n, s in enumerate(case.services) if s.kind is Kind.INPATIENT]
    dear = [_dearer(s, fen(1500)) for s in case.services]
    if stays:
        chosen = data.draw(st.sampled_from(stays))
        case = replace(case, services=dear)
        complying, not_complying = _cost_by_referral(case, chosen, {})
        assert complying <= not_complying


def test_where_the_formula_does_make_complying_dearer() -> None:
    """A cheap stay above, then down: 1,000 − 300 due at a township that asks 200."""
    services = [
        stay("a", "tertiary", 300, referral="compliant_up"),
        stay("b", "primary", 900, day=5, referral="compliant_down", follows="a"),
    ]
    case = Case("x", Insured(), services)
    assert settled(*services)[1].amount("deductible_due") == fen(700)
    complying, not_complying = _cost_by_referral(case, 1, {})
    assert complying > not_complying
    complying, not_complying = _cost_by_referral(case, 1, {"chain_target": "OWN_TIER"})
    assert complying < not_complying


def _dearer(service: Service, more: int) -> Service:
    line = Line(CatalogClass.A, more, on=service.admitted_on)
    return replace(service, lines=(*service.lines, line))


@given(cases(), st.data(), st.integers(1, 10_000_000))
@settings(max_examples=100, deadline=None)
def test_a_dearer_bill_never_takes_from_fund_or_patient(
    case: Case, data: st.DataObject, more: int
) -> None:
    """Over the person's whole stretch of bills; but for the fen to which the basic
    fund and serious illness each round their payments."""
    chosen = data.draw(st.integers(0, len(case.services) - 1))
    services = list(case.services)
    first, *rest = services[chosen].lines
    dearer = (first._replace(amount=first.amount + more), *rest)
    services[chosen] = replace(services[chosen], lines=dearer)
    before = _total(settle(case, demo()).services)
    after = _total(settle(replace(case, services=services), demo()).services)
    rounded = 2  # the claims of serious illness add up: they are rounded once
    assert after["patient_pay"] >= before["patient_pay"] - rounded
    assert after["total_amount"] - after["patient_pay"] >= (
        before["total_amount"] - before["patient_pay"] - rounded
    )


@given(cases())
@settings(max_examples=100, deadline=None)
def test_adjustments_lead_from_the_old_to_the_new(case: Case) -> None:
    """Voiding each service in turn: old + red + new is what stands now."""
    before = settle(case, demo())
    for n in range(len(case.services)):
        services = list(case.services)
        services[n] = replace(services[n], is_voided=not services[n].is_voided)
        after = settle(replace(case, services=services), demo())
        change = adjustments(before.services, after.services)
        old, new = _total(before.services), _total(after.services)
        for name in ("basic_pay", "serious_pay", "patient_pay", "total_amount"):
            moved = sum(one.difference[name] for one in change)
            assert old[name] + moved == new[name]


@given(cases(), changes)
@settings(max_examples=100, deadline=None)
def test_every_service_tells_its_steps_and_ends_with_what_the_patient_pays(
    case: Case, overrides: dict[str, Any]
) -> None:
    for one in settle(case, demo(overrides)).services:
        told = steps_of(one)
        by_code = {step.code: step for _year, step in told}
        assert bool(told) is bool(one.parts)
        if not one.parts:
            continue
        paid = sum(int(str(s.result)) for _y, s in told if s.code == "patient_pay")
        assert paid == one.amount("patient_pay")
        assert {"in_scope_amount", "reimbursement_ratio", "basic_pay"} <= set(by_code)
        for step in by_code.values():
            assert "{" not in str(step.working)
            assert step.clause.says
            assert step.note is None or "{" not in str(step.note)


@given(st.lists(st.sampled_from(STAY_PLACES), min_size=1, max_size=6), bills)
@settings(max_examples=50, deadline=None)
def test_a_chain_bears_its_highest_deductible_and_no_more(
    places: list[Any], bill: Any
) -> None:
    services = [
        stay(str(n), place, 0, lines=bill, day=5 * n, referral="compliant_up",
             follows=str(n - 1) if n else None)
        for n, place in enumerate(places)
    ]  # fmt: skip
    chain = settled(*services)
    highest = max(
        fen({"primary": 200, "secondary": 500, "tertiary": 1000, "outside": 1500}[p])
        for p in places
    )
    borne = sum(one.amount("deductible_absorbed") for one in chain)
    assert borne <= highest
    if chain[-1].in_scope_amount >= highest:
        assert borne == highest


def test_a_late_bill_changes_the_later_ones() -> None:
    first = stay("a", "tertiary", 100_000, day=0, referral="compliant_up")
    late = stay("late", "tertiary", 90_000, day=20, referral="compliant_up")
    last = stay("b", "tertiary", 60_000, day=40, referral="compliant_up")
    before = settled(first, last)
    after = settled(first, last, late)  # filed last, discharged before
    changed = {one.service_id: one for one in adjustments(before, after)}
    assert set(changed) == {"b", "late"}
    assert changed["late"].red is None
    assert changed["b"].difference["basic_pay"] < 0


@pytest.mark.parametrize("count", [1, 12])
def test_repeat_admissions_bear_the_factor_when_it_is_set(count: int) -> None:
    services = [
        stay(str(n), "tertiary", 5000, day=10 * n, referral="compliant_up")
        for n in range(count)
    ]
    due = [one.amount("deductible_due") for one in settled(
        *services, overrides={"repeat_factor": "0.5"})]  # fmt: skip
    assert due == [fen(1000)] + [fen(500)] * (count - 1)


def _total(services: Any) -> dict[str, int]:
    names = (*FUNDS, "patient_pay", "total_amount", "compliant_self_pay")
    return {name: sum(one.amounts()[name] for one in services) for name in names}


def _by_id(result: CaseResult) -> dict[str, dict[str, int]]:
    return {one.service.id: one.amounts() for one in result.services}


def _on_days_of_their_own(services: Any) -> tuple[Service, ...]:
    """Ties are settled in the order of the file, so they are taken apart here."""
    moved: list[Service] = []
    push = timedelta(0)
    for service in services:
        moved.append(
            replace(
                service,
                admitted_on=service.admitted_on + push,
                discharged_on=service.discharged_on + push,
            )
        )
        push += timedelta(days=1)
    assert all(a.discharged_on < b.discharged_on for a, b in pairwise(moved))
    return tuple(moved)
