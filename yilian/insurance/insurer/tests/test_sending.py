"""Settlements on their way to the insurer, and all that can happen on it."""

import time
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from yilian.care.referral.tests.world import Place as House
from yilian.foundation.outbox.models import OutboxMessage
from yilian.foundation.outbox.rules import from_body
from yilian.insurance.insurer.handlers import tell_insurer
from yilian.insurance.insurer.models import Line, Transaction, TransactionStep
from yilian.insurance.insurer.rules.states import Fault, State
from yilian.insurance.insurer.services import handing, sending
from yilian.insurance.insurer.tests.conftest import Connect, deliver_all
from yilian.insurance.insurer.tests.peer import Peer
from yilian.insurance.settlement.events import BillSettled, Booked, SettlementReversed
from yilian.insurance.settlement.models import Settlement
from yilian.insurance.settlement.services import void
from yilian.insurance.settlement.tests.world import (
    SYSTEM,
    World,
    settled,
    visit,
)
from yilian.kernel.errors import Conflict, NotFound, NotPermitted
from yilian.registry.population.models import Person

pytestmark = pytest.mark.django_db
KINDS: dict[str, type[Booked]] = {
    "BillSettled": BillSettled,
    "SettlementReversed": SettlementReversed,
}


def hand_over_all() -> None:
    """As the deliverer does, each event twice: it is delivered at least once."""
    for message in OutboxMessage.objects.filter(kind__in=KINDS).order_by("id"):
        event: Booked = from_body(KINDS[message.kind], message.body)
        tell_insurer(event)
        tell_insurer(event)


def states() -> list[str]:
    return list(
        Transaction.objects.order_by("sequence", "attempt").values_list(
            "state", flat=True
        )
    )


def funds_here() -> Decimal:
    rows = Settlement.objects.values_list("total", "patient_pay")
    return sum((total - patient for total, patient in rows), Decimal(0))


def funds_there(peer: Peer) -> Decimal:
    return sum((fund for _serial, _kind, fund in peer.bookings()), Decimal(0))


def test_without_an_address_nothing_is_sent_and_nothing_waits(
    township: House, resident: Person
) -> None:
    settled(township, resident)
    hand_over_all()
    assert not Transaction.objects.exists()
    assert sending.send_due() == 0


def test_a_settlement_is_booked_once_under_its_number(
    connect: Connect, township: House, resident: Person
) -> None:
    peer = connect()
    row = settled(township, resident)
    hand_over_all()
    deliver_all()
    [booked] = Transaction.objects.all()
    assert (booked.state, booked.serial) == (State.BOOKED, row.number)
    assert booked.reference.startswith("YB")
    assert peer.bookings() == [(row.number, "book", row.total - row.patient_pay)]
    steps = booked.steps.order_by("at").values_list("step", flat=True)
    assert list(steps) == ["send", "book"]


def test_a_red_entry_follows_what_it_takes_back(
    connect: Connect, township: House, resident: Person
) -> None:
    peer = connect()
    row = settled(township, resident)
    void(SYSTEM, row.id, reason="录入有误")
    hand_over_all()
    deliver_all()
    assert states() == ["reversed", "booked"]
    assert [kind for _serial, kind, _fund in peer.bookings()] == ["book", "reverse"]
    assert funds_there(peer) == 0


def test_a_time_out_after_it_booked_is_asked_about_and_not_booked_again(
    connect: Connect, township: House, resident: Person
) -> None:
    peer = connect(
        "--fault", "timeout-after-booking", "--share", "1", "--hold", "2",
        patience=0.3,
    )  # fmt: skip
    row = settled(township, resident)
    hand_over_all()
    sending.send_of(resident.id)
    [waiting] = Transaction.objects.all()
    assert (waiting.state, waiting.fault) == (State.UNKNOWN, Fault.TIMED_OUT)
    assert waiting.unknown_since is not None
    peer.stop()
    peer = connect()  # the same book, on a better day
    deliver_all()
    waiting.refresh_from_db()
    assert waiting.state == State.BOOKED
    assert [serial for serial, _k, _f in peer.bookings()] == [row.number]
    assert list(waiting.steps.order_by("at").values_list("step", flat=True)) == [
        "send", "lose", "book",
    ]  # fmt: skip


