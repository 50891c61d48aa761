"""The worked settlements of RI-8, to the fen (15 and 16 are the budget's)."""

from datetime import date

import pytest

from yilian.insurance.settlement.rules.adjustments import adjustments
from yilian.insurance.settlement.rules.case import (
    Aid,
    CatalogClass,
    Insurance,
    Insured,
    Line,
    Service,
    Used,
)
from yilian.insurance.settlement.tests.bills import (
    fen,
    lines,
    settled,
    shown,
    stay,
    visit,
)

ROW = (
    "deductible_due",
    "basic_pay",
    "compliant_self_pay",
    "serious_pay",
    "patient_pay",
)


def test_1_a_plain_stay_at_the_township() -> None:
    bill = (
        Line(CatalogClass.A, fen(2200)),
        Line(CatalogClass.B, fen(800), self_pay_first_rate=100_000),
        Line(CatalogClass.C, fen(200)),
    )
    [one] = settled(stay("township", "primary", 0, lines=bill))
    assert shown(one, "in_scope_amount", *ROW) == [
        "2920.00", "200.00", "2312.00", "608.00", "0.00", "888.00",
    ]  # fmt: skip


UP = [
    ("township", "primary", 1500, 1600, "first_contact"),
    ("county", "secondary", 6000, 6500, "compliant_up"),
    ("tertiary", "tertiary", 30000, 34000, "compliant_up"),
]


def _up_chain(*, is_linked: bool) -> list[Service]:
    names = [None, "township", "county"]
    return [
        stay(name, place, scope, total, day=5 * n, referral=referral,
             follows=names[n] if is_linked else None)
        for n, (name, place, scope, total, referral) in enumerate(UP)
    ]  # fmt: skip


def test_2_going_up_step_by_step_pays_the_difference() -> None:
    chain = settled(*_up_chain(is_linked=True))
    assert [shown(one, *ROW) for one in chain] == [
        ["200.00", "1105.00", "395.00", "0.00", "495.00"],
        ["300.00", "4275.00", "1725.00", "0.00", "2225.00"],
        ["500.00", "17700.00", "12300.00", "2652.00", "13648.00"],
    ]


def test_2_without_links_each_stay_pays_its_own_deductible() -> None:
    apart = settled(*_up_chain(is_linked=False))
    names = ("deductible_due", "basic_pay", "serious_pay", "patient_pay")
    assert [shown(one, *names) for one in apart] == [
        ["200.00", "1105.00", "0.00", "495.00"],
        ["500.00", "4125.00", "0.00", "2375.00"],
        ["1000.00", "17400.00", "2922.00", "13678.00"],
    ]


def _down(*, is_voided: bool = False) -> list[Service]:
    return [
        stay("tertiary", "tertiary", 20000, 22000, referral="compliant_up",
             is_voided=is_voided),
        stay("township", "primary", 3000, day=5, referral="compliant_down",
             follows="tertiary"),
    ]  # fmt: skip


def test_3_coming_down_pays_no_deductible() -> None:
    high, low = settled(*_down())
    names = ("deductible_due", "basic_pay", "patient_pay")
    assert shown(high, *names) == ["1000.00", "11400.00", "10600.00"]
    assert shown(low, *names) == ["0.00", "2550.00", "450.00"]


def _alone(referral: str) -> Service:
    return stay("tertiary", "tertiary", 20000, 22000, referral=referral)


def test_4_without_a_referral_half_the_ratio_and_no_more_serious_illness() -> None:
    [one] = settled(_alone("non_compliant"))
    assert one.ratio == 300_000
    assert shown(one, *ROW) == ["1000.00", "5700.00", "8600.00", "0.00", "16300.00"]


def test_4_if_the_penalty_counted_the_other_insurance_would_pay_for_it() -> None:
    [one] = settled(
        _alone("non_compliant"), overrides={"penalty_counts_to_serious": True}
    )
    assert shown(one, "compliant_self_pay", "serious_pay") == ["14300.00", "2580.00"]


def test_5_what_a_cheap_first_stay_did_not_use_up_carries_on() -> None:
    low, high = settled(
        stay("township", "primary", 150),
        stay("county", "secondary", 4000, day=5, referral="compliant_up",
             follows="township"),
    )  # fmt: skip
    assert shown(low, "deductible_due", "deductible_absorbed", "basic_pay") == [
        "200.00", "150.00", "0.00",
    ]  # fmt: skip
    assert shown(high, "deductible_due", "basic_pay", "patient_pay") == [
        "350.00", "2737.50", "1262.50",
    ]  # fmt: skip


def test_6_the_ceiling_stops_the_basic_fund_only() -> None:
    stays = settled(
        stay("one", "tertiary", 101000, 110000, referral="compliant_up"),
        stay("two", "tertiary", 91000, 99000, day=30, referral="compliant_up"),
        stay("three", "secondary", 40500, 42000, day=60, referral="compliant_up"),
    )
    assert [shown(one, *ROW) for one in stays] == [
        ["1000.00", "60000.00", "41000.00", "18600.00", "31400.00"],
        ["1000.00", "54000.00", "37000.00", "23100.00", "21900.00"],
        ["500.00", "6000.00", "34500.00", "22550.00", "13450.00"],
    ]


