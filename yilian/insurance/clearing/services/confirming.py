"""Both houses sign; what is left between them is paid, 确认与付款."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.db import transaction

from yilian.foundation.access.actor import Actor, system_actor
from yilian.insurance.clearing.models_statement import Statement
from yilian.insurance.clearing.policies import payer_of
from yilian.insurance.clearing.rules.ledger import paid
from yilian.insurance.clearing.rules.statement import State, Step
from yilian.insurance.clearing.services.drawing import sums_of
from yilian.insurance.clearing.services.posting import settle
from yilian.insurance.clearing.services.steps import Held, hold, take
from yilian.insurance.clearing.services.telling import tell_of_statement
from yilian.kernel.errors import Conflict, Invalid
from yilian.kernel.money import to_fen
from yilian.kernel.text import _
from yilian.registry.directory.queries import today

_SETTLER: Final = system_actor("clearing.settle")
_YOURS: Final = _("{other}已确认{month}对账单 {number}，请本机构核对确认。")
_TO_PAY: Final = _("{month}与{other}的对账单 {number} 双方已确认，请按净额付款。")
_TO_RECEIVE: Final = _("{month}与{other}的对账单 {number} 双方已确认，等待对方付款。")
_PAID: Final = _("{other}已登记{month}对账单 {number} 的付款，请核对到账。")
_LEAST_VOUCHER: Final = 4


@dataclass(frozen=True, slots=True)
class Payment:
    """The evidence: the bank's voucher, its day, and how it was sent."""

    voucher: str
    paid_on: date
    note: str = ""


@transaction.atomic
def confirm(
    actor: Actor, statement_id: UUID, *, revision: int | None = None
) -> Statement:
    held = hold(actor, statement_id, Step.CONFIRM, revision=revision)
    _require_current(held.row)
    is_first = held.row.state != State.HALF_CONFIRMED
    row = held.row
    if is_first:
        row.half_confirmed_by_id = actor.institution_id
        take(actor, held)
        across = row.other_id if actor.institution_id == row.one_id else row.one_id
        tell_of_statement(row, _YOURS, f"half:{row.revision}", to=across)
        return row
    take(actor, held)
    _after_both(row, held)
    return row


@transaction.atomic
def pay(
    actor: Actor,
    statement_id: UUID,
    *,
    payment: Payment,
    revision: int | None = None,
) -> Statement:
    held = hold(actor, statement_id, Step.PAY, revision=revision)
    _require_evidence(held.row, payment)
    words = f"{payment.voucher} {payment.note}".strip()
    net = _post_payment(actor, held.row, payment.paid_on, words)
    row = take(actor, held, note=words, amount=net)
    payee = row.other_id if actor.institution_id == row.one_id else row.one_id
    tell_of_statement(row, _PAID, "paid", to=payee)
    return row


def net_of(row: Statement) -> Decimal:
    """Above zero: the first house pays."""
    return (row.one_owes + row.one_adjusted) - (row.other_owes + row.other_adjusted)


def _require_current(row: Statement) -> None:
    """What is signed is what the books say. An adjusted one keeps its month as it
    was signed for; entries can only have come where nobody had signed yet."""
    if sums_of(row).digest != row.digest:
        raise Conflict(_("出具之后账上有新的变化。请先点“重新出具”，核对后再确认。"))


def _after_both(row: Statement, held: Held) -> None:
    payer = payer_of(row)
    if payer is None:
        _settle_nothing(row, held)
        return
    payee = row.other_id if payer == row.one_id else row.one_id
    tell_of_statement(row, _TO_PAY, f"both:{row.revision}", to=payer)
    tell_of_statement(row, _TO_RECEIVE, f"both:{row.revision}", to=payee)


def _settle_nothing(row: Statement, held: Held) -> None:
    """Equal claims are set off by the system; nobody pays."""
    if row.one_owes + row.one_adjusted:
        _post_payment(_SETTLER, row, today(), _("净额为零，互相冲抵"))
    take(_SETTLER, Held(row, None, Step.SETTLE, held.now))


def _post_payment(actor: Actor, row: Statement, day: date, words: str) -> Decimal:
    one_owes = to_fen(row.one_owes + row.one_adjusted)
    other_owes = to_fen(row.other_owes + row.other_adjusted)
    if one_owes >= other_owes:
        lines = paid(
            row.one_id, row.other_id, payer_owes=one_owes, payee_owes=other_owes
        )
    else:
        lines = paid(
            row.other_id, row.one_id, payer_owes=other_owes, payee_owes=one_owes
        )
    settle(actor, row, paid_on=day, lines=lines, text=words)
    return abs(net_of(row))


def _require_evidence(row: Statement, payment: Payment) -> None:
    wrong: dict[str, str] = {}
    if len(payment.voucher.strip()) < _LEAST_VOUCHER:
        wrong["voucher"] = _("请填写银行回单号（至少 4 位）。")
    if payment.paid_on > today():
        wrong["paid_on"] = _("付款日期不能晚于今天。")
    if payment.paid_on < row.period:
        wrong["paid_on"] = _("付款日期不能早于对账单所属月份。")
    if wrong:
        raise Invalid(fields=wrong)
