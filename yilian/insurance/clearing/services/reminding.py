"""Reminders while a statement waits: each rung once, to whose turn it is, 提醒."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from yilian.insurance.clearing.models_statement import Statement
from yilian.insurance.clearing.policies import payer_of
from yilian.insurance.clearing.rules.clocks import WAITED_FOR, Rung, reached
from yilian.insurance.clearing.rules.statement import CLOCKS, Clock, State
from yilian.insurance.clearing.services.steps import open_dispute
from yilian.insurance.clearing.services.telling import tell_of_statement, tell_offices

_BATCH: Final = 500


def run_reminders(now: datetime | None = None) -> int:
    """How many rungs lie behind: those told before are not told again."""
    at = now or timezone.now()
    waiting = Statement.objects.filter(due_at__isnull=False, clock_from__lt=at)
    found = 0
    for row in waiting.order_by("due_at").iterator(chunk_size=_BATCH):
        found += _remind(row, at)
    return found


@transaction.atomic
def _remind(row: Statement, at: datetime) -> int:
    if row.clock_from is None or row.due_at is None:
        return 0
    rungs = list(reached(row.clock_from, row.due_at, at))
    for rung in rungs[-1:]:  # the highest says it all
        _tell(row, rung)
    return len(rungs)


def _tell(row: Statement, rung: Rung) -> None:
    kind = CLOCKS[State(row.state)]
    cause = f"{kind.value}:{row.revision}:{rung.key}"
    values = {"waited": WAITED_FOR[kind]}
    if rung.tells_office:
        tell_offices(row, rung.words, cause, values)
        return
    urgency = "routine" if rung.key == "half" else "urgent"
    for house in _whose_turn(row, kind):
        tell_of_statement(
            row, rung.words, cause, to=house, values=values, urgency=urgency
        )


def _whose_turn(row: Statement, kind: Clock) -> Iterable[UUID]:
    both = [row.one_id, row.other_id]
    if kind is Clock.PAY:
        payer = payer_of(row)
        return [payer] if payer else []
    if kind is Clock.ANSWER:
        raised = open_dispute(row)
        return [x for x in both if raised is None or x != raised.raised_by_id]
    return [house for house in both if house != row.half_confirmed_by_id]
