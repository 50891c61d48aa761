"""Taking one step of a statement: sight, right, state, then the row and its trace."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.utils import timezone

from yilian.foundation.access.actor import Actor
from yilian.foundation.access.scope import find
from yilian.foundation.audit.services import record as record_audit
from yilian.insurance.clearing import policies
from yilian.insurance.clearing.models_statement import (
    CHANGEABLE,
    Dispute,
    Statement,
    StatementStep,
)
from yilian.insurance.clearing.queries.houses import led
from yilian.insurance.clearing.rules.statement import (
    CLOCKS,
    DisputeState,
    State,
    Step,
    move,
)
from yilian.insurance.clearing.services.drawing import due_after
from yilian.insurance.clearing.services.holding import hold_alone
from yilian.kernel.errors import Conflict, NotPermitted
from yilian.kernel.text import _


@dataclass(frozen=True, slots=True)
class Held:
    """A statement while a step is taken on it."""

    row: Statement
    dispute: Dispute | None
    step: Step
    now: datetime


class Stale(Conflict):
    code = "statement-changed"

    def __init__(self) -> None:
        super().__init__(
            _("对账单刚刚有变化，您看到的不是最新内容。请刷新页面核对后再操作。")
        )


def hold(
    actor: Actor, statement_id: UUID, step: Step, *, revision: int | None = None
) -> Held:
    """Alone with the consortium's books, so that nothing is posted meanwhile."""
    visible = Statement.objects.visible_to(actor)
    hold_alone(find(visible, statement_id).consortium_id)
    row = find(visible.select_for_update(of=("self",)), statement_id)
    dispute = open_dispute(row)
    if not policies.can_take(actor, row, step, dispute, led(actor)):
        why = policies.why_not(step)
        raise NotPermitted(why.template, **why.values)
    move(State(row.state), step)
    if revision is not None and revision != row.revision:
        raise Stale
    return Held(row, dispute, step, timezone.now())


def take(
    actor: Actor, held: Held, *, note: str = "", amount: Decimal | None = None
) -> Statement:
    row = held.row
    row.state = move(State(row.state), held.step).target.value
    if row.state != State.HALF_CONFIRMED:
        row.half_confirmed_by_id = None
    row.revision += 1
    _set_clock(row, held.now)
    row.save(update_fields=CHANGEABLE)
    StatementStep.objects.create(
        statement=row,
        step=held.step.value,
        institution_id=actor.institution_id,
        taken_at=held.now,
        taken_by=actor.account_id,
        signer=actor.name[:60] if actor.account_id else "",
        note=note[:400],
        amount=amount,
    )
    record_audit(
        actor,
        f"clearing.{held.step.value}",
        object_kind="statement",
        object_id=row.id,
        detail={"state": row.state, "period": f"{row.period:%Y-%m}"},
    )
    return row


def open_dispute(row: Statement) -> Dispute | None:
    return Dispute.objects.filter(statement=row, state=DisputeState.OPEN.value).first()


def _set_clock(row: Statement, now: datetime) -> None:
    """It begins anew with each state; an answer does not stop the other's clock."""
    kind = CLOCKS.get(State(row.state))
    row.clock_from = now if kind else None
    row.due_at = due_after(now, kind) if kind else None