def test_what_never_arrived_goes_out_again_under_the_same_number(
    connect: Connect, township: House, resident: Person, settings: object
) -> None:
    peer = connect()
    row = settled(township, resident)
    hand_over_all()
    address = settings.YILIAN_INSURER_URL  # type: ignore[attr-defined]
    settings.YILIAN_INSURER_URL = "http://127.0.0.1:9"  # type: ignore[attr-defined]
    assert sending.send_of(resident.id) == 1
    [waiting] = Transaction.objects.all()
    assert (waiting.state, waiting.fault) == (State.QUEUED, Fault.NOT_REACHED)
    line = Line.objects.get()
    assert line.not_before is not None
    assert line.not_before > timezone.now()
    waiting.due_at = timezone.now()
    waiting.save(update_fields=["due_at"])
    assert sending.send_of(resident.id) == 0, "the line rests"
    settings.YILIAN_INSURER_URL = address  # type: ignore[attr-defined]
    deliver_all()
    assert [serial for serial, _k, _f in peer.bookings()] == [row.number]
    assert Line.objects.get().failures == 0


def test_an_answer_with_a_wrong_signature_is_not_believed(
    connect: Connect, township: House, resident: Person
) -> None:
    connect("--fault", "bad-signature", "--share", "1")
    settled(township, resident)
    hand_over_all()
    sending.send_of(resident.id)
    [row] = Transaction.objects.all()
    assert (row.state, row.fault) == (State.UNKNOWN, Fault.THEIR_SIGNATURE)
    peer = connect()
    deliver_all()
    assert states() == ["booked"]
    assert len(peer.bookings()) == 1


def test_a_key_they_do_not_know_books_nothing(
    connect: Connect,
    township: House,
    resident: Person,
    settings: object,
    tmp_path: Path,
) -> None:
    peer = connect()
    other = tmp_path / "other"
    other.write_text("ab" * 32)
    settings.YILIAN_INSURER_KEY_FILE = str(other)  # type: ignore[attr-defined]
    settled(township, resident)
    hand_over_all()
    sending.send_of(resident.id)
    assert Transaction.objects.get().state == State.UNKNOWN
    assert peer.bookings() == []
    settings.YILIAN_INSURER_KEY_FILE = str(peer.key)  # type: ignore[attr-defined]
    deliver_all()
    assert len(peer.bookings()) == 1


