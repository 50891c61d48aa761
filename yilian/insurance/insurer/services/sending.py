"""One transaction after the other to the insurer, each claimed before it is sent.

No transaction of the database is open while the insurer is waited for. A process that
dies in between leaves the row `sent`: after a while it counts as unknown, and the
insurer is asked what it holds under that serial number.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from yilian.foundation.access.actor import Actor
from yilian.foundation.access.database import one_at_a_time
from yilian.foundation.access.scope import find, require
from yilian.foundation.audit.services import record
from yilian.foundation.jobs.services import defer
from yilian.insurance.insurer import policies
from yilian.insurance.insurer.models import Line, Transaction
from yilian.insurance.insurer.ports import Answer, NoAnswer, NotSent, insurer
from yilian.insurance.insurer.queries.order import order_of
from yilian.insurance.insurer.rules.states import (
    OPEN,
    WITHOUT_EFFECT,
    Fault,
    Kind,
    State,
    Step,
)
from yilian.insurance.insurer.services import moving
from yilian.insurance.insurer.services.handing import SEND, transaction_of
from yilian.insurance.settlement.models import Settlement
from yilian.kernel.errors import Conflict
from yilian.kernel.text import _

ONLY_INSURER: Final = _("只有参保地的医保经办人员可以重新发送或查询。")
_BATCH: Final = 500
_OPEN: Final = [state.value for state in OPEN]


def send_due() -> int:
    """Persons with something due, and those left behind by a dead worker. A clock."""
    if not insurer().is_connected or _is_resting():
        return 0
    recover()
    due = Transaction.objects.filter(
        state__in=[State.QUEUED.value, State.UNKNOWN.value], due_at__lte=timezone.now()
    ).order_by("due_at")
    persons = list(dict.fromkeys(due.values_list("person_id", flat=True)[:_BATCH]))
    for person_id in persons:
        defer(SEND, lock=f"insurer:{person_id}", person_id=str(person_id))
    return len(persons)


def send_of(person_id: UUID) -> int:
    """What is due of a person, in the order of the books; how many were tried."""
    tried = 0
    while insurer().is_connected and not _is_resting():
        row = _claimed(person_id)
        if row is None:
            return tried
        _exchange(row)
        tried += 1
    return tried


def recover() -> int:
    """Sent by a process that died before it heard the answer."""
    patience = timedelta(seconds=2 * settings.YILIAN_INSURER_PATIENCE)
    stale = Transaction.objects.filter(
        state=State.SENT.value, sent_at__lt=timezone.now() - patience
    )
    ids = list(stale.values_list("id", flat=True)[:_BATCH])
    for transaction_id in ids:
        _settled(transaction_id, lambda row: moving.lost(row, Fault.STOPPED))
    return len(ids)


@transaction.atomic
def resend(actor: Actor, transaction_id: UUID) -> Transaction:
    """Refused: again under a new serial number, for they answer the old one as before.
    Waiting: now instead of later."""
    row = _for(actor, transaction_id)
    if row.state == State.QUEUED:
        return _now(actor, row, "send_now")
    if row.state != State.REFUSED:
        raise Conflict(_("只有待发送或被拒绝的交易可以重新发送。请刷新页面查看状态。"))
    one_at_a_time(f"insurer:{row.person_id}")
    _require_last(row)
    settlement = Settlement.objects.select_related("institution").get(
        person=row.person_id, id=row.settlement_id
    )
    again = transaction_of(
        settlement, timezone.now(), attempt=row.attempt + 1, reverses=row.reverses_id
    )
    again.created_by_id = actor.account_id
    again.save(force_insert=True)
    _note(actor, "resend", again)
    defer(SEND, lock=f"insurer:{row.person_id}", person_id=str(row.person_id))
    return again


@transaction.atomic
def ask_now(actor: Actor, transaction_id: UUID) -> Transaction:
    row = _for(actor, transaction_id)
    if row.state != State.UNKNOWN:
        raise Conflict(_("只有结果未知的交易需要查询。请刷新页面查看状态。"))
    return _now(actor, row, "ask")


# --- one transaction ----------------------------------------------------------


@transaction.atomic
def _claimed(person_id: UUID) -> Transaction | None:
    """The first that is due and need not wait for another of its bill; what is sent
    is marked so before it leaves. Nobody else takes it until then."""
    one_at_a_time(f"insurer:{person_id}")
    now = timezone.now()
    rows = Transaction.objects.select_for_update(of=("self",)).filter(
        person=person_id,
        state__in=[State.QUEUED.value, State.UNKNOWN.value],
        due_at__lte=now,
    )
    for row in rows.order_by("sequence", "attempt"):
        if row.state == State.UNKNOWN:
            # Asking does no harm, so two may ask; a moment's pause spares them.
            row.due_at = now + timedelta(seconds=settings.YILIAN_INSURER_PATIENCE)
            row.save(update_fields=["due_at"])
            return row
        if _is_needless(row):
            moving.move(row, Step.DROP, now)
        elif not _must_wait(row):
            row.sent_at, row.tries = now, min(row.tries + 1, 1000)
            row.fault = ""
            moving.move(row, Step.SEND, now)
            return row
    return None


def _exchange(row: Transaction) -> None:
    try:
        answer = _call(row)
    except NotSent as error:
        fault = Fault(error.fault)
        _settled(row.id, lambda it: _not_sent(it, fault))
        return
    except NoAnswer as error:
        fault = Fault(error.fault)
        _settled(row.id, lambda it: _no_answer(it, fault))
        return
    _settled(row.id, lambda it: moving.answered(it, answer))
    moving.line_answered()


def _call(row: Transaction) -> Answer:
    peer = insurer()
    if row.state == State.UNKNOWN:
        return peer.query(row.institution_code, row.serial)
    order = order_of(row)
    return peer.reverse(order) if row.kind == Kind.REVERSE else peer.book(order)


def _not_sent(row: Transaction, fault: Fault) -> None:
    moving.not_sent(row, fault)
    moving.still_unknown(row, fault)
    moving.line_failed(fault)


def _no_answer(row: Transaction, fault: Fault) -> None:
    if row.state == State.SENT:
        moving.lost(row, fault)
    else:
        moving.still_unknown(row, fault)


@transaction.atomic
def _settled(transaction_id: UUID, act: Callable[[Transaction], None]) -> None:
    act(moving.locked(transaction_id))


def _is_needless(row: Transaction) -> bool:
    """It takes back what they never booked."""
    if row.reverses_id is None:
        return False
    original = Transaction.objects.get(pk=row.reverses_id)
    has_other = Transaction.objects.filter(
        settlement_id=original.settlement_id
    ).exclude(state__in=[state.value for state in WITHOUT_EFFECT])
    return State(original.state) in WITHOUT_EFFECT and not has_other.exists()


def _must_wait(row: Transaction) -> bool:
    """What came before it in the same bill's book is not through yet."""
    before = Transaction.objects.filter(bill_id=row.bill_id, sequence__lt=row.sequence)
    if before.filter(state__in=_OPEN).exists():
        return True
    reversal = before.filter(kind=Kind.REVERSE.value).order_by("-sequence", "-attempt")
    last = reversal.first()
    return last is not None and last.state == State.REFUSED


