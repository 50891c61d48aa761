"""The worked settlements of RI-8 through the services, to the fen (15 and 16 are the
budget's). Whatever was settled on the way comes out the same when it is checked."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from yilian.care.referral.tests.world import Place as House
from yilian.insurance.policy.rules.files import shipped_set
from yilian.insurance.policy.rules.overrides import overridden
from yilian.insurance.policy.tests.releases import make_released
from yilian.insurance.settlement.models import Settlement
from yilian.insurance.settlement.queries.checking import check_all
from yilian.insurance.settlement.rules.filing import Evidence
from yilian.insurance.settlement.services import (
    confirm_decision,
    decide,
    file_late,
    settle,
    void,
)
from yilian.insurance.settlement.tests.world import (
    SPRING,
    World,
    insured,
    lines,
    live,
    posted,
    sent,
    settled,
    shown,
    visit,
)
from yilian.kernel.ids import new_id
from yilian.registry.population.models import Person
from yilian.registry.population.tests import world as people

pytestmark = pytest.mark.django_db
ROW = (
    "deductible_due",
    "basic_pay",
    "compliant_self_pay",
    "serious_pay",
    "patient_pay",
)


@pytest.fixture(autouse=True)
def _comes_out_the_same(world: World) -> object:
    yield
    assert list(check_all()) == []


def test_1_a_plain_stay_at_the_township(township: House, resident: Person) -> None:
    bill = [
        {"catalog_class": "A", "amount": "2200.00"},
        {"catalog_class": "B", "amount": "800.00", "self_pay_first_rate": "0.10"},
        {"catalog_class": "C", "amount": "200.00"},
    ]
    one = settled(township, resident, bill=bill)
    assert shown(one, "in_scope", *ROW) == [
        "2920.00", "200.00", "2312.00", "608.00", "0.00", "888.00",
    ]  # fmt: skip
    assert one.referral_state == "first_contact"


def test_2_going_up_step_by_step_pays_the_difference(
    township: House, county: House, tertiary: House, resident: Person
) -> None:
    """The referrals tell which stay follows which; nobody types it in."""
    for n, (source, target) in enumerate([(township, county), (county, tertiary)], 1):
        sent(source, target, resident, on=SPRING.replace(day=SPRING.day + 5 * n))
    chain = [
        settled(township, resident, bill=lines(1500, 1600)),
        settled(county, resident, day=5, bill=lines(6000, 6500)),
        settled(tertiary, resident, day=10, bill=lines(30000, 34000)),
    ]
    assert [shown(one, *ROW) for one in chain] == [
        ["200.00", "1105.00", "395.00", "0.00", "495.00"],
        ["300.00", "4275.00", "1725.00", "0.00", "2225.00"],
        ["500.00", "17700.00", "12300.00", "2652.00", "13648.00"],
    ]
    assert [one.follows for one in chain] == [None, chain[0].bill_id, chain[1].bill_id]


def _down(tertiary: House, township: House, resident: Person) -> list[Settlement]:
    sent(township, tertiary, resident, on=SPRING)
    sent(tertiary, township, resident, on=SPRING.replace(day=SPRING.day + 5))
    return [
        settled(tertiary, resident, bill=lines(20000, 22000)),
        settled(township, resident, day=5, bill=lines(3000)),
    ]


def test_3_coming_down_pays_no_deductible(
    tertiary: House, township: House, resident: Person
) -> None:
    high, low = _down(tertiary, township, resident)
    names = ("deductible_due", "basic_pay", "patient_pay")
    assert shown(high, *names) == ["1000.00", "11400.00", "10600.00"]
    assert shown(low, *names) == ["0.00", "2550.00", "450.00"]


def test_4_without_a_referral_half_the_ratio(tertiary: House, resident: Person) -> None:
    one = settled(tertiary, resident, bill=lines(20000, 22000))
    assert one.referral_state == "non_compliant"
    assert one.ratio == Decimal("0.3")
    assert shown(one, *ROW) == ["1000.00", "5700.00", "8600.00", "0.00", "16300.00"]


def test_5_what_a_cheap_first_stay_did_not_use_up_carries_on(
    township: House, county: House, resident: Person
) -> None:
    sent(township, county, resident, on=SPRING.replace(day=SPRING.day + 5))
    low = settled(township, resident, bill=lines(150))
    high = settled(county, resident, day=5, bill=lines(4000))
    assert shown(low, "deductible_due", "deductible_absorbed", "basic_pay") == [
        "200.00", "150.00", "0.00",
    ]  # fmt: skip
    assert shown(high, "deductible_due", "basic_pay", "patient_pay") == [
        "350.00", "2737.50", "1262.50",
    ]  # fmt: skip


def test_6_the_ceiling_stops_the_basic_fund_only(
    township: House, county: House, tertiary: House, resident: Person
) -> None:
    plan = [
        (tertiary, 0, 101000, 110000),
        (tertiary, 40, 91000, 99000),
        (county, 80, 40500, 42000),
    ]
    found = []
    for house, day, scope, total in plan:
        hop = sent(township, house, resident, on=SPRING)
        found.append(
            settled(
                house, resident, day=day, bill=lines(scope, total), referral_id=hop.id
            )
        )
    assert [shown(one, *ROW) for one in found] == [
        ["1000.00", "60000.00", "41000.00", "18600.00", "31400.00"],
        ["1000.00", "54000.00", "37000.00", "23100.00", "21900.00"],
        ["500.00", "6000.00", "34500.00", "22550.00", "13450.00"],
    ]


def test_7_up_down_down_up_pays_nothing_twice(
    township: House, county: House, tertiary: House, resident: Person
) -> None:
    way = [township, county, tertiary, county, township, tertiary]
    bills = [(5500, 5800), (40500, 45000), (6000, 6000), (2000, 2000), (10000, 11000)]
    found = []
    for n, (scope, total) in enumerate(bills):
        hop = sent(way[n], way[n + 1], resident, on=SPRING)
        found.append(
            settled(
                way[n + 1], resident, day=5 * n, bill=lines(scope, total),
                referral_id=hop.id,
            )
        )  # fmt: skip
    assert [shown(one, *ROW) for one in found] == [
        ["500.00", "3750.00", "1750.00", "0.00", "2050.00"],
        ["500.00", "24000.00", "16500.00", "4950.00", "16050.00"],
        ["0.00", "4500.00", "1500.00", "900.00", "600.00"],
        ["0.00", "1700.00", "300.00", "180.00", "120.00"],
        ["0.00", "6000.00", "4000.00", "2400.00", "2600.00"],
    ]


def _used_up(house: House, township: House, resident: Person, year: int) -> None:
    """A stay of that year that takes 116,000 of its ceiling: S × .60 after 1,000."""
    sent(township, house, resident, on=date(year, 5, 1))
    bill = [
        {"catalog_class": "A", "amount": "97166.67"},
        {"catalog_class": "A", "amount": "97166.67"},
    ]
    settled(
        house, resident, bill=bill, admitted_on=date(year, 5, 1),
        discharged_on=date(year, 5, 20),
    )  # fmt: skip


NEW_YEAR = [
    {"catalog_class": "A", "amount": "12000.00", "on": "2024-12-28"},
    {"catalog_class": "C", "amount": "800.00", "on": "2024-12-28"},
    {"catalog_class": "A", "amount": "18000.00", "on": "2025-01-03"},
    {"catalog_class": "C", "amount": "1200.00", "on": "2025-01-03"},
]


def _over_new_year(tertiary: House, township: House, resident: Person) -> Settlement:
    sent(township, tertiary, resident, on=date(2024, 12, 27))
    return settled(
        tertiary, resident, bill=NEW_YEAR, admitted_on=date(2024, 12, 27),
        discharged_on=date(2025, 1, 5),
    )  # fmt: skip


def test_8_a_stay_over_new_year_belongs_to_the_year_of_discharge(
    tertiary: House, township: House, resident: Person
) -> None:
    _used_up(tertiary, township, resident, 2024)
    one = _over_new_year(tertiary, township, resident)
    assert shown(one, *ROW) == [
        "1000.00", "17400.00", "12600.00", "1560.00", "13040.00",
    ]  # fmt: skip


def test_8_or_each_year_bears_its_own_part(
    tertiary: House, township: House, resident: Person
) -> None:
    split = overridden(shipped_set("NX-DEMO-2018"), {"cross_year_mode": "SPLIT"})
    make_released(split, effective_from=date(2019, 1, 1))
    _used_up(tertiary, township, resident, 2024)
    one = _over_new_year(tertiary, township, resident)
    assert shown(one, "basic_pay") == ["14800.00"]
    old, new = one.working["parts"]
    assert (old["year"], old["basic_pay"], new["basic_pay"]) == (2024, 400000, 1080000)


def test_9_outpatient_limits_of_the_visit_and_of_the_year(
    village: House, township: House, resident: Person
) -> None:
    plan = [(village, 50), (village, 20), (township, 150), (township, 90)]
    plan += [(township, cost) for cost in (200, 200, 300, 300, 300, 80)]
    visits = [
        visit(house, resident, cost, day=n) for n, (house, cost) in enumerate(plan)
    ]
    assert [shown(one, "basic_pay")[0] for one in visits] == [
        "30.00", "14.00", "60.00", "54.00", "60.00", "60.00", "60.00", "60.00",
        "2.00", "0.00",
    ]  # fmt: skip


def test_10_outside_the_region_with_and_without_filing(
    tertiary: House, resident: Person
) -> None:
    names = ("deductible_due", "basic_pay", "serious_pay", "patient_pay")
    without = settled(None, resident, bill=lines(40000, 45000))
    assert without.referral_state == "remote_unfiled"
    assert shown(without, *names) == ["1500.00", "15400.00", "6450.00", "23150.00"]
    other = people.person("王强")
    insured(other)
    hop = sent(tertiary, None, other, on=SPRING)
    filed = settled(None, other, bill=lines(40000, 45000), referral_id=hop.id)
    assert filed.referral_state == "remote_filed"
    assert shown(filed, *names) == ["1500.00", "19250.00", "6450.00", "19300.00"]


def test_11_three_tiers_of_protection(
    township: House, tertiary: House, resident: Person
) -> None:
    poor = people.person("苏小兰")
    insured(poor, aid="dibao")
    sent(township, tertiary, poor, on=SPRING)
    one = settled(tertiary, poor, bill=lines(60000, 64000))
    names = ("basic_pay", "serious_pay", "assistance_pay", "patient_pay")
    assert shown(one, *names) == ["35400.00", "12740.00", "8302.00", "7558.00"]


def test_12_a_retired_employee_and_the_personal_account(
    township: House, tertiary: House, world: World
) -> None:
    retired = people.person("杨师傅")
    insured(retired, insurance="employee", is_retired=True, account_credit=1000)
    sent(township, tertiary, retired, on=SPRING)
    one = settled(tertiary, retired, bill=lines(20000, 22000))
    assert shown(one, "basic_pay", "patient_pay", "account_pay") == [
        "16720.00", "5280.00", "1000.00",
    ]  # fmt: skip
    more = settled(township, retired, day=30, bill=lines(3000))
    assert shown(more, "account_pay") == ["0.00"]


def test_13_an_emergency_filed_late_is_settled_again(
    world: World, tertiary: House, resident: Person
) -> None:
    bill = posted(tertiary, resident, bill=lines(20000, 22000), **_just_now())
    before = settle(world.clerk, bill.id)
    assert shown(before, "basic_pay") == ["5700.00"]
    told = Evidence(reason="胸痛抢救", triage_level=1, has_rescue_record=True)
    house = world.finance[tertiary.id]
    filing = file_late(house, bill.id, key=new_id(), evidence=told)
    decision = decide(world.clerk, filing.id, grants=True, note="抢救记录属实")
    confirm_decision(world.second, decision.id, agrees=True)
    old, red, new = Settlement.objects.filter(bill_id=bill.id).order_by("turn")
    assert old.pk == before.pk
    assert shown(red, "basic_pay", "patient_pay") == ["-5700.00", "-16300.00"]
    assert red.reverses == old.id
    assert shown(new, "basic_pay", "patient_pay") == ["11400.00", "10600.00"]
    assert (new.referral_state, new.entry) == ("emergency_exempt", "adjustment")


def _just_now() -> dict[str, object]:
    today = timezone.localdate()
    return {"admitted_on": today - timedelta(days=3), "discharged_on": today}


def test_14_voiding_the_first_stay_of_a_chain_changes_the_next(
    world: World, tertiary: House, township: House, resident: Person
) -> None:
    high, low = _down(tertiary, township, resident)
    red = void(world.clerk, high.id, reason="患者姓名录错")
    assert shown(red, "basic_pay", "total") == ["-11400.00", "-22000.00"]
    after = live(low.bill_id)
    assert shown(after, "deductible_due", "basic_pay") == ["200.00", "2380.00"]
    assert after.cause == "followed"
    assert after.because_of == high.bill_id
    used = Settlement.objects.values_list("basic_pay", flat=True)
    assert sum(used) == Decimal("2380.00")
    assert after.working["parts"][0]["limit_left"] == 12_000_000
