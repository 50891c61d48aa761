"""Events reach every listener once, in order, whatever fails."""

import json
import logging
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import psycopg
import pytest
from django.db import connection, transaction
from procrastinate.contrib.django.models import ProcrastinateJob

from yilian.config.runtime.testdb import urls_for
from yilian.foundation.access.actor import Actor, Reach, Role
from yilian.foundation.audit.models import AuditEntry
from yilian.foundation.outbox import services
from yilian.foundation.outbox.deliver import pause_after
from yilian.foundation.outbox.models import Delivery, OutboxMessage
from yilian.foundation.outbox.rules import LANES, MOST_TRIES
from yilian.foundation.outbox.tests.conftest import dispatch
from yilian.foundation.outbox.tests.events import (
    DESK,
    HANDLED,
    LEFT,
    READ,
    Happened,
    everything,
)
from yilian.foundation.tests.stage import let_others_finish
from yilian.kernel.errors import Conflict, NotPermitted
from yilian.kernel.event import Event
from yilian.kernel.ids import new_id

pytestmark = pytest.mark.django_db(transaction=True)
Work = Callable[[], None]


@pytest.fixture
def admin() -> Actor:
    return Actor(new_id(), Reach.INSTITUTION, frozenset({Role.SYSTEM_ADMIN}), "马工")


@pytest.fixture
def owner() -> Iterator[psycopg.Connection]:
    """A second connection, beside the one of the test."""
    with psycopg.connect(urls_for(os.environ["YILIAN_TEST_DATABASE"]).owner) as other:
        yield other


def numbers_done() -> list[int]:
    rows = AuditEntry.objects.filter(action="test.done").order_by("xid", "id")
    return [row.detail["n"] for row in rows]


def test_an_event_of_a_transaction_rolled_back_never_happened() -> None:
    with transaction.atomic():
        services.publish(Happened(1))
        transaction.set_rollback(True)
    assert dispatch() == 0


def test_each_listener_gets_the_event_once(work: Work) -> None:
    services.publish(Happened(1))
    assert dispatch() == 1
    assert dispatch() == 0
    work()
    assert numbers_done() == [1]
    states = Delivery.objects.values_list("handler", "state").order_by("handler")
    assert [(name.rpartition(".")[2], state) for name, state in states] == [
        ("look_on", "done"),
        ("write_down", "done"),
    ]


@pytest.mark.parametrize(
    ("found", "seconds"),
    [
        pytest.param(0, 0.1, id="nothing to do"),
        pytest.param(7, 0.1, id="as they come"),
        pytest.param(8, 0.4, id="many: the next are gathered"),
        pytest.param(services.BATCH, 0.0, id="more wait already"),
    ],
)
def test_how_soon_the_deliverer_looks_again(found: int, seconds: float) -> None:
    assert pause_after(found) == seconds


def test_an_event_without_listeners_is_only_marked() -> None:
    services.publish(everything())
    dispatch()
    assert OutboxMessage.objects.get().dispatched_at is not None
    assert not Delivery.objects.exists()


def test_events_behind_a_running_transaction_wait_for_it(
    owner: psycopg.Connection,
) -> None:
    owner.execute("SELECT pg_current_xact_id()")  # began before, commits later
    services.publish(Happened(1))
    assert services.dispatch() == 0
    owner.rollback()
    assert dispatch() == 1


def test_two_deliverers_at_once_dispatch_every_event_once() -> None:
    for number in range(30):
        services.publish(Happened(number))
    let_others_finish()

    def deliver(_n: int) -> int:
        try:
            return services.dispatch()
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        counted = sum(pool.map(deliver, range(6)))
    assert counted == 30
    assert Delivery.objects.count() == 60


def test_events_about_one_person_are_handled_in_the_order_of_announcement(
    work: Work,
) -> None:
    person = new_id()
    with transaction.atomic():
        for number in range(20):
            services.publish(Happened(number), person_id=person)
    dispatch()
    HANDLED.clear()
    work()
    assert list(range(20)) == HANDLED
    assert len(numbers_done()) == 20


