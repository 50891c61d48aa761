"""The demo's money: every settlement comes out the same again, and all there is to
show is there."""

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db.models import F, Sum

from yilian.demo.build import ACTOR
from yilian.demo.loading import people, places, staff
from yilian.demo.loading.history import Lives
from yilian.demo.loading.insurance_settlement import settle_quiet_lives
from yilian.demo.world.build import Region, region
from yilian.demo.world.insurance.bills import bills, covers
from yilian.insurance.policy.tests.releases import make_released
from yilian.insurance.settlement.models import (
    Bill,
    Coverage,
    Decision,
    Filing,
    Settlement,
)
from yilian.insurance.settlement.queries.checking import check_all
from yilian.insurance.settlement.rules.ledger import FilingState
from yilian.registry.population.models import Person

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def planned() -> Region:
    return region(400, 1, NOW)


@pytest.fixture
def _loaded(db: None, planned: Region) -> None:
    make_released("NX-DEMO-2019")
    places.load_institutions(ACTOR, places.rows_of(planned))
    accounts = staff.open_accounts(ACTOR, planned, (), ())
    rows = staff.rows_of(planned, lambda _code: True)
    staff.load_staff(ACTOR, rows, accounts)
    people.load_people(ACTOR, planned, {})
    lives = Lives(planned, {}, {})
    settle_quiet_lives(ACTOR, lives, accounts, range(lives.blocks))


@pytest.mark.usefixtures("_loaded")
def test_the_demos_money_is_in_order() -> None:
    assert list(check_all()) == []
    insured = Person.objects.exclude(insured_type="none").count()
    assert Coverage.objects.values("person").distinct().count() >= insured * 0.97
    rows = Settlement.objects.all()
    entries = Counter(rows.values_list("entry", flat=True))
    assert entries["reversal"]
    assert entries["reversal"] >= entries["adjustment"]  # what was voided has no heir
    assert Bill.objects.filter(voided_at__isnull=False).exists()
    assert set(rows.values_list("scheme", flat=True)) == {
        "ordinary", "two_disease", "special_disease",
    }  # fmt: skip
    assert rows.filter(institution=None).exists()
    assert rows.exclude(aid="").exists()
    states = set(rows.values_list("referral_state", flat=True))
    assert {"non_compliant", "exempt_person", "emergency_exempt"} <= states
    _money_stands_behind_bills()
    _two_decided()


def _money_stands_behind_bills() -> None:
    live = Settlement.objects.live()
    billed = Bill.objects.filter(settled_at__isnull=False, voided_at=None)
    assert live.aggregate(all=Sum("total")) == billed.aggregate(all=Sum("total"))
    signed = Settlement.objects.aggregate(all=Sum("patient_pay"))["all"]
    assert signed == live.aggregate(all=Sum("patient_pay"))["all"]
    assert signed > Decimal(0)


def _two_decided() -> None:
    closed = (FilingState.ACCEPTED, FilingState.REFUSED)
    decided = Decision.objects.filter(filing_id__isnull=False)
    assert not decided.filter(second_by=F("decided_by")).exists()
    accepted = Filing.objects.filter(state__in=[state.value for state in closed])
    assert accepted.exists()
    assert decided.filter(standing="in_force").count() == accepted.count()


def test_the_same_seed_gives_the_same_bills(planned: Region) -> None:
    people = planned.population.residents[:60]
    illnesses = [("I10.x00", "原发性高血压")]
    told = [
        [bills(one, history, 1, NOW, illnesses) for one, history in pairs]
        for pairs in (
            list(zip(people, planned.histories_of(people), strict=True))
            for _again in range(2)
        )
    ]
    assert told[0] == told[1]
    assert any(told[0])
    assert all(
        bill.total == sum(Decimal(line["amount"]) for line in bill.lines)
        for own in told[0]
        for bill in own
    )
    day = NOW.date()
    assert covers(people[0], 1, day) == covers(people[0], 1, day)