def test_a_clock_that_is_off_books_nothing_and_is_said(
    connect: Connect,
    township: House,
    resident: Person,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    peer = connect()
    settled(township, resident)
    hand_over_all()
    real = time.time
    monkeypatch.setattr(
        "yilian.insurance.insurer.http.time.time", lambda: real() - 3600
    )
    sending.send_of(resident.id)
    [row] = Transaction.objects.all()
    assert (row.state, row.fault) == (State.QUEUED, Fault.CLOCK)
    assert Line.objects.get().fault == Fault.CLOCK
    assert peer.bookings() == []
    monkeypatch.undo()


def test_what_is_refused_goes_again_under_a_new_number_and_only_once(
    connect: Connect, world: World, township: House, resident: Person
) -> None:
    connect("--fault", "refuse", "--share", "1")
    row = settled(township, resident)
    hand_over_all()
    deliver_all()
    [refused] = Transaction.objects.all()
    assert (refused.state, refused.code) == (State.REFUSED, "not-allowed")
    peer = connect()
    again = sending.resend(world.clerk, refused.id)
    assert again.serial == f"{row.number}-2"
    with pytest.raises(Conflict):
        sending.resend(world.clerk, refused.id)
    deliver_all()
    assert states() == ["refused", "booked"]
    assert [serial for serial, _k, _f in peer.bookings()] == [again.serial]


def test_a_red_entry_of_what_was_refused_is_not_sent(
    connect: Connect, township: House, resident: Person
) -> None:
    peer = connect("--fault", "refuse", "--share", "1")
    row = settled(township, resident)
    hand_over_all()
    deliver_all()
    void(SYSTEM, row.id, reason="录入有误")
    hand_over_all()
    deliver_all()
    assert states() == ["refused", "needless"]
    assert peer.bookings() == []


def test_what_was_sent_by_a_worker_that_died_is_asked_about(
    connect: Connect, township: House, resident: Person
) -> None:
    peer = connect()
    settled(township, resident)
    hand_over_all()
    row = sending._claimed(resident.id)  # and then it died
    assert row is not None
    assert sending.recover() == 0, "perhaps it is still being answered"
    Transaction.objects.update(sent_at=timezone.now() - timedelta(minutes=5))
    assert sending.recover() == 1
    row.refresh_from_db()
    assert (row.state, row.fault) == (State.UNKNOWN, Fault.STOPPED)
    deliver_all()
    assert states() == ["booked"]
    assert len(peer.bookings()) == 1


def test_everything_wrong_at_once_and_the_books_agree_to_the_fen(
    connect: Connect, village: House, township: House, county: House, resident: Person
) -> None:
    peer = connect(
        "--fault", "timeout-after-booking", "--fault", "duplicate",
        "--fault", "bad-signature", "--fault", "slow", "--share", "0.6",
        "--hold", "0.3", "--delay", "0.5", "--seed", "7", patience=0.2,
    )  # fmt: skip
    rows = [settled(township, resident), settled(county, resident, day=20)]
    rows += [visit(village, resident, 33 + n, day=40 + n) for n in range(8)]
    void(SYSTEM, rows[0].id, reason="录入有误")
    void(SYSTEM, rows[4].id, reason="录入有误")
    hand_over_all()
    deliver_all(rounds=40)
    assert set(states()) <= {"booked", "reversed"}
    assert funds_there(peer) == funds_here() != 0
    serials = [serial for serial, _kind, _fund in peer.bookings()]
    assert len(serials) == len(set(serials)) == Settlement.objects.count()
    assert TransactionStep.objects.filter(step="lose").exists(), "nothing went wrong"


def test_what_the_events_missed_is_collected(
    connect: Connect, township: House, resident: Person
) -> None:
    connect()
    handing.open_line()
    row = settled(township, resident)
    assert handing.collect() == 0, "its event may still be under way"
    Line.objects.update(opened_on=row.booked_on)
    late = timezone.now() + timedelta(hours=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(timezone, "now", lambda: late)
        assert handing.collect() == 1
        assert handing.collect() == 0


def test_the_database_lets_no_state_jump_and_no_fact_change(
    connect: Connect, township: House, resident: Person
) -> None:
    connect()
    settled(township, resident)
    hand_over_all()
    rows = Transaction.objects.all()
    for wrong in ({"state": "booked", "reference": "X"}, {"total": 0}):
        with pytest.raises(DatabaseError), transaction.atomic():
            rows.update(**wrong)
    with pytest.raises(DatabaseError), transaction.atomic():
        TransactionStep.objects.update(step="send")
    with pytest.raises(DatabaseError), transaction.atomic():
        rows.delete()


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        ("clerk", None),
        ("elsewhere", NotFound),
        ("finance", NotPermitted),
        ("physician", NotFound),
    ],
)
def test_who_may_send_again(
    who: str,
    expected: type[Exception] | None,
    connect: Connect,
    world: World,
    township: House,
    resident: Person,
) -> None:
    connect("--fault", "refuse", "--share", "1")
    settled(township, resident)
    hand_over_all()
    deliver_all()
    row = Transaction.objects.get()
    actors = {
        "clerk": world.clerk,
        "elsewhere": world.elsewhere,
        "finance": world.finance[township.id],
        "physician": world.care.township.doctor,
    }
    if expected is None:
        assert sending.resend(actors[who], row.id).attempt == 2
        return
    with pytest.raises(expected):
        sending.resend(actors[who], row.id)
