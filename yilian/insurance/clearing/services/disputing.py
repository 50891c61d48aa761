"""Objections to a statement, the answers, and the entry that mends it, 异议与调整."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.db import transaction

from yilian.foundation.access.actor import Actor
from yilian.insurance.clearing.models import Entry
from yilian.insurance.clearing.models_statement import Dispute, DisputeAnswer, Statement
from yilian.insurance.clearing.rules.ledger import MOST_FEN, owed
from yilian.insurance.clearing.rules.statement import Answer, DisputeState, Reason, Step
from yilian.insurance.clearing.services.posting import adjust as post_adjustment
from yilian.insurance.clearing.services.steps import Held, hold, take
from yilian.insurance.clearing.services.telling import tell_of_statement
from yilian.kernel.errors import Invalid, NotFound
from yilian.kernel.ids import new_id
from yilian.kernel.money import ZERO, to_fen
from yilian.kernel.text import _

_CAME: Final = _("{other}对{month}对账单 {number} 提出异议，请答复或调整。")
_ANSWERED: Final = _("{other}已答复对{month}对账单 {number} 的异议。")
_WITHDRAWN: Final = _("{other}撤销了对{month}对账单 {number} 的异议，请重新确认。")
_ADJUSTED: Final = _("{month}与{other}的对账单 {number} 已调整，请重新确认。")


@dataclass(frozen=True, slots=True)
class Objection:
    """`claimed`: what it should come to less; `entry_id`: the line it is about."""

    reason: Reason
    text: str
    entry_id: UUID | None = None
    claimed: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """`debtor_id` owes so much less (below zero) or more for this month."""

    debtor_id: UUID
    amount: Decimal
    text: str


@transaction.atomic
def dispute(
    actor: Actor,
    statement_id: UUID,
    *,
    objection: Objection,
    revision: int | None = None,
) -> Statement:
    held = hold(actor, statement_id, Step.DISPUTE, revision=revision)
    _require_words(objection.text)
    row = held.row
    Dispute.objects.create(
        statement=row,
        raised_by_id=_house(actor),
        reason=objection.reason.value,
        text=objection.text.strip()[:400],
        entry=_line(row, objection.entry_id),
        claimed=objection.claimed,
        raised_at=held.now,
    )
    take(actor, held, note=objection.text.strip(), amount=objection.claimed)
    tell_of_statement(
        row, _CAME, f"dispute:{row.revision}", to=_across(row, _house(actor)),
        urgency="urgent",
    )  # fmt: skip
    return row


@transaction.atomic
def answer(
    actor: Actor,
    statement_id: UUID,
    *,
    answer: Answer,
    text: str,
    revision: int | None = None,
) -> Statement:
    held = hold(actor, statement_id, Step.ANSWER, revision=revision)
    _require_words(text)
    raised = _open(held)
    DisputeAnswer.objects.create(
        dispute=raised,
        institution_id=_house(actor),
        answer=answer.value,
        text=text.strip()[:400],
        answered_at=held.now,
        answered_by=actor.account_id,
    )
    row = take(actor, held, note=text.strip())
    tell_of_statement(row, _ANSWERED, f"answer:{row.revision}", to=raised.raised_by_id)
    return row


@transaction.atomic
def withdraw(
    actor: Actor, statement_id: UUID, *, text: str, revision: int | None = None
) -> Statement:
    held = hold(actor, statement_id, Step.WITHDRAW, revision=revision)
    _require_words(text)
    _end(held, DisputeState.WITHDRAWN)
    row = take(actor, held, note=text.strip())
    across = _across(row, _house(actor))
    tell_of_statement(row, _WITHDRAWN, f"withdrawn:{row.revision}", to=across)
    return row


@transaction.atomic
def adjust(
    actor: Actor, statement_id: UUID, *, change: Change, revision: int | None = None
) -> Statement:
    """By an entry of its own in the open period; the month stays as it was posted."""
    held = hold(actor, statement_id, Step.ADJUST, revision=revision)
    _require_words(change.text)
    row = held.row
    creditor = _across(row, change.debtor_id)
    _require_within(row, change)
    lines = owed(creditor, change.debtor_id, to_fen(change.amount))
    post_adjustment(
        actor, row, event_id=new_id(), lines=lines, text=change.text.strip()
    )
    if change.debtor_id == row.one_id:
        row.one_adjusted += change.amount
    else:
        row.other_adjusted += change.amount
    _end(held, DisputeState.SETTLED)
    take(actor, held, note=change.text.strip(), amount=change.amount)
    for house in (row.one_id, row.other_id):
        tell_of_statement(row, _ADJUSTED, f"adjusted:{row.revision}", to=house)
    return row


def _house(actor: Actor) -> UUID:
    if actor.institution_id is None:
        raise NotFound
    return actor.institution_id


def _across(row: Statement, house: UUID) -> UUID:
    if house not in (row.one_id, row.other_id):
        raise Invalid(fields={"debtor_id": _("请选择这张对账单上的机构。")})
    return row.other_id if house == row.one_id else row.one_id


def _line(row: Statement, entry_id: UUID | None) -> Entry | None:
    if entry_id is None:
        return None
    found = Entry.objects.of_statement(row).filter(pk=entry_id).first()
    if found is None:
        raise Invalid(fields={"entry_id": _("这一行不在这张对账单上。")})
    return found


def _require_words(text: str) -> None:
    if not text.strip():
        raise Invalid(fields={"text": _("请写明情况。")})


def _require_within(row: Statement, change: Change) -> None:
    """Less than nothing cannot be owed; nothing is no adjustment."""
    now = (
        row.one_owes + row.one_adjusted
        if change.debtor_id == row.one_id
        else row.other_owes + row.other_adjusted
    )
    try:
        fen = to_fen(change.amount)
    except ValueError:
        raise _amount(_("金额最多两位小数（精确到分）。")) from None
    if fen == 0:
        raise _amount(_("调整金额不能为零。"))
    if abs(fen) > MOST_FEN:
        raise _amount(_("金额过大，请检查是否多输了数字。"))
    if now + change.amount < ZERO:
        raise _amount(_("调减的金额不能超过这一方的应付金额。"))


def _amount(words: str) -> Invalid:
    return Invalid(fields={"amount": words})


def _open(held: Held) -> Dispute:
    if held.dispute is None:
        raise NotFound
    return held.dispute


def _end(held: Held, state: DisputeState) -> None:
    raised = _open(held)
    raised.state, raised.ended_at = state.value, held.now
    raised.save(update_fields=["state", "ended_at"])
