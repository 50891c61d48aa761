"""Bills and settlements by the thousand, for imports and the demo (decisions 33).

What happened to a person's money is told act by act and booked by the same hand as
at a desk (`booking.py`); the rows go in by COPY, under the same constraints.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from operator import attrgetter
from uuid import UUID

from django.db import models, transaction

from yilian.foundation.access.actor import Actor, Reach
from yilian.foundation.access.scope import require
from yilian.foundation.audit.services import record
from yilian.insurance.settlement.models import (
    Bill,
    Coverage,
    Decision,
    Filing,
    Held,
    Settlement,
)
from yilian.insurance.settlement.queries.casebook import Casebook, settle_all
from yilian.insurance.settlement.queries.parameters import Line
from yilian.insurance.settlement.rules.case import Kind
from yilian.insurance.settlement.rules.deciding import Hop
from yilian.insurance.settlement.rules.ledger import Cause
from yilian.insurance.settlement.services.booking import (
    Run,
    book_changes,
    book_one_by_one,
)
from yilian.insurance.settlement.services.deciding import decided_by, unsaved_decision
from yilian.insurance.settlement.services.summing import sum_again
from yilian.kernel.ids import new_id
from yilian.kernel.text import _
from yilian.registry.directory.services.loading import copy_in


@dataclass(frozen=True, slots=True)
class Act:
    """Something done to a bill at a moment. A void carries its reason, a new decision
    (by two, on a filing) itself."""

    at: datetime
    bill_id: UUID
    cause: Cause
    by: UUID | None = None
    reason: str = ""
    decision: Decision | None = None


@dataclass(slots=True)
class Account:
    """A person's money as it is to stand. Bills without an act wait to be settled;
    `tags` and `hops` are what the decision of a stay asks."""

    person_id: UUID
    born_on: date | None
    coverages: Sequence[Coverage]
    bills: Sequence[Bill]
    acts: Sequence[Act]
    filings: Sequence[Filing] = ()
    helds: Sequence[Held] = ()
    # On filings, without an act: to be confirmed, or refused.
    decisions: Sequence[Decision] = ()
    tags: frozenset[str] = frozenset()
    hops: Mapping[UUID, Hop] = field(default_factory=dict)
    sent_by: Mapping[UUID, UUID] = field(default_factory=dict)


@dataclass(slots=True)
class Booked:
    """Rows to be copied in."""

    coverages: list[Coverage] = field(default_factory=list)
    bills: list[Bill] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    filings: list[Filing] = field(default_factory=list)
    helds: list[Held] = field(default_factory=list)
    settlements: list[Settlement] = field(default_factory=list)

    def batches(self) -> tuple[Sequence[models.Model], ...]:
        """Those that others point at first."""
        return (
            self.coverages, self.bills, self.helds, self.filings, self.decisions,
            self.settlements,
        )  # fmt: skip


@transaction.atomic
def load_many(actor: Actor, accounts: Iterable[Account]) -> dict[str, int]:
    """By table, how many rows. Nothing is announced: the past is news to nobody."""
    require(actor.reach is Reach.SYSTEM, _("批量载入只由系统执行。"))
    booked, lines = Booked(), dict[str, Line]()
    for account in accounts:
        _book(account, booked, lines)
    for rows in booked.batches():
        copy_in(rows)
    sum_again(booked.settlements)
    counts = {
        str(rows[0]._meta.model_name): len(rows) for rows in booked.batches() if rows
    }
    record(actor, "settlement.load", detail=counts)
    return counts


def _book(account: Account, booked: Booked, lines: dict[str, Line]) -> None:
    booked.coverages += account.coverages
    booked.bills += account.bills
    booked.filings += account.filings
    booked.helds += account.helds
    booked.decisions += account.decisions
    covers = {str(row.id): row for row in account.coverages}
    book = Casebook(account.person_id, covers, {}, lines=lines)
    book.sent_by = dict(account.sent_by)
    bills = {bill.id: bill for bill in account.bills}
    acts = sorted(account.acts, key=attrgetter("at"))
    if _is_plain(acts, bills):
        booked.settlements += _in_one_go(account, book, booked, bills, acts)
        return
    for act in acts:
        booked.settlements += _do(account, book, booked, bills[act.bill_id], act)


def _is_plain(acts: Sequence[Act], bills: Mapping[UUID, Bill]) -> bool:
    """Only first settlements, in the order of the discharges."""
    days = [bills[act.bill_id].discharged_on for act in acts]
    return days == sorted(days) and all(act.cause is Cause.SETTLED for act in acts)


def _in_one_go(
    account: Account,
    book: Casebook,
    booked: Booked,
    bills: Mapping[UUID, Bill],
    acts: Sequence[Act],
) -> list[Settlement]:
    for act in acts:
        _take_up(account, book, booked, bills[act.bill_id], act)
    runs = {act.bill_id: _run(act) for act in acts}
    return book_one_by_one(book, settle_all(book), runs) if acts else []


def _do(
    account: Account, book: Casebook, booked: Booked, bill: Bill, act: Act
) -> list[Settlement]:
    if act.cause is Cause.SETTLED:
        _take_up(account, book, booked, bill, act)
    elif act.cause is Cause.VOIDED:
        bill.voided_at, bill.voided_by_id = act.at, act.by
        bill.void_reason = act.reason
    elif act.decision is not None:
        booked.decisions.append(act.decision)
        book.decisions[bill.id] = act.decision
    return book_changes(book, settle_all(book), _run(act))


def _take_up(
    account: Account, book: Casebook, booked: Booked, bill: Bill, act: Act
) -> None:
    """A bill about to be settled, with how the stay came."""
    bill.settled_at = act.at
    book.bills[bill.id] = bill
    if bill.kind != Kind.INPATIENT:
        return
    coverage = _coverage(book, bill)
    decided = decided_by(
        book,
        bill,
        coverage,
        born_on=account.born_on,
        held=account.tags,
        hop=account.hops.get(bill.id),
    )
    decision = unsaved_decision(bill, decided, at=act.at, by=act.by)
    book.decisions[bill.id] = decision
    booked.decisions.append(decision)


def _coverage(book: Casebook, bill: Bill) -> Coverage:
    return next(row for row in book.covers.values() if bill.discharged_on in row.period)


def _run(act: Act) -> Run:
    return Run(new_id(), act.at, act.by, act.bill_id, act.cause)
