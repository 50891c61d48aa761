"""The worker is killed between event and delivery: nothing lost, nothing twice."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import pytest
from django.db import connection

from yilian.config.runtime.testdb import urls_for
from yilian.foundation.audit.models import AuditEntry
from yilian.foundation.jobs.services import rescue_stalled
from yilian.foundation.outbox import services
from yilian.foundation.outbox.models import Delivery
from yilian.foundation.outbox.tests.conftest import dispatch
from yilian.foundation.outbox.tests.events import IN_THE_MIDDLE, Happened

pytestmark = pytest.mark.django_db(transaction=True)

PATIENCE: Final = 40
HERE: Final = "yilian.foundation.outbox.tests.events"
PROGRAM: Final = """
import django
from django.conf import settings
settings.YILIAN_SUBSCRIPTIONS = "{here}.SUBSCRIPTIONS"
settings.YILIAN_LIVE_NOTICES = "{here}.LIVE"
django.setup()
{then}
"""
WORK: Final = """
from django.core.management import call_command
call_command("procrastinate", "worker")
"""
DELIVER: Final = """
from yilian.foundation.outbox.deliver import run_forever
run_forever()
"""


@contextmanager
def process(then: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    urls = urls_for(os.environ["YILIAN_TEST_DATABASE"])
    program = PROGRAM.format(here=HERE, then=then)
    child = subprocess.Popen(  # noqa: S603 our own program
        [sys.executable, "-c", program],
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "yilian.config.settings",
            "DATABASE_URL": urls.app,
            **environment,
        },
    )
    try:
        yield child
    finally:
        child.kill()
        child.wait()


def wait_for(is_so: Callable[[], bool]) -> None:
    give_up_at = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < give_up_at, "it did not happen"
        time.sleep(0.1)


def begun() -> bool:
    """The handler is in the middle: its row cannot be seen yet, its lock can."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = %s"
            " AND database = (SELECT oid FROM pg_database"
            " WHERE datname = current_database())",
            [IN_THE_MIDDLE],
        )
        return bool(cursor.fetchone()[0])


def age_heartbeats() -> None:
    """As if ten seconds had passed in silence."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE procrastinate_workers SET last_heartbeat = now() - interval '11 s'"
        )


def test_a_worker_killed_in_a_handler_loses_nothing_and_does_nothing_twice() -> None:
    services.publish(Happened(1, "slow"))
    dispatch()
    with process(WORK, SLOW="1") as worker:
        wait_for(begun)
        worker.kill()
        worker.wait()
    assert not AuditEntry.objects.exists()  # half a handler left nothing

    age_heartbeats()
    assert rescue_stalled() >= 1
    with process(WORK):
        wait_for(lambda: not Delivery.objects.filter(state="waiting").exists())
    assert Delivery.objects.filter(state="done").count() == 2
    assert AuditEntry.objects.filter(action="test.done").count() == 1


def test_the_deliverer_and_the_worker_carry_events_and_survive_a_kill() -> None:
    services.publish(Happened(1))
    with process(DELIVER) as deliverer:
        wait_for(lambda: Delivery.objects.count() == 2)
        deliverer.kill()
    services.publish(Happened(2))
    with process(DELIVER) as deliverer, process(WORK):
        wait_for(lambda: Delivery.objects.filter(state="done").count() == 4)
        deliverer.terminate()
        assert deliverer.wait(PATIENCE) == 0  # it stops when politely asked
    assert AuditEntry.objects.filter(action="test.done").count() == 2