def test_events_about_persons_go_many_in_one_transaction(work: Work) -> None:
    for number in range(30):
        services.publish(Happened(number), person_id=new_id())
    dispatch()
    together = ProcrastinateJob.objects.filter(task_name=services.DELIVER_TOGETHER)
    assert together.count() <= LANES + 60 // services.TOGETHER
    work()
    assert sorted(numbers_done()) == list(range(30))
    transactions = AuditEntry.objects.filter(action="test.done").values("xid")
    assert transactions.distinct().count() <= LANES + 60 // services.TOGETHER


def test_what_the_listeners_of_one_event_look_at_is_read_once(work: Work) -> None:
    person = new_id()
    for number in (1, 2):
        services.publish(Happened(number), person_id=person)
    services.publish(Happened(3))  # about nobody: each listener in a job of its own
    dispatch()
    READ.clear()
    work()
    assert sorted(READ) == [1, 2, 3, 3]


def test_what_listeners_leave_to_the_end_is_done_once_for_all(work: Work) -> None:
    LEFT.clear()
    for number in (1, 2, 3):
        services.publish(Happened(number), person_id=UUID(int=number * LANES))
    services.publish(Happened(4))  # about nobody: by itself
    dispatch()
    work()
    assert sorted(LEFT) == [[1, 2, 3], [4]]


def test_what_was_left_by_events_that_failed_is_not_done() -> None:
    LEFT.clear()
    services.publish(Happened(1), person_id=UUID(int=LANES))
    services.publish(Happened(2, "fails"), person_id=UUID(int=2 * LANES))
    dispatch()
    _deliver_lane()
    assert LEFT == []


def test_one_that_fails_among_many_leaves_the_others_unharmed(work: Work) -> None:
    sick = UUID(int=LANES)
    services.publish(Happened(1), person_id=UUID(int=2 * LANES))  # of the same lane
    services.publish(Happened(2, "fails"), person_id=sick)
    services.publish(Happened(3), person_id=UUID(int=3 * LANES))
    dispatch()
    _deliver_lane()
    assert not AuditEntry.objects.exists()
    apart = ProcrastinateJob.objects.filter(task_name=services.DELIVER, status="todo")
    assert apart.count() == 6
    assert apart.filter(lock=str(sick)).count() == 2

    failing = Delivery.objects.get(
        message__person_id=sick, handler__endswith="write_down"
    )
    services.attempt(failing.id, tries=MOST_TRIES)
    work()
    assert sorted(numbers_done()) == [1, 3]
    assert not Delivery.objects.filter(state="waiting").exists()


def test_what_follows_a_failure_about_a_person_waits_behind_it(work: Work) -> None:
    sick, well = UUID(int=LANES), UUID(int=2 * LANES)
    services.publish(Happened(1, "fails"), person_id=sick)
    dispatch()
    _deliver_lane()  # from here on it is attempted by itself
    services.publish(Happened(2), person_id=sick)
    services.publish(Happened(3), person_id=well)
    dispatch()
    _deliver_lane()
    assert numbers_done() == [3]

    failing = Delivery.objects.filter(handler__endswith="write_down").earliest("id")
    services.give_up(failing.id)
    work()
    assert numbers_done() == [3, 2]


def test_after_a_worker_died_over_many_each_is_attempted_by_itself(work: Work) -> None:
    services.publish(Happened(1), person_id=UUID(int=1))
    dispatch()
    ids = list(Delivery.objects.order_by("id").values_list("id", flat=True))
    services.attempt_together(ids, is_first=False)
    assert not AuditEntry.objects.exists()
    apart = ProcrastinateJob.objects.filter(task_name=services.DELIVER)
    assert set(apart.values_list("lock", flat=True)) == {str(UUID(int=1))}
    work()
    assert numbers_done() == [1]


def test_open_pages_are_woken_by_the_deliverer(owner: psycopg.Connection) -> None:
    owner.autocommit = True
    owner.execute("LISTEN yilian_live")
    services.publish(Happened(5))
    dispatch()
    heard = next(owner.notifies(timeout=5))
    assert json.loads(heard.payload) == {
        "topic": "referral",
        "institution": str(DESK),
        "account": None,
        "urgency": "routine",
        "cause": "5",
    }


