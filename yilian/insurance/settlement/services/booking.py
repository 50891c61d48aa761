"""Rows of the books from outcomes: nothing is edited, what changes is taken back in
red and settled anew (红冲与重结).

Works on a `Casebook` in memory, so that one bill at a desk and a region's years in a
load are booked by the same hand.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from yilian.insurance.settlement.models import AMOUNTS, Bill, Settlement
from yilian.insurance.settlement.queries.casebook import Casebook, in_order
from yilian.insurance.settlement.rules.ledger import Cause, Entry
from yilian.insurance.settlement.rules.numbers import number_of
from yilian.insurance.settlement.rules.person import Outcome
from yilian.insurance.settlement.rules.result import Settled
from yilian.insurance.settlement.rules.working import as_working
from yilian.insurance.settlement.sealing import digest_of
from yilian.kernel.calendar import local_day
from yilian.kernel.ids import new_id
from yilian.kernel.money import MILLION, from_fen, to_fen

_NAMES: Final[Mapping[str, str]] = {
    "total": "total_amount",
    "in_scope": "in_scope_amount",
}
# As in `rules/adjustments.py`: the same in these is the same to everybody who pays.
_MONEY: Final = tuple(n for n in AMOUNTS if not n.startswith("deductible"))
_COPIED: Final = (
    "person_id", "bill_id", "institution_id", "insured_area", "kind", "scheme",
    "place", "discharged_on", "insurance", "grade", "is_retired", "aid",
    "referral_state", "decision_id", "follows", "set_id", "set_version",
    "release_number", "ratio",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Run:
    """One act that books: who, when, on account of which bill."""

    id: UUID
    at: datetime
    account_id: UUID | None
    bill_id: UUID
    cause: Cause


def book_changes(
    book: Casebook, outcomes: Mapping[UUID, Outcome], run: Run
) -> list[Settlement]:
    """Unsaved rows in the order in which they are booked; the casebook knows them."""
    rows: list[Settlement] = []
    for bill in in_order(book.bills.values()):
        rows += _rows_of(book, bill, outcomes[bill.id], run)
    return rows


def book_one_by_one(
    book: Casebook, outcomes: Mapping[UUID, Outcome], runs: Mapping[UUID, Run]
) -> list[Settlement]:
    """First settlements, each a run of its own, by discharge: as if every bill had
    come before any later one. What a stay gets depends on earlier ones only."""
    rows: list[Settlement] = []
    for bill in in_order(book.bills.values()):
        rows += _rows_of(book, bill, outcomes[bill.id], runs[bill.id])
    return rows


def amounts_of(settled: Settled) -> dict[str, Decimal]:
    found = settled.amounts()
    return {name: from_fen(found[_NAMES.get(name, name)]) for name in AMOUNTS}


def _rows_of(
    book: Casebook, bill: Bill, outcome: Outcome, run: Run
) -> Iterator[Settlement]:
    live = book.live.get(bill.id)
    is_voided = not outcome.settled.parts
    if live is not None and not is_voided and not _differs(book, live, outcome, run):
        return
    if live is not None:
        yield _red(book, live, run)
        del book.live[bill.id]
    if not is_voided:
        row = book.live[bill.id] = _new(book, bill, outcome, run)
        yield row


def _differs(book: Casebook, live: Settlement, outcome: Outcome, run: Run) -> bool:
    """To the fen; or the decision of the very bill the run is about."""
    was = [to_fen(getattr(live, name)) for name in _MONEY]
    now = outcome.settled.amounts()
    if was != [now[_NAMES.get(name, name)] for name in _MONEY]:
        return True
    decision = book.decisions.get(live.bill_id)
    is_same = decision is None or live.decision_id == decision.id
    return live.bill_id == run.bill_id and not is_same


def _red(book: Casebook, live: Settlement, run: Run) -> Settlement:
    row = Settlement(
        **{name: getattr(live, name) for name in _COPIED},
        **{name: -getattr(live, name) for name in AMOUNTS},
        **_place(book, live.bill_id, run),
        entry=Entry.REVERSAL.value,
        reverses=live.id,
        working={"coverage": live.working["coverage"], "reverses": live.number},
    )
    return _sealed(row)


def _new(book: Casebook, bill: Bill, outcome: Outcome, run: Run) -> Settlement:
    settled, insured = outcome.settled, outcome.covered.insured
    referral, decision = settled.service.referral, book.decisions.get(bill.id)
    line = book.line(outcome.covered.area)
    own = line.set_on(settled.parts[-1].day)
    place = _place(book, bill.id, run)
    row = Settlement(
        person_id=bill.person_id,
        bill_id=bill.id,
        entry=(Entry.ORIGINAL if place["turn"] == 1 else Entry.ADJUSTMENT).value,
        institution_id=bill.institution_id,
        insured_area=outcome.covered.area,
        kind=bill.kind,
        scheme=bill.scheme,
        place=bill.place,
        discharged_on=bill.discharged_on,
        insurance=insured.insurance.value,
        grade=insured.grade or "",
        is_retired=insured.is_retired,
        aid=insured.aid.value if insured.aid else "",
        referral_state=referral.value if referral else "",
        decision_id=decision.id if referral and decision else None,
        follows=UUID(outcome.follows) if outcome.follows else None,
        set_id=own.id,
        set_version=own.version,
        release_number=book.known_release,
        ratio=Decimal(settled.ratio) / MILLION,
        **amounts_of(settled),
        **place,
        working=as_working(outcome),
    )
    return _sealed(row)


def _place(book: Casebook, bill_id: UUID, run: Run) -> dict[str, Any]:
    """Where the row stands: its turn, its number, its run."""
    before = book.turns.get(bill_id)
    book.turns[bill_id] = turn = (before or 0) + 1
    book.sequence += 1
    row_id = new_id()
    booked_on = local_day(run.at)
    is_own = bill_id == run.bill_id
    return {
        "id": row_id,
        "number": number_of(booked_on, row_id),
        "turn": turn,
        "after_turn": before,
        "sequence": book.sequence,
        "run": run.id,
        "cause": (run.cause if is_own else Cause.FOLLOWED).value,
        "because_of": None if is_own else run.bill_id,
        "booked_on": booked_on,
        "settled_at": run.at,
        "settled_by_id": run.account_id,
    }


def _sealed(row: Settlement) -> Settlement:
    row.digest = digest_of(row)
    return row
