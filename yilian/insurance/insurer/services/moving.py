"""Each move of a transaction: the state, what is known of it, and a row of history."""

from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone

from yilian.foundation.access.actor import Actor, system_actor
from yilian.foundation.audit.services import record
from yilian.insurance.insurer.models import Line, Transaction, TransactionStep
from yilian.insurance.insurer.ports import Answer, Said
from yilian.insurance.insurer.rules.states import (
    OF_THE_LINE,
    Fault,
    Kind,
    State,
    Step,
    next_state,
    pause_after,
)


def locked(transaction_id: UUID) -> Transaction:
    rows = Transaction.objects.select_for_update(of=("self",))
    return rows.get(pk=transaction_id)


def move(row: Transaction, step: Step, now: datetime) -> None:
    row.state = next_state(State(row.state), step).value
    row.save(update_fields=Transaction.CHANGES)
    TransactionStep.objects.create(
        transaction=row,
        step=step.value,
        to_state=row.state,
        fault=row.fault,
        code=row.code,
        at=now,
    )


def answered(row: Transaction, answer: Answer) -> None:
    """Sent or unknown until now; somebody else may have heard it already."""
    if row.state not in (State.SENT, State.UNKNOWN):
        return
    now = timezone.now()
    row.fault, row.answered_at = "", now
    if answer.said is Said.NOT_FOUND:
        row.due_at = now
        move(row, Step.GIVE_BACK, now)
        return
    if answer.said is Said.REFUSED:
        row.code = answer.code[:40] or "not-allowed"
        move(row, Step.REFUSE, now)
    else:
        row.reference = answer.reference[:64]
        move(row, Step.BOOK, now)
        _take_back_original(row, now)
    _note(system_actor("insurer"), "answer", row)


def lost(row: Transaction, fault: Fault) -> None:
    """Nobody knows whether it was booked: soon they are asked."""
    if row.state != State.SENT:
        return
    now = timezone.now()
    row.fault, row.unknown_since = fault.value, now
    row.due_at = now + timedelta(seconds=1)
    row.tries = 1
    move(row, Step.LOSE, now)


def not_sent(row: Transaction, fault: Fault) -> None:
    if row.state != State.SENT:
        return
    now = timezone.now()
    row.fault, row.due_at = fault.value, now + pause_after(row.tries)
    move(row, Step.GIVE_BACK, now)


def still_unknown(row: Transaction, fault: Fault) -> None:
    if row.state != State.UNKNOWN:
        return
    row.tries = min(row.tries + 1, 1000)
    row.fault, row.due_at = fault.value, timezone.now() + pause_after(row.tries)
    row.save(update_fields=Transaction.CHANGES)


def line_failed(fault: Fault) -> None:
    """Everything rests for a while; the pause is short at first."""
    if fault not in OF_THE_LINE:
        return
    line = Line.objects.select_for_update().get(pk=1)
    now = timezone.now()
    line.failures += 1
    line.fault, line.failed_at = fault.value, now
    line.not_before = now + min(pause_after(line.failures), timedelta(minutes=5))
    line.save()


def line_answered() -> None:
    Line.objects.filter(pk=1).update(
        failures=0, fault="", not_before=None, answered_at=timezone.now()
    )


def _take_back_original(row: Transaction, now: datetime) -> None:
    if row.kind != Kind.REVERSE or row.reverses_id is None:
        return
    original = locked(row.reverses_id)
    if original.state == State.BOOKED:
        move(original, Step.REVERSE, now)


def _note(actor: Actor, verb: str, row: Transaction) -> None:
    record(
        actor,
        f"insurer.{verb}",
        object_kind="transaction",
        object_id=row.id,
        person_id=row.person_id,
        ground="insurer",
        detail={"kind": row.kind, "state": row.state, "code": row.code},
    )
