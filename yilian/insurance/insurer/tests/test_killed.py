"""kill -9 of the worker in the middle of sending: no cent lost, none booked twice."""

import signal
import time
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from yilian.insurance.insurer.models import Transaction
from yilian.insurance.insurer.services import handing, sending
from yilian.insurance.insurer.tests.conftest import Connect, deliver_all
from yilian.insurance.insurer.tests.peer import worker
from yilian.insurance.settlement.models import Settlement
from yilian.insurance.settlement.tests import world as region
from yilian.insurance.settlement.tests.world import visit

_BILLS = 12
_WORKER = """
from uuid import UUID
from django.conf import settings
settings.YILIAN_INSURER_URL = {url!r}
settings.YILIAN_INSURER_KEY_FILE = {key!r}
from yilian.insurance.insurer.services.sending import send_of
print("begins", flush=True)
send_of(UUID({person!r}))
"""


@pytest.mark.django_db(transaction=True)
def test_the_books_agree_after_the_worker_was_killed(connect: Connect) -> None:
    peer = connect("--fault", "slow", "--share", "1", "--delay", "0.15")
    world = region.make_world()
    for n in range(_BILLS):
        row = visit(world.care.village, world.resident, 20 + n, day=n)
        handing.hand_over(row.id)
    script = _WORKER.format(
        url=peer.url, key=str(peer.key), person=str(world.resident.id)
    )
    for booked in (3, 7):
        process = worker(script)
        assert process.stdout is not None
        process.stdout.readline()
        until = time.monotonic() + 20
        while len(peer.bookings()) < booked and time.monotonic() < until:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        stopped = Transaction.objects.filter(state="sent")
        assert stopped.count() == 1, "killed while it waited for the answer"
        stopped.update(sent_at=timezone.now() - timedelta(minutes=9))
        assert sending.recover() == 1
    deliver_all(rounds=_BILLS)
    assert set(Transaction.objects.values_list("state", flat=True)) == {"booked"}
    serials = [serial for serial, _kind, _fund in peer.bookings()]
    assert sorted(serials) == sorted(
        Settlement.objects.values_list("number", flat=True)
    )
    there = sum((fund for _s, _k, fund in peer.bookings()), Decimal(0))
    here = sum(
        (t - p for t, p in Settlement.objects.values_list("total", "patient_pay")),
        Decimal(0),
    )
    assert there == here != 0
