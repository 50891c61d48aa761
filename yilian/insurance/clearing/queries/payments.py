"""The payments recorded for a statement, each with who recorded it by which voucher."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from yilian.insurance.clearing.queries.statements import (
    EntryLine,
    StatementDetail,
    StatementLine,
    StepLine,
)
from yilian.insurance.clearing.rules.statement import Step


@dataclass(frozen=True, slots=True)
class PaymentLine:
    """Nobody pays where equal claims were set off."""

    paid_on: date
    payer: str
    payee: str
    amount: Decimal
    voucher: str  # of the bank, with what was noted beside it
    recorded_by: str
    recorded_at: datetime | None


def payments_of(found: StatementDetail) -> list[PaymentLine]:
    """Entry and step were written together, in one order."""
    steps = (one for one in found.history if one.step in (Step.PAY, Step.SETTLE))
    return [_line(found.line, one, next(steps, None)) for one in found.payments]


def _line(
    statement: StatementLine, entry: EntryLine, step: StepLine | None
) -> PaymentLine:
    """Whose debt the entry lowers by more has paid the difference."""
    net = entry.other_owes - entry.one_owes
    sides = (statement.one, statement.other)
    payer, payee = sides if net > 0 else sides[::-1]
    return PaymentLine(
        paid_on=entry.happened_on,
        payer=payer if net else "",
        payee=payee if net else "",
        amount=abs(net),
        voucher=entry.text,
        recorded_by=step.who if step else "",
        recorded_at=step.at if step else None,
    )
