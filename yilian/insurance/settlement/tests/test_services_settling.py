"""Settling: what a bill changes behind it is booked again, never edited."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import Sum
from django.db.utils import IntegrityError, ProgrammingError

from yilian.care.referral.tests.world import Place as House
from yilian.foundation.audit.models import AuditEntry
from yilian.foundation.outbox.models import OutboxMessage
from yilian.insurance.policy.rules.files import shipped_set
from yilian.insurance.policy.rules.overrides import overridden
from yilian.insurance.policy.tests.releases import make_released
from yilian.insurance.settlement.models import Bill, Coverage, Decision, Settlement
from yilian.insurance.settlement.queries.checking import check, check_all
from yilian.insurance.settlement.queries.use import daily_use
from yilian.insurance.settlement.services import settle, take_back, void
from yilian.insurance.settlement.services.settling import (
    AlreadyReversed,
    AlreadySettled,
    BillIsVoid,
)
from yilian.insurance.settlement.tests.world import (
    SPRING,
    SYSTEM,
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
from yilian.kernel.errors import Invalid, NotFound
from yilian.kernel.ids import new_id
from yilian.registry.population.models import Person
from yilian.registry.population.tests import world as people

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _books_are_whole(world: World) -> object:
    yield
    assert list(check_all()) == []


def test_a_late_bill_recomputes_later_ones(
    township: House, county: House, resident: Person
) -> None:
    """The township's stay is billed after the county's that followed it."""
    sent(township, county, resident, on=SPRING + timedelta(days=5))
    county_stay = settled(county, resident, day=5, bill=lines(6000))
    assert shown(county_stay, "deductible_due") == ["500.00"]
    settled(township, resident, bill=lines(1500))
    after = live(county_stay.bill_id)
    assert shown(after, "deductible_due", "basic_pay") == ["300.00", "4275.00"]
    assert (after.entry, after.cause, after.turn) == ("adjustment", "followed", 3)
    kinds = list(OutboxMessage.objects.values_list("kind", flat=True))
    assert kinds.count("SettlementReversed") == 1
    assert kinds.count("BillSettled") == 3


def test_a_late_visit_moves_the_year_limit(township: House, resident: Person) -> None:
    visits = [visit(township, resident, 100, day=n + 1) for n in range(7)]
    assert shown(visits[-1], "basic_pay") == ["40.00"]  # 400 in the year
    visit(township, resident, 100, day=0)
    assert shown(live(visits[-1].bill_id), "basic_pay") == ["0.00"]
    assert shown(live(visits[-2].bill_id), "basic_pay") == ["40.00"]
    assert live(visits[0].bill_id).pk == visits[0].pk
    paid = Settlement.objects.aggregate(paid=Sum("basic_pay"))
    assert paid["paid"] == Decimal("400.00")


def test_later_serious_illness_amounts_follow(
    township: House, tertiary: House, resident: Person
) -> None:
    for day in (0, 60):
        sent(township, tertiary, resident, on=SPRING + timedelta(days=day))
    later = settled(tertiary, resident, day=60, bill=lines(20000))
    assert shown(later, "serious_pay") == ["0.00"]  # 8,600 of self-pay
    settled(tertiary, resident, bill=lines(20000))
    after = live(later.bill_id)
    assert shown(after, "basic_pay", "serious_pay") == ["11400.00", "4320.00"]


def test_years_do_not_disturb_each_other(township: House, resident: Person) -> None:
    old = settled(
        township, resident, admitted_on="2024-05-01", discharged_on="2024-05-04"
    )
    settled(township, resident)
    settled(township, resident, admitted_on="2023-05-01", discharged_on="2023-05-04")
    assert live(old.bill_id).pk == old.pk
    assert Settlement.objects.count() == 3


def test_a_chain_goes_on_over_new_year(
    township: House, county: House, resident: Person
) -> None:
    sent(township, county, resident, on=date(2025, 1, 2))
    settled(
        township, resident, bill=lines(1500), admitted_on="2024-12-20",
        discharged_on="2024-12-31",
    )  # fmt: skip
    after = settled(
        county, resident, bill=lines(6000), admitted_on="2025-01-02",
        discharged_on="2025-01-09",
    )  # fmt: skip
    assert shown(after, "deductible_due") == ["300.00"]


def test_a_second_clerk_is_told_it_is_done(
    world: World, township: House, resident: Person
) -> None:
    bill = posted(township, resident)
    settle(world.clerk, bill.id)
    with pytest.raises(AlreadySettled):
        settle(world.second, bill.id)
    assert Settlement.objects.count() == 1


def test_void_needs_a_reason_and_happens_once(
    world: World, township: House, resident: Person
) -> None:
    row = settled(township, resident)
    with pytest.raises(Invalid):
        void(world.clerk, row.id, reason="  ")
    red = void(world.clerk, row.id, reason="重复收费")
    with pytest.raises(BillIsVoid):
        void(world.second, row.id, reason="重复收费")
    with pytest.raises(BillIsVoid):
        void(world.second, red.id, reason="再冲一次")
    with pytest.raises(BillIsVoid):
        settle(world.clerk, row.bill_id)
    bill = Bill.objects.get(id=row.bill_id)
    assert (bill.void_reason, bill.voided_by_id) == ("重复收费", world.clerk.account_id)


def test_a_settlement_taken_back_by_another_is_no_longer_voided(
    world: World, township: House, county: House, resident: Person
) -> None:
    sent(township, county, resident, on=SPRING + timedelta(days=5))
    old = settled(county, resident, day=5, bill=lines(6000))
    settled(township, resident, bill=lines(1500))
    with pytest.raises(AlreadyReversed):
        void(world.clerk, old.id, reason="录错")
    void(world.clerk, live(old.bill_id).id, reason="录错")
    assert not Settlement.objects.live().filter(bill_id=old.bill_id).exists()


def test_a_bill_taken_back_before_it_was_settled(
    township: House, resident: Person
) -> None:
    bill = posted(township, resident)
    take_back(SYSTEM, bill.id, reason="传错患者")
    with pytest.raises(BillIsVoid):
        settle(SYSTEM, bill.id)
    row = settled(township, resident, day=20)
    with pytest.raises(AlreadySettled):
        take_back(SYSTEM, row.bill_id, reason="传错患者")


def test_another_areas_insurer_sees_nothing(
    world: World, township: House, resident: Person
) -> None:
    bill = posted(township, resident)
    with pytest.raises(NotFound):
        settle(world.elsewhere, bill.id)
    row = settle(world.clerk, bill.id)
    with pytest.raises(NotFound):
        void(world.elsewhere, row.id, reason="录错")


def test_a_change_of_insurance_begins_another_stretch(
    township: House, world: World
) -> None:
    """From July a person of the minimum living allowance: serious illness and
    assistance go on from what the year had used."""
    person = people.person("苏小兰")
    insured(person, period=DateRange(date(2025, 1, 1), date(2025, 7, 1)))
    insured(person, period=DateRange(date(2025, 7, 1), None), aid="dibao")
    first = settled(township, person, bill=lines(80000))
    assert shown(first, "assistance_pay") == ["0.00"]
    second = settled(township, person, day=150, bill=lines(10000))
    assert second.aid == "dibao"
    counted = second.working["parts"][0]["counted_before"]
    assert counted == int(first.compliant_self_pay * 100)


def test_what_was_settled_stays_as_parameters_change(
    township: House, resident: Person
) -> None:
    """A release for later days leaves earlier settlements alone; one that corrects
    the past is booked with the next bill, and both come out the same when checked."""
    old = settled(township, resident, bill=lines(3000))
    better = {"inpatient.ratio.resident.any.primary": "0.90"}
    later = overridden(shipped_set("NX-DEMO-2018"), better)
    make_released(later, effective_from=date(2025, 6, 1))
    new = settled(township, resident, day=120, bill=lines(3000))
    assert live(old.bill_id).pk == old.pk
    assert shown(new, "basic_pay") == ["2520.00"]
    assert new.set_id != old.set_id or new.set_version != old.set_version


def test_the_decision_and_its_reasons_stand_beside_the_settlement(
    township: House, county: House, resident: Person
) -> None:
    hop = sent(township, county, resident, on=SPRING)
    row = settled(county, resident)
    decision = Decision.objects.get(bill_id=row.bill_id)
    assert (decision.source, decision.referral_id) == ("verdict", hop.id)
    questions = [reason["key"] for reason in decision.reasons]
    assert questions == ["referral", "accepted"]


@pytest.mark.parametrize(
    ("verdict", "state"),
    [
        ("compliant_up", "compliant_up"),
        ("emergency_exempt", "emergency_exempt"),
        ("exempt_person", "exempt_person"),
        ("non_compliant", "non_compliant"),
        ("pending", "non_compliant"),
    ],
)
def test_the_verdict_of_the_referral_decides(
    verdict: str, state: str, township: House, county: House, resident: Person
) -> None:
    sent(township, county, resident, on=SPRING, verdict=verdict)
    assert settled(county, resident).referral_state == state


def test_a_referral_to_another_house_does_not_count(
    world: World, township: House, county: House, tertiary: House, resident: Person
) -> None:
    hop = sent(township, county, resident, on=SPRING)
    row = settled(tertiary, resident, referral_id=hop.id)
    assert row.referral_state == "non_compliant"


def test_an_old_person_and_a_delivery_need_no_referral(
    county: House, world: World
) -> None:
    old = people.person("王奶奶", born_on=date(1950, 1, 1))
    mother = people.person("李芳", born_on=date(1995, 1, 1))
    for person in (old, mother):
        insured(person)
    assert settled(county, old).referral_state == "exempt_person"
    birth = settled(county, mother, diagnosis_code="O82.000")
    assert birth.referral_state == "exempt_person"


# --- the database is the referee ----------------------------------------------


def test_what_was_settled_can_neither_be_edited_nor_deleted(
    township: House, resident: Person
) -> None:
    row = settled(township, resident)
    for statement in (
        "UPDATE settlement_settlement SET basic_pay = 0",
        "DELETE FROM settlement_settlement",
        "UPDATE settlement_bill SET total = 0",
        "DELETE FROM settlement_bill",
        "UPDATE settlement_decision SET referral_state = 'compliant_up'",
        "UPDATE settlement_coverage SET aid = 'tekun'",
    ):
        with (
            pytest.raises(ProgrammingError, match="permission denied"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
    assert live(row.bill_id).pk == row.pk


@pytest.mark.parametrize(
    "wrong",
    [
        {"patient_pay": Decimal("1.00")},  # no longer adds up
        {"basic_pay": Decimal("-1.00"), "total": Decimal("-1.00")},
        {"entry": "reversal"},  # with the signs of a settlement
        {"turn": 2, "after_turn": 1, "entry": "original"},
        {"turn": 4, "after_turn": 3, "entry": "adjustment"},  # nothing to stand on
        {"referral_state": ""},
        {"bill_id": "unknown"},
    ],
)
def test_the_database_refuses_a_wrong_row(
    wrong: dict[str, object], township: House, resident: Person
) -> None:
    row = Settlement.objects.get(pk=settled(township, resident).pk)
    row.id, row.number, row.sequence = new_id(), "J-X", 9
    row.turn, row.after_turn, row.entry = 2, 1, "adjustment"
    for name, value in wrong.items():
        setattr(row, name, new_id() if value == "unknown" else value)
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)


def test_a_bill_has_one_settlement_in_force(township: House, resident: Person) -> None:
    row = Settlement.objects.get(pk=settled(township, resident).pk)
    row.id, row.number, row.sequence = new_id(), "J-X", 9
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)


def test_a_person_has_one_coverage_on_a_day(resident: Person) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        insured(resident, period=DateRange(date(2024, 1, 1), date(2024, 2, 1)))
    assert Coverage.objects.filter(person=resident).count() == 1


def test_a_touched_row_is_found(township: House, resident: Person) -> None:
    row = Settlement.objects.get(pk=settled(township, resident).pk)
    assert check(row) == []
    row.basic_pay += 1
    assert len(check(row)) == 1
    row.working["parts"][0]["basic_pay"] += 100
    assert len(check(row)) == 2


# --- what others count ---------------------------------------------------------


def test_use_by_day_is_signed(world: World, township: House, resident: Person) -> None:
    first = settled(township, resident, bill=lines(3000))
    settled(township, resident, day=60, bill=lines(3000))
    visit(township, resident, 50, day=90)
    void(world.clerk, first.id, reason="录错")
    today = first.booked_on
    rows = list(daily_use("6401", today, today + timedelta(days=1)))
    stays = next(row for row in rows if row.kind == "inpatient")
    assert (stays.count, stays.total, stays.basic) == (
        1, Decimal("3000.00"), Decimal("2380.00"),
    )  # fmt: skip
    assert stays.is_inside
    assert list(daily_use("6404", today, today + timedelta(days=1))) == []
    assert (
        sum(row.patient for row in rows)
        == Settlement.objects.aggregate(patient=Sum("patient_pay"))["patient"]
    )


def test_settling_is_audited_with_counts(
    world: World, township: House, resident: Person
) -> None:
    row = settle(world.clerk, posted(township, resident).id)
    entry = AuditEntry.objects.get(action="settlement.settle")
    assert entry.person_id == resident.id
    assert entry.account_id == world.clerk.account_id
    assert entry.detail == {"booked": 1, "reversed": 0}
    assert row.settled_by_id == world.clerk.account_id
