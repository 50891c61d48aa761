"""Only one may: two hands on the same row, on committed data; and a process killed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier
from typing import Any, Final

import pytest
from django.db import connection, transaction
from django.db.models import Sum
from django.utils import timezone

from yilian.config.runtime.testdb import urls_for
from yilian.insurance.clearing.models import ClosedPeriod, Entry, Posting
from yilian.insurance.clearing.models_statement import Statement
from yilian.insurance.clearing.rules.statement import Reason, State
from yilian.insurance.clearing.services import (
    closing,
    confirming,
    disputing,
    drawing,
    posting,
    slips,
)
from yilian.insurance.clearing.services.confirming import Payment
from yilian.insurance.clearing.services.disputing import Objection
from yilian.insurance.clearing.tests import world
from yilian.insurance.clearing.tests.world import LAST_MONTH, SYSTEM, THIS_MONTH, Books
from yilian.kernel.errors import DomainError
from yilian.kernel.ids import new_id

pytestmark = pytest.mark.django_db(transaction=True)

PATIENCE: Final = 40
EVENTS: Final = 400


@pytest.fixture
def books(transactional_db: None) -> Books:
    return world.make_books()


def _both(*acts: Callable[[], Any]) -> list[Any]:
    """Run at the same moment, each with its own connection; results or refusals."""
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


def _refused(results: list[Any]) -> list[DomainError]:
    return [result for result in results if isinstance(result, DomainError)]


def _books_balance() -> None:
    by_house = Posting.objects.values("entry", "account__institution")
    assert not by_house.annotate(total=Sum("amount")).exclude(total=0).exists()
    assert not Entry.objects.filter(postings=None).exists()


def test_the_same_event_at_once_is_one_entry(books: Books) -> None:
    event = new_id()
    act = lambda: world.posted(books, event=event)  # noqa: E731
    assert len(set(_both(act, act, act, act))) == 1
    assert Posting.objects.count() == 4


def test_a_slip_acknowledged_at_once_is_posted_once(books: Books) -> None:
    row = world.recorded(books)
    act = lambda: slips.acknowledge(books.township.finance, row.id)  # noqa: E731
    assert len(_refused(_both(act, act))) == 1
    assert Entry.objects.count() == 1


def test_acknowledging_and_withdrawing_at_once(books: Books) -> None:
    row = world.recorded(books)
    results = _both(
        lambda: slips.acknowledge(books.township.finance, row.id),
        lambda: slips.withdraw(books.county.finance, row.id, reason="错"),
    )
    assert len(_refused(results)) == 1
    row.refresh_from_db()
    assert Entry.objects.count() == (row.state == "acknowledged")


def test_reversing_at_once_is_one_red_entry(books: Books) -> None:
    entry = world.posted(books)
    act = lambda: posting.reverse(  # noqa: E731
        SYSTEM, event_kind="test", event_id=entry.event_id, reason="x"
    )
    assert len(set(_both(act, act))) == 1
    assert Entry.objects.count() == 2


def test_drawing_at_once_makes_each_statement_once(books: Books) -> None:
    world.posted(books)
    act = lambda: drawing.draw(SYSTEM, books.consortium.id, LAST_MONTH)  # noqa: E731
    assert sum(drawn.made for drawn in _both(act, act, act)) == 1


def test_confirming_and_disputing_at_once(books: Books) -> None:
    row = world.drawn(books)
    objection = Objection(Reason.NOT_DONE, "没有做")
    results = _both(
        lambda: confirming.confirm(books.county.finance, row.id, revision=0),
        lambda: disputing.dispute(
            books.township.finance, row.id, objection=objection, revision=0
        ),
    )
    assert len(_refused(results)) == 1
    row.refresh_from_db()
    assert row.state in (State.HALF_CONFIRMED, State.DISPUTED)
    assert row.revision == 1


def test_both_houses_sign_at_once(books: Books) -> None:
    row = world.drawn(books)
    results = _both(
        lambda: confirming.confirm(books.county.finance, row.id),
        lambda: confirming.confirm(books.township.finance, row.id),
    )
    assert _refused(results) == []
    row.refresh_from_db()
    assert row.state == State.CONFIRMED


def test_paying_twice_at_once_is_one_payment(books: Books) -> None:
    row = world.drawn(books)
    confirming.confirm(books.county.finance, row.id)
    confirming.confirm(books.township.finance, row.id)
    payment = Payment(voucher="2026-0001", paid_on=timezone.localdate())
    act = lambda: confirming.pay(  # noqa: E731
        books.township.finance, row.id, payment=payment
    )
    assert len(_refused(_both(act, act))) == 1
    assert Entry.objects.filter(kind="payment").count() == 1


def test_closing_waits_for_what_is_being_posted(books: Books) -> None:
    """Somebody is in the middle of posting into the month that is to be closed."""
    row = world.drawn(books)
    confirming.confirm(books.county.finance, row.id)
    confirming.confirm(books.township.finance, row.id)
    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        late = world.posted(books, debtor=books.second)  # of a pair not signed
        assert late.period == LAST_MONTH
        closed = pool.submit(_close, books)
        time.sleep(0.3)
        assert not closed.done()
    refused = closed.result(timeout=10)
    assert "没有出具" in str(refused)  # it has seen what was posted meanwhile
    assert not ClosedPeriod.objects.exists()


def test_posting_waits_for_a_month_that_is_being_closed(books: Books) -> None:
    row = world.drawn(books)
    confirming.confirm(books.county.finance, row.id)
    confirming.confirm(books.township.finance, row.id)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            closing.close(books.county.office, books.consortium.id, LAST_MONTH)
            late = pool.submit(_post_elsewhere, books)
            time.sleep(0.3)
            assert not late.done()
        assert late.result(timeout=10) == THIS_MONTH


def test_closing_and_posting_at_once_lose_no_fen(books: Books) -> None:
    row = world.drawn(books)
    confirming.confirm(books.county.finance, row.id)
    confirming.confirm(books.township.finance, row.id)
    posts = [lambda: _post_elsewhere(books)] * 4
    _both(lambda: closing.close(books.county.office, books.consortium.id, LAST_MONTH),
          *posts)  # fmt: skip
    assert Entry.objects.filter(statement=None).count() == 5
    is_closed = ClosedPeriod.objects.exists()
    beyond = Entry.objects.filter(period=THIS_MONTH).count()
    if is_closed:
        assert beyond == 4
    _books_balance()


def _close(books: Books) -> object:
    try:
        return closing.close(books.county.office, books.consortium.id, LAST_MONTH)
    except DomainError as refused:
        return refused
    finally:
        connection.close()


def _post_elsewhere(books: Books) -> date:
    try:
        return world.posted(books, debtor=books.second).period
    finally:
        connection.close()


# --- killed in the middle -----------------------------------------------------

PROGRAM: Final = """
import django, sys
django.setup()
from uuid import UUID, uuid5
from yilian.insurance.clearing.tests import world
from yilian.foundation.access.actor import system_actor
from yilian.insurance.clearing.rules.ledger import owed
from yilian.insurance.clearing.services.posting import post
from datetime import date
creditor, debtor, day, count = sys.argv[1:]
for number in range(int(count)):
    post(
        system_actor("run"), event_kind="run",
        event_id=uuid5(UUID(int=0), str(number)), day=date.fromisoformat(day),
        lines=owed(UUID(creditor), UUID(debtor), number + 1), text="x",
        clause="RI-11",
    )
