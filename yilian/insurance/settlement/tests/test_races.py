"""Only one may: two hands on one person's money, on committed data; and a process
that dies in the middle leaves nothing behind."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, connection, transaction
from django.db.utils import InterfaceError

from yilian.care.referral.tests.world import Place as House
from yilian.foundation.audit.models import AuditEntry
from yilian.foundation.outbox.models import Delivery, OutboxMessage
from yilian.foundation.outbox.services import attempt, dispatch
from yilian.foundation.tests.stage import let_others_finish
from yilian.insurance.settlement.models import (
    Bill,
    Decision,
    Filing,
    Held,
    Settlement,
)
from yilian.insurance.settlement.queries.checking import check_all
from yilian.insurance.settlement.rules.filing import Evidence
from yilian.insurance.settlement.services import appeal, post_bill, settle, void
from yilian.insurance.settlement.services.automatic import settle_itself
from yilian.insurance.settlement.tests.automatic import let
from yilian.insurance.settlement.tests.world import (
    SYSTEM,
    World,
    facts_of,
    lines,
    posted,
    settled,
)
from yilian.kernel.errors import Conflict
from yilian.kernel.ids import new_id
from yilian.registry.population.models import Person

pytestmark = pytest.mark.django_db(transaction=True)


def _both(*acts: Callable[[], Any]) -> list[Any]:
    """Run at the same moment, each with its own connection; results or refusals."""
    start = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        start.wait(timeout=10)
        try:
            return act()
        except Conflict as refused:
            return refused
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def _refused(results: list[Any]) -> list[Any]:
    return [one for one in results if isinstance(one, Conflict)]


def test_two_clerks_on_one_bill(
    world: World, township: House, resident: Person
) -> None:
    bill = posted(township, resident)
    done = _both(
        lambda: settle(world.clerk, bill.id), lambda: settle(world.second, bill.id)
    )
    assert len(_refused(done)) == 1
    assert Settlement.objects.count() == 1


def test_two_bills_of_one_person_are_settled_one_after_the_other(
    world: World, township: House, resident: Person
) -> None:
    """Both eat of the same year: together they get what the year has, not twice."""
    bills = [
        posted(township, resident, kind="outpatient", days=0, day=n, bill=lines(100))
        for n in range(8)
    ]
    done = _both(*(lambda b=bill: settle(SYSTEM, b.id) for bill in bills))
    assert _refused(done) == []
    live = Settlement.objects.live()
    assert sum(row.basic_pay for row in live) == 400
    assert list(check_all()) == []


def test_the_same_form_sent_twice_at_once(
    world: World, township: House, resident: Person
) -> None:
    key, facts = new_id(), facts_of(resident, institution_id=township.id)
    done = _both(
        lambda: post_bill(SYSTEM, key=key, facts=facts),
        lambda: post_bill(SYSTEM, key=key, facts=facts),
    )
    assert len({bill.id for bill in done}) == 1
    assert Bill.objects.count() == 1


def test_one_number_from_two_forms_at_once(
    world: World, township: House, resident: Person
) -> None:
    facts = facts_of(resident, institution_id=township.id)
    done = _both(
        lambda: post_bill(SYSTEM, key=new_id(), facts=facts),
        lambda: post_bill(SYSTEM, key=new_id(), facts=facts),
    )
    assert len(_refused(done)) == 1
    assert Bill.objects.count() == 1


def test_void_against_settling_a_later_bill(
    world: World, township: House, resident: Person
) -> None:
    first = settled(township, resident)
    later = posted(township, resident, day=30)
    done = _both(
        lambda: void(world.clerk, first.id, reason="录错"),
        lambda: settle(world.second, later.id),
    )
    assert _refused(done) == []
    [row] = Settlement.objects.live()
    assert row.bill_id == later.id
    assert list(check_all()) == []


def test_two_voids_at_once(world: World, township: House, resident: Person) -> None:
    row = settled(township, resident)
    done = _both(
        lambda: void(world.clerk, row.id, reason="录错"),
        lambda: void(world.second, row.id, reason="录错"),
    )
    assert len(_refused(done)) == 1
    assert Settlement.objects.filter(entry="reversal").count() == 1


def test_two_appeals_at_once(world: World, tertiary: House, resident: Person) -> None:
    row = settled(tertiary, resident)
    told = Evidence(reason="转诊单未关联")
    house = world.finance[tertiary.id]
    done = _both(
        lambda: appeal(house, row.bill_id, key=new_id(), evidence=told),
        lambda: appeal(world.clerk, row.bill_id, key=new_id(), evidence=told),
    )
    assert len(_refused(done)) == 1
    assert Filing.objects.count() == 1


def test_killed_before_the_end_nothing_is_booked(
    world: World, township: House, resident: Person
) -> None:
    """The database ends the connection after everything was written and before the
    commit, as a kill -9 would."""
    bill = posted(township, resident)
    before = AuditEntry.objects.count(), OutboxMessage.objects.count()
    with pytest.raises((OperationalError, InterfaceError)):
        _settle_and_die(world, bill)
    connection.close()
    assert Settlement.objects.count() == Decision.objects.count() == 0
    assert Bill.objects.get(id=bill.id).settled_at is None
    assert (AuditEntry.objects.count(), OutboxMessage.objects.count()) == before
    settle(world.clerk, bill.id)
    assert list(check_all()) == []


@transaction.atomic
def _settle_and_die(world: World, bill: Bill) -> None:
    settle(world.clerk, bill.id)
    assert Settlement.objects.count() == 1
    _kill_this_connection()


def _kill_this_connection() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    told = connection.get_connection_params()
    names = ("host", "port", "user", "password", "dbname")
    ours = {name: told[name] for name in names if name in told}
    with psycopg.connect(**ours, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [pid])


def test_a_clerk_and_the_worker_on_one_bill(
    world: World, township: House, resident: Person
) -> None:
    let(world, "visits")
    bill = posted(township, resident, kind="outpatient", days=0, bill=lines(100))
    done = _both(lambda: settle(world.clerk, bill.id), lambda: settle_itself(bill.id))
    assert len(_refused(done)) + done.count(None) == 1
    assert Settlement.objects.count() == 1
    assert Held.objects.count() == 0
    assert list(check_all()) == []


def test_killed_while_it_settles_itself_the_event_is_delivered_again(
    world: World, township: House, resident: Person
) -> None:
    let(world, "visits")
    bill = posted(township, resident, kind="outpatient", days=0, bill=lines(100))
    let_others_finish()
    dispatch()
    [delivery] = Delivery.objects.filter(message__kind="BillPosted")
    with pytest.raises((OperationalError, InterfaceError)):
        _deliver_and_die(delivery)
    connection.close()
    assert Settlement.objects.count() == 0
    assert Bill.objects.get(id=bill.id).settles_itself
    attempt(delivery.id, tries=2)
    attempt(delivery.id, tries=3)
    assert Settlement.objects.get().bill_id == bill.id
    assert list(check_all()) == []


@transaction.atomic
def _deliver_and_die(delivery: Delivery) -> None:
    attempt(delivery.id, tries=1)
    assert Settlement.objects.count() == 1
    _kill_this_connection()