def test_a_handler_that_fails_is_tried_again_and_then_dead() -> None:
    services.publish(Happened(1, "fails"))
    dispatch()
    delivery = Delivery.objects.get(handler__endswith="write_down")

    with pytest.raises(services.NotDelivered):
        services.attempt(delivery.id, tries=1)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.tries) == ("waiting", 1)

    services.attempt(delivery.id, tries=MOST_TRIES)
    delivery.refresh_from_db()
    assert delivery.state == "dead"


def test_a_failure_is_logged_without_what_the_error_says(
    caplog: pytest.LogCaptureFixture,
) -> None:
    services.publish(Happened(1, "fails"))
    dispatch()
    delivery = Delivery.objects.get(handler__endswith="write_down")
    with caplog.at_level(logging.ERROR), pytest.raises(services.NotDelivered):
        services.attempt(delivery.id, tries=1)
    delivery.refresh_from_db()
    assert delivery.last_error.startswith("ValueError foundation/outbox/tests/events")
    assert "write_down" in caplog.text
    assert "张三" not in caplog.text + delivery.last_error


def test_a_delivery_that_is_done_stays_done() -> None:
    services.publish(Happened(1))
    dispatch()
    delivery = Delivery.objects.get(handler__endswith="write_down")
    services.attempt(delivery.id, tries=1)
    services.attempt(delivery.id, tries=2)
    assert numbers_done() == [1]


def test_a_dead_letter_is_sent_again_by_the_system_administrator(
    admin: Actor, work: Work
) -> None:
    delivery = _dead_letter()
    services.resend(admin, delivery.id)
    work()
    delivery.refresh_from_db()
    assert delivery.state == "done"
    assert AuditEntry.objects.filter(action="outbox.resend").count() == 1
    with pytest.raises(Conflict):
        services.resend(admin, delivery.id)


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.SYSTEM_ADMIN}))
def test_nobody_else_may_send_a_dead_letter_again(role: Role) -> None:
    other = Actor(new_id(), Reach.INSTITUTION, frozenset({role}))
    with pytest.raises(NotPermitted):
        services.resend(other, _dead_letter().id)


def test_an_event_nobody_knows_any_more_does_not_hold_up_the_next() -> None:
    class Forgotten(Event):
        pass

    OutboxMessage.objects.create(kind="Forgotten", body={})
    services.publish(Happened(1))
    assert dispatch() == 2
    assert Delivery.objects.filter(state="dead").count() == 1
    assert Delivery.objects.filter(state="waiting").count() == 2


def test_waiting_events_are_found_by_their_index() -> None:
    OutboxMessage.objects.bulk_create(
        OutboxMessage(kind="Everything", body={}, dispatched_at="2026-01-01T00:00Z")
        for _n in range(3000)
    )
    services.publish(everything())
    with connection.cursor() as cursor:
        cursor.execute(
            "EXPLAIN SELECT * FROM outbox_outboxmessage WHERE dispatched_at IS NULL"
            " AND xid < yilian_transactions_ended()"
            " ORDER BY xid, id LIMIT 200"
        )
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "outbox_waiting" in plan
    assert "Seq Scan" not in plan


def test_jobs_leave_the_queue_when_done(work: Work) -> None:
    services.publish(Happened(1))
    dispatch()
    deliveries = ProcrastinateJob.objects.filter(task_name=services.DELIVER)
    assert deliveries.count() == 2
    work()
    assert not deliveries.exists()


def _deliver_lane() -> None:
    """What the queue holds for the one lane of these tests."""
    for job in ProcrastinateJob.objects.filter(task_name=services.DELIVER_TOGETHER):
        told = [UUID(one) for one in job.args["delivery_ids"]]
        services.attempt_together(told, is_first=True)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT procrastinate_finish_job_v1(%s, 'succeeded', true)", [job.id]
            )


def _dead_letter() -> Delivery:
    services.publish(Happened(1))
    dispatch()
    delivery = Delivery.objects.get(handler__endswith="write_down")
    services.give_up(delivery.id)
    return delivery
