"""Double entry, 复式记账: accounts of each institution against each other one.

An account belongs to one institution and stands against one counterparty (往来单位).
Amounts are whole fen; debit is positive, credit negative. Every entry sums to zero,
and within each institution's own books too: the database checks both.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from yilian.kernel.clause import Clause, clause
from yilian.kernel.money import Fen
from yilian.kernel.text import _


class AccountKind(StrEnum):
    CASH = "cash"
    RECEIVABLE = "receivable"
    PAYABLE = "payable"
    INCOME = "income"
    COST = "cost"


ACCOUNT_NAMES: Final[Mapping[AccountKind, str]] = {
    AccountKind.CASH: _("银行存款"),
    AccountKind.RECEIVABLE: _("应收账款—医联体往来"),
    AccountKind.PAYABLE: _("应付账款—医联体往来"),
    AccountKind.INCOME: _("事业收入—医联体协作"),
    AccountKind.COST: _("业务活动费用—医联体协作"),
}
# Of the accounting system of public institutions (general knowledge, configurable
# in the house's own books: here they only order the trial balance).
ACCOUNT_CODES: Final[Mapping[AccountKind, str]] = {
    AccountKind.CASH: "1002",
    AccountKind.RECEIVABLE: "1212",
    AccountKind.PAYABLE: "2302",
    AccountKind.INCOME: "4101",
    AccountKind.COST: "5001",
}


class EntryKind(StrEnum):
    SERVICE = "service"
    REVERSAL = "reversal"
    ADJUSTMENT = "adjustment"
    PAYMENT = "payment"


ENTRY_NAMES: Final[Mapping[EntryKind, str]] = {
    EntryKind.SERVICE: _("业务"),
    EntryKind.REVERSAL: _("红冲"),
    EntryKind.ADJUSTMENT: _("调整分录"),
    EntryKind.PAYMENT: _("付款"),
}

CLEARING: Final[Clause] = clause("NX-2.3.4-c")
MOST_FEN: Final[Fen] = 99_999_999_999  # of one line; 999,999,999.99 yuan
_LEAST_LINES: Final = 2
_HOUSES: Final = 2


@dataclass(frozen=True, slots=True)
class Line:
    """One posting of `institution_id` in its account against `counterparty_id`."""

    institution_id: UUID
    counterparty_id: UUID
    kind: AccountKind
    fen: Fen


def owed(creditor: UUID, debtor: UUID, fen: Fen) -> tuple[Line, ...]:
    """The debtor owes the creditor so much more; less, where `fen` is negative."""
    return (
        Line(creditor, debtor, AccountKind.RECEIVABLE, fen),
        Line(creditor, debtor, AccountKind.INCOME, -fen),
        Line(debtor, creditor, AccountKind.COST, fen),
        Line(debtor, creditor, AccountKind.PAYABLE, -fen),
    )


def paid(
    payer: UUID, payee: UUID, *, payer_owes: Fen, payee_owes: Fen
) -> tuple[Line, ...]:
    """What both owe is set off, and the payer pays the rest, 轧差付款."""
    rest = payer_owes - payee_owes
    lines = (
        Line(payer, payee, AccountKind.PAYABLE, payer_owes),
        Line(payer, payee, AccountKind.RECEIVABLE, -payee_owes),
        Line(payer, payee, AccountKind.CASH, -rest),
        Line(payee, payer, AccountKind.CASH, rest),
        Line(payee, payer, AccountKind.PAYABLE, payee_owes),
        Line(payee, payer, AccountKind.RECEIVABLE, -payer_owes),
    )
    return tuple(line for line in lines if line.fen)


def mirrored(lines: Iterable[Line]) -> tuple[Line, ...]:
    """The same with the signs turned, 红字."""
    return tuple(
        Line(line.institution_id, line.counterparty_id, line.kind, -line.fen)
        for line in lines
    )


def pair_of(lines: Sequence[Line]) -> tuple[UUID, UUID]:
    """The two houses, the smaller id first, as every table keeps them."""
    one, other = sorted({line.institution_id for line in lines})
    return one, other


def problem(lines: Sequence[Line]) -> str | None:
    """Why these lines are no entry; None when they are."""
    houses = {line.institution_id for line in lines}
    pairs = [{line.institution_id, line.counterparty_id} for line in lines]
    found = (
        (
            len(lines) < _LEAST_LINES or len(houses) != _HOUSES,
            _("一笔分录至少两行，且只涉及两家机构。"),
        ),
        (
            any(pair != houses for pair in pairs),
            _("分录各行的往来单位必须是这两家机构。"),
        ),
        (
            any(type(line.fen) is not int or line.fen == 0 for line in lines),
            _("分录每行的金额以分为单位，不能为零。"),
        ),
        (
            any(abs(line.fen) > MOST_FEN for line in lines),
            _("金额过大，请检查是否多输了数字。"),
        ),
        (any(sums(lines).values()), _("分录借贷不平，没有记账。")),
        (not _is_mutual(lines), _("一方的应收必须等于另一方的应付，没有记账。")),
    )
    return next((words for is_wrong, words in found if is_wrong), None)


def _is_mutual(lines: Iterable[Line]) -> bool:
    """What one house books as owed to it, the other books as owed."""
    left: dict[UUID, Fen] = defaultdict(int)
    for line in lines:
        if line.kind is AccountKind.RECEIVABLE:
            left[line.institution_id] += line.fen
        if line.kind is AccountKind.PAYABLE:
            left[line.counterparty_id] += line.fen
    return not any(left.values())


def sums(lines: Iterable[Line]) -> dict[UUID, Fen]:
    """By institution: zero for each when the entry balances."""
    found: dict[UUID, Fen] = defaultdict(int)
    for line in lines:
        found[line.institution_id] += line.fen
    return dict(found)


def claim_of(lines: Iterable[Line], creditor: UUID) -> Fen:
    """By how much these lines raise what the other owes the creditor."""
    return sum(
        line.fen
        for line in lines
        if line.institution_id == creditor and line.kind is AccountKind.RECEIVABLE
    )
