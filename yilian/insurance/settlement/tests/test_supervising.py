"""Suspicions from real bills: found once, judged once, with what is refused."""

import threading
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from yilian.care.referral.tests.browsing import plain
from yilian.care.referral.tests.world import Place as House
from yilian.foundation.access.actor import Actor
from yilian.insurance.settlement.models import Anomaly, AnomalyRefusal
from yilian.insurance.settlement.queries.anomalies import refused
from yilian.insurance.settlement.services.supervising import (
    find_at_night,
    find_since,
    judge,
)
from yilian.insurance.settlement.tests.pages import clerk_of
from yilian.insurance.settlement.tests.world import World, lines, sent, settled
from yilian.kernel.calendar import CHINA, local_day
from yilian.kernel.errors import Conflict, Invalid, NotFound, NotPermitted
from yilian.registry.population.models import Person

LONG_AGO = timezone.now() - timedelta(days=3000)


def _lately(days_ago: int) -> date:
    return local_day(timezone.now()) - timedelta(days=days_ago)


def _stay(
    house: House, person: Person, days_ago: int, days: int = 5, **more: Any
) -> Any:
    start = _lately(days_ago)
    span = {"admitted_on": start, "discharged_on": start + timedelta(days=days)}
    return settled(house, person, **(span | more))


@pytest.fixture
def split(world: World, township: House, resident: Person) -> Anomaly:
    _stay(township, resident, 60)
    again = _stay(township, resident, 52)
    assert find_since(LONG_AGO) == 1
    found = Anomaly.objects.get()
    assert found.amount == again.total - again.patient_pay
    return found


@pytest.mark.django_db
def test_found_again_it_is_still_one(split: Anomaly) -> None:
    assert find_since(LONG_AGO) == 0
    assert Anomaly.objects.count() == 1


@pytest.mark.django_db
def test_the_night_works_at_two_and_at_no_other_hour(
    world: World, township: House, resident: Person
) -> None:
    _stay(township, resident, 60)
    _stay(township, resident, 52)
    now = timezone.now().astimezone(CHINA)
    assert find_at_night(now.replace(hour=14)) == 0
    assert find_at_night(now.replace(hour=2) + timedelta(days=1)) == 1


@pytest.mark.django_db
def test_the_same_scan_at_two_houses_and_a_stay_on_a_referral_nobody_came_by(
    world: World, county: House, tertiary: House, township: House, resident: Person
) -> None:
    scan = {"catalog_class": "A", "item": "CT01", "name": "CT平扫", "amount": "300.00"}
    for house, days_ago in ((county, 40), (tertiary, 36)):
        _stay(house, resident, days_ago, 0, kind="outpatient", bill=[scan])
    hop = sent(township, county, resident, on=_lately(10))
    hop.arrived_at = None
    hop.save()
    _stay(county, resident, 10, bill=lines(4000), referral_id=hop.id)
    find_since(LONG_AGO)
    kinds = sorted(Anomaly.objects.values_list("kind", flat=True))
    assert kinds == ["no_arrival", "repeated_test"]


@pytest.mark.django_db
def test_confirmed_with_an_amount_is_what_budgets_read(
    world: World, township: House, split: Anomaly
) -> None:
    judge(
        world.clerk, split.id, is_confirmed=True, note="属实", amount=Decimal("99.50")
    )
    today = local_day(timezone.now())
    (one,) = refused("6401", today, today + timedelta(days=1))
    assert (one.institution_id, one.amount) == (township.id, Decimal("99.50"))
    assert list(refused("6404", today, today + timedelta(days=1))) == []
    with pytest.raises(Conflict):
        judge(world.clerk, split.id, is_confirmed=False, note="不是")


@pytest.mark.django_db
def test_unfounded_refuses_nothing_and_words_are_needed(
    world: World, split: Anomaly
) -> None:
    with pytest.raises(Invalid):
        judge(world.clerk, split.id, is_confirmed=False, note=" ")
    more = split.amount + 1
    with pytest.raises(Invalid):
        judge(world.clerk, split.id, is_confirmed=True, note="属实", amount=more)
    judge(world.clerk, split.id, is_confirmed=False, note="病情需要")
    assert not AnomalyRefusal.objects.exists()


@pytest.mark.django_db
def test_only_the_insurer_of_the_place_judges(
    world: World, township: House, split: Anomaly
) -> None:
    house = world.finance[township.id]
    with pytest.raises(NotPermitted):
        judge(house, split.id, is_confirmed=False, note="我们没错")
    with pytest.raises(NotFound):
        judge(world.elsewhere, split.id, is_confirmed=False, note="x")


@pytest.mark.django_db
def test_the_page_shows_why_and_takes_a_judgement(world: World, split: Anomaly) -> None:
    clerk = clerk_of("6401")
    listing = reverse("settlement:anomalies")
    page = plain(clerk.get(listing))
    assert "分解住院" in page
    assert "出院后 3 天又住院" in page
    address = reverse("settlement:judge", args=[split.id])
    wrong = clerk.post(
        address, {"found": "confirmed", "note": "属实", "amount": "9999999"}
    )
    assert wrong.status_code == 422
    assert "不能超过涉及金额" in plain(wrong)
    said = {"found": "confirmed", "note": "属实", "amount": "10"}
    assert clerk.post(address, said).status_code == 302
    assert "拒付 10.00 元" in plain(clerk.get(listing + "?state=confirmed"))
    assert clerk.post(address, said).status_code == 409


@pytest.mark.django_db(transaction=True)
def test_two_clerks_at_once_judge_it_once(
    world: World, township: House, resident: Person
) -> None:
    _stay(township, resident, 60)
    _stay(township, resident, 52)
    find_since(LONG_AGO)
    found = Anomaly.objects.get()
    outcomes: list[str] = []

    def take(actor: Actor) -> None:
        try:
            judge(actor, found.id, is_confirmed=True, note="属实", amount=Decimal(5))
            outcomes.append("done")
        except Conflict:
            outcomes.append("late")
        finally:
            connection.close()

    threads = [
        threading.Thread(target=take, args=(actor,))
        for actor in (world.clerk, world.second)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["done", "late"]
    assert AnomalyRefusal.objects.count() == 1
