"""The wire is crowded: the same message many times at once, a database that is away."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection, transaction

from yilian.care.referral.models import Referral
from yilian.care.referral.tests.world import World
from yilian.foundation.audit.models import AuditEntry
from yilian.interfaces.exchange.hl7v2 import message as hl7
from yilian.interfaces.exchange.intake.models import Feed, Received
from yilian.interfaces.exchange.intake.rules import State
from yilian.interfaces.exchange.intake.services import mending
from yilian.interfaces.exchange.intake.services.desk import Desk
from yilian.interfaces.exchange.intake.tests.world import kept, letter
from yilian.kernel.errors import Conflict

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*acts: Callable[[], Any]) -> list[Any]:
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


def test_one_message_sent_many_times_at_once_is_one_referral(
    world: World, feed: Feed
) -> None:
    raw = letter(world).encode()
    answers = at_once(*[lambda: Desk().take(raw, "10.1.2.3")] * 6)

    assert len(set(answers)) == 1
    assert b"MSA|AA|M1" in answers[0]
    assert Referral.objects.count() == Received.objects.count() == 1
    assert AuditEntry.objects.filter(action="exchange.receive").count() == 1


def test_two_desks_mend_one_message_at_once(world: World, feed: Feed) -> None:
    Desk().take(letter(world, to="XIAN-01").encode(), "10.1.2.3")
    row = kept()

    def choose() -> Received:
        return mending.choose_receiver(
            world.township.desk,
            row.id,
            institution_id=world.county.id,
            revision=row.revision,
        )

    results = at_once(choose, choose)
    assert sum(isinstance(one, Conflict) for one in results) == 1
    assert Referral.objects.count() == 1


def test_a_cancellation_beside_the_mending_is_never_lost(
    world: World, feed: Feed
) -> None:
    Desk().take(letter(world, to="XIAN-01").encode(), "10.1.2.3")
    row = kept()
    cancel = letter(world, kind="REF^I14", control_id="M2").encode()
    at_once(
        lambda: mending.choose_receiver(
            world.township.desk, row.id, institution_id=world.county.id
        ),
        lambda: Desk().take(cancel, "10.1.2.3"),
    )
    assert kept("M2").state == State.DONE
    assert Referral.objects.get().state == "withdrawn"


def test_where_the_database_gives_up_the_sender_is_asked_to_send_again(
    world: World, feed: Feed
) -> None:
    raw = letter(world).encode()

    def impatient() -> bytes:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '100ms'")
        return Desk().take(raw, "10.1.2.3")

    with transaction.atomic(), connection.cursor() as cursor:
        # Somebody else holds this very message.
        name = f"exchange:message:{feed.id}|M1"
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 26))", [name])
        (first,) = at_once(impatient)
    answer = hl7.parse(first.decode())
    assert answer.first("MSA").value(1) == "AE"
    assert answer.first("ERR").value(3) == "207"
    assert not Received.objects.exists()
    assert b"MSA|AA" in Desk().take(raw, "10.1.2.3")