"""


def _run(books: Books) -> subprocess.Popen[bytes]:
    told = [str(books.county.id), str(books.township.id), LAST_MONTH.isoformat()]
    return subprocess.Popen(  # noqa: S603 our own program
        [sys.executable, "-c", PROGRAM, *told, str(EVENTS)],
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "yilian.config.settings",
            "DATABASE_URL": urls_for(os.environ["YILIAN_TEST_DATABASE"]).app,
        },
    )


def test_a_posting_run_killed_in_the_middle_leaves_books_that_balance(
    books: Books,
) -> None:
    child = _run(books)
    give_up_at = time.monotonic() + PATIENCE
    while Entry.objects.count() < EVENTS // 10:
        assert time.monotonic() < give_up_at, "it did not begin"
        assert child.poll() is None, "it ended by itself"
        time.sleep(0.01)
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert 0 < Entry.objects.count() < EVENTS
    _books_balance()
    assert _run(books).wait(timeout=PATIENCE) == 0  # taken up again from the start
    assert Entry.objects.count() == EVENTS
    _books_balance()
    total = EVENTS * (EVENTS + 1) // 2
    claim = Posting.objects.filter(account__kind="receivable").aggregate(
        all=Sum("amount")
    )
    assert claim["all"] * 100 == total
    assert Statement.objects.count() == 0