def _is_resting() -> bool:
    line = Line.objects.filter(pk=1).first()
    rests = line is not None and line.not_before is not None
    return rests and line.not_before > timezone.now()  # type: ignore[union-attr,operator]


# --- by hand ------------------------------------------------------------------


def _for(actor: Actor, transaction_id: UUID) -> Transaction:
    visible = Transaction.objects.visible_to(actor).select_for_update(of=("self",))
    row = find(visible, transaction_id)
    require(policies.can_send(actor, row), ONLY_INSURER)
    if not insurer().is_connected:
        raise Conflict(_("尚未连接医保系统（YILIAN_INSURER_URL 未设置），不能发送。"))
    return row


def _require_last(row: Transaction) -> None:
    later = Transaction.objects.filter(
        settlement_id=row.settlement_id, attempt__gt=row.attempt
    )
    if later.exists():
        raise Conflict(_("这笔交易已经以新流水号重新发送。"))
    if Settlement.objects.filter(
        person=row.person_id, reverses=row.settlement_id
    ).exists():
        raise Conflict(_("这张结算单已经红冲，不必再发送。"))


def _now(actor: Actor, row: Transaction, verb: str) -> Transaction:
    row.due_at = timezone.now()
    row.save(update_fields=["due_at"])
    Line.objects.filter(pk=1).update(not_before=None)
    _note(actor, verb, row)
    defer(SEND, lock=f"insurer:{row.person_id}", person_id=str(row.person_id))
    return row


def _note(actor: Actor, verb: str, row: Transaction) -> None:
    record(
        actor,
        f"insurer.{verb}",
        object_kind="transaction",
        object_id=row.id,
        person_id=row.person_id,
        ground="insurer",
    )