def test_7_up_down_down_up_pays_nothing_twice() -> None:
    plan = [
        ("a", "secondary", 5500, 5800, "compliant_up", None),
        ("b", "tertiary", 40500, 45000, "compliant_up", "a"),
        ("c", "secondary", 6000, 6000, "compliant_down", "b"),
        ("d", "primary", 2000, 2000, "compliant_down", "c"),
        ("e", "tertiary", 10000, 11000, "compliant_up", "d"),
    ]
    chain = settled(
        *(
            stay(name, place, scope, total, day=5 * n, referral=how, follows=before)
            for n, (name, place, scope, total, how, before) in enumerate(plan)
        )
    )
    assert [shown(one, *ROW) for one in chain] == [
        ["500.00", "3750.00", "1750.00", "0.00", "2050.00"],
        ["500.00", "24000.00", "16500.00", "4950.00", "16050.00"],
        ["0.00", "4500.00", "1500.00", "900.00", "600.00"],
        ["0.00", "1700.00", "300.00", "180.00", "120.00"],
        ["0.00", "6000.00", "4000.00", "2400.00", "2600.00"],
    ]


def _over_new_year() -> Service:
    old, new = date(2018, 12, 28), date(2019, 1, 3)
    bill = (
        Line(CatalogClass.A, fen(12000), on=old),
        Line(CatalogClass.C, fen(800), on=old),
        Line(CatalogClass.A, fen(18000), on=new),
        Line(CatalogClass.C, fen(1200), on=new),
    )
    return stay("one", "tertiary", 0, lines=bill, day=290, days=25,
                referral="compliant_up")  # fmt: skip


def test_8_a_stay_over_new_year_belongs_to_the_year_of_discharge() -> None:
    [one] = settled(_over_new_year(), used=Used(basic=fen(116000)))
    assert shown(one, *ROW) == [
        "1000.00", "17400.00", "12600.00", "1560.00", "13040.00",
    ]  # fmt: skip


def test_8_or_each_year_bears_its_own_part() -> None:
    [one] = settled(
        _over_new_year(),
        used=Used(basic=fen(116000)),
        overrides={"cross_year_mode": "SPLIT"},
    )
    old, new = one.parts
    assert (old.year, old.basic_pay, old.compliant_self_pay, old.patient_pay) == (
        2018, fen(4000), fen(8000), fen(8800),
    )  # fmt: skip
    assert (new.deductible_due, new.basic_pay, new.compliant_self_pay) == (
        0, fen(10800), fen(7200),
    )  # fmt: skip
    assert new.patient_pay == fen(8400)
    assert shown(one, "basic_pay") == ["14800.00"]


def test_9_outpatient_limits_of_the_visit_and_of_the_year() -> None:
    plan = [("village", 50), ("village", 20), ("primary", 150), ("primary", 90)]
    plan += [("primary", cost) for cost in (200, 200, 300, 300, 300, 80)]
    visits = settled(
        *(visit(str(n), place, cost, day=n) for n, (place, cost) in enumerate(plan))
    )
    assert [shown(one, "basic_pay")[0] for one in visits] == [
        "30.00", "14.00", "60.00", "54.00", "60.00", "60.00", "60.00", "60.00",
        "2.00", "0.00",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("referral", "overrides", "basic", "patient"),
    [
        ("remote_filed", {}, "19250.00", "19300.00"),
        ("remote_unfiled", {}, "15400.00", "23150.00"),
        ("remote_unfiled", {"penalty_mode": "HALF_RATIO"}, "9625.00", "28925.00"),
    ],
)
def test_10_outside_the_region(
    referral: str, overrides: dict[str, str], basic: str, patient: str
) -> None:
    [one] = settled(
        stay("one", "outside", 40000, 45000, referral=referral), overrides=overrides
    )
    names = ("deductible_due", "basic_pay", "serious_pay", "patient_pay")
    assert shown(one, *names) == ["1500.00", basic, "6450.00", patient]


def test_11_three_tiers_of_protection() -> None:
    [one] = settled(
        stay("one", "tertiary", 60000, 64000, referral="compliant_up"),
        insured=Insured(aid=Aid.DIBAO),
    )
    names = ("basic_pay", "serious_pay", "assistance_pay", "patient_pay")
    assert shown(one, *names) == ["35400.00", "12740.00", "8302.00", "7558.00"]


def test_12_a_retired_employee() -> None:
    retired = Insured(Insurance.EMPLOYEE, is_retired=True, account_balance=fen(1000))
    [one] = settled(_alone("compliant_up"), insured=retired)
    assert shown(one, "basic_pay", "patient_pay", "account_pay") == [
        "16720.00", "5280.00", "1000.00",
    ]  # fmt: skip


def test_13_an_emergency_filed_late_is_settled_again() -> None:
    before = settled(_alone("non_compliant"))
    after = settled(_alone("emergency_exempt"))
    [change] = adjustments(before, after)
    assert change.red is not None
    assert change.red["basic_pay"] == -fen(5700)
    assert change.new is not None
    assert change.new["basic_pay"] == fen(11400)
    assert change.difference["basic_pay"] == fen(5700)
    assert change.difference["patient_pay"] == -fen(5700)


def test_14_voiding_the_first_stay_of_a_chain_changes_the_next() -> None:
    before = settled(*_down())
    after = settled(*_down(is_voided=True))
    gone, changed = adjustments(before, after)
    assert gone.new is None
    assert gone.difference["basic_pay"] == -fen(11400)
    assert changed.difference["basic_pay"] == -fen(170)
    assert shown(after[1], "deductible_due", "basic_pay") == ["200.00", "2380.00"]
    assert changed.new is not None
    assert after[1].parts[0].limit_left == fen(120000)


def test_rounding_is_half_up_and_only_at_the_fund() -> None:
    [one] = settled(
        stay("one", "primary", 0, lines=lines("333.35")),
        overrides={"inpatient.deductible": "0"},
    )
    assert shown(one, "basic_pay") == ["283.35"]
    [half] = settled(
        stay("two", "secondary", 0, lines=lines("1234.30"), referral="non_compliant"),
        overrides={"inpatient.deductible": "0"},
    )
    assert shown(half, "basic_pay") == ["462.86"]
