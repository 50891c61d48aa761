"""How many SQL statements a step costs: printed, and with a ceiling (decisions 35).

Savepoints are not counted: they travel with the next statement and touch no table.
"""

from collections.abc import Callable
from typing import Any, Final

from django.db import connection
from django.test.utils import CaptureQueriesContext

from yilian.care.referral.models import Referral
from yilian.care.referral.services import drafting, receiving, sending
from yilian.care.referral.services.receiving import Place as Where
from yilian.care.referral.tests import world as region
from yilian.care.referral.tests.world import World
from yilian.kernel.ids import new_id
from yilian.resources.scheduling.rules import Quota

CEILING: Final = {
    "draft": 8,
    "submit": 13,
    "accept": 2,
    "accept with a bed": 13,
    "arrive": 20,
    "complete": 14,
    "decline": 7,
    "request_info": 2,
    "answer_info": 2,
}


def _count(act: Callable[[], Any]) -> int:
    with CaptureQueriesContext(connection) as seen:
        act()
    statements = [query["sql"] for query in seen.captured_queries]
    return sum("SAVEPOINT" not in sql for sql in statements)


def _within(step: str, act: Callable[[], Any]) -> None:
    count = _count(act)
    print(f"{step}: {count} statements (at most {CEILING[step]})")  # noqa: T201
    assert count <= CEILING[step]


def test_the_cycle_stays_within_its_statements(world: World) -> None:
    sender, receiver = world.township.doctor, world.county
    told, key = region.sheet(receiver), new_id()
    _within(
        "draft",
        lambda: drafting.draft(
            sender, key=key, person_id=world.resident.id, sheet=told
        ),
    )
    hop = Referral.objects.get()
    _within("submit", lambda: sending.submit(sender, hop.id, consent_by="self"))
    _within(
        "request_info",
        lambda: receiving.request_info(receiver.desk, hop.id, question="心电图？"),
    )
    _within("answer_info", lambda: sending.answer_info(sender, hop.id, answer="见附"))
    _within("accept", lambda: receiving.accept(receiver.desk, hop.id))
    _within("arrive", lambda: receiving.arrive(receiver.desk, hop.id))
    _within(
        "complete",
        lambda: receiving.complete(
            receiver.doctor, hop.id, feedback=dict(region.FEEDBACK)
        ),
    )


def test_holding_a_bed_with_the_answer_stays_within_its_statements(
    world: World,
) -> None:
    region.beds(world.county, Quota.REFERRAL)
    hop = region.submitted(world.township, world.county, world.resident)
    bed = Where(department_id=world.county.ward.id, wants_bed=True)
    _within(
        "accept with a bed",
        lambda: receiving.accept(world.county.desk, hop.id, place=bed),
    )


def test_declining_stays_within_its_statements(world: World) -> None:
    hop = region.submitted(world.township, world.county, world.resident)
    _within(
        "decline",
        lambda: receiving.decline(world.county.desk, hop.id, reason_code="no_bed"),
    )
