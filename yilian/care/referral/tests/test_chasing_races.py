"""Once only: two workers on the same ladder, on committed data."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from yilian.care.referral.models import Referral, Reminder
from yilian.care.referral.rules.reasons import Urgency
from yilian.care.referral.rules.states import State
from yilian.care.referral.services import chasing, receiving
from yilian.care.referral.services.next_hospital import ask_next
from yilian.care.referral.tests import world as region
from yilian.care.referral.tests.world import Place
from yilian.foundation.notify.models import Notice
from yilian.kernel.errors import DomainError
from yilian.kernel.ids import new_id
from yilian.kernel.tier import Tier
from yilian.registry.population.models import Person

pytestmark = pytest.mark.django_db(transaction=True)
MINUTE = timedelta(minutes=1)


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    start = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        start.wait(timeout=10)
        try:
            return act()
        except DomainError as refused:
            return refused
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


@pytest.fixture
def emergency(township: Place, county: Place, resident: Person) -> Referral:
    sent = region.submitted(township, county, resident, urgency=Urgency.STAT)
    return region.push_back(sent, 10 * MINUTE)


@pytest.mark.parametrize("round_", range(5))
def test_two_workers_fire_a_rung_once(emergency: Referral, round_: int) -> None:
    at_once(chasing.run_ladders, chasing.run_ladders, chasing.run_ladders)
    chasing.run_ladders()  # whoever found the row held has left it for now
    rungs = Reminder.objects.order_by("rung").values_list("rung", "is_skipped")
    assert list(rungs) == [("duty", False), ("half", True), ("soon", True)]
    readers = Notice.objects.values_list("institution_id", "account_id")
    assert len(readers) == len(set(readers))


def test_an_answer_at_the_moment_of_the_rung_is_not_lost(
    county: Place, emergency: Referral
) -> None:
    """Either the rung came first or nobody is told; the answer stands."""
    at_once(
        chasing.run_ladders,
        lambda: receiving.accept(county.desk, emergency.id),
    )
    emergency.refresh_from_db()
    assert emergency.state == State.ACCEPTED
    assert chasing.run_ladders() == 0


def test_answering_and_asking_the_next_at_once_is_one_or_the_other(
    township: Place, county: Place, emergency: Referral
) -> None:
    region.push_back(emergency, 10 * MINUTE)
    chasing.run_ladders()
    second = region.make_place("永宁县中医院", Tier.SECONDARY)
    results = at_once(
        lambda: receiving.accept(county.desk, emergency.id),
        lambda: ask_next(
            township.doctor, emergency.id, key=new_id(),
            to_institution_id=second.id, consent_by="self", outside_reason="emergency",
        ),
    )  # fmt: skip
    refused = [one for one in results if isinstance(one, DomainError)]
    assert len(refused) == 1, results
    live = Referral.objects.live().filter(episode=emergency.episode_id)
    assert live.count() == 1
