"""How many questions settling asks of the database: they are what it costs."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from yilian.care.referral.tests.world import Place as House
from yilian.insurance.settlement.services import settle
from yilian.insurance.settlement.tests.world import World, posted, visit
from yilian.registry.population.models import Person

pytestmark = pytest.mark.django_db
MOST_TO_POST: int = 16
MOST_TO_SETTLE: int = 21


def _asked(captured: Any) -> int:
    talk = ("SAVEPOINT", "RELEASE")
    return sum(not one["sql"].startswith(talk) for one in captured.captured_queries)


def test_posting_and_settling_stay_cheap(
    world: World, township: House, resident: Person
) -> None:
    settle(world.clerk, posted(township, resident).id)  # composes what is asked
    with CaptureQueriesContext(connection) as posting:
        bill = posted(township, resident, day=20)
    with CaptureQueriesContext(connection) as settling:
        settle(world.clerk, bill.id)
    assert _asked(posting) <= MOST_TO_POST
    assert _asked(settling) <= MOST_TO_SETTLE


def test_a_long_book_asks_no_more(
    world: World, township: House, resident: Person
) -> None:
    for day in range(30):
        visit(township, resident, 10, day=day)
    bill = posted(township, resident, day=60)
    with CaptureQueriesContext(connection) as settling:
        settle(world.clerk, bill.id)
    assert _asked(settling) <= MOST_TO_SETTLE
