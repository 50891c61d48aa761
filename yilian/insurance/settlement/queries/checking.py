"""Is a settlement still what it was, and does it come out the same again?

It is counted anew from the bills that were settled when it was booked, as they were
decided then, by the parameters known then. Its digest says whether the row itself
was touched.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import TruncMonth

from yilian.insurance.settlement.models import (
    AMOUNTS,
    Bill,
    Coverage,
    DaySum,
    Decision,
    MonthSum,
    Settlement,
)
from yilian.insurance.settlement.queries.casebook import (
    Casebook,
    coverages_of,
    senders,
    settle_all,
    sources_of,
    span_of,
)
from yilian.insurance.settlement.queries.parameters import Line, line_of
from yilian.insurance.settlement.queries.summed import AMOUNTS as AMOUNTS_SUMMED
from yilian.insurance.settlement.queries.summed import summed_until
from yilian.insurance.settlement.rules.case import Referral
from yilian.insurance.settlement.rules.ledger import Entry
from yilian.insurance.settlement.rules.window import window_start
from yilian.insurance.settlement.rules.working import as_working
from yilian.insurance.settlement.sealing import digest_of
from yilian.kernel.ids import NIL
from yilian.kernel.money import Fen, to_fen
from yilian.kernel.text import _


@dataclass(frozen=True, slots=True)
class Fault:
    """What is not right with a settlement, in words."""

    settlement_id: UUID
    number: str
    says: str


def check(row: Settlement) -> list[Fault]:
    """Nothing, where the row is whole and comes out the same to the last digit."""
    books = _books_of(row.person_id)
    return [Fault(row.id, row.number, says) for says in _faults(row, books)]


def check_all(area_code: str = "") -> Iterator[Fault]:
    """Over every settlement of an area, person by person: for `yilian doctor` and
    the night."""
    rows = Settlement.objects.filter(insured_area__startswith=area_code)
    ordered = rows.order_by("person_id", "sequence").iterator(chunk_size=1000)
    lines: dict[tuple[str, int], Line] = {}
    for person_id, own in groupby(ordered, key=lambda row: row.person_id):
        books = _books_of(person_id, lines)
        for row in own:
            for says in _faults(row, books):
                yield Fault(row.id, row.number, says)


def check_sums(area_code: str = "") -> Iterator[Fault]:
    """What is kept of the days that are over, against the settlements themselves."""
    until = summed_until()
    if until is None:
        return
    of = Q(insured_area__startswith=area_code, booked_on__lt=until)
    rows = _month_by_month(Settlement.objects.filter(of), Count("id"))
    for kept in (DaySum, MonthSum):
        if _month_by_month(kept.objects.filter(of), Sum("number")) != rows:
            yield Fault(
                NIL, str(until), _("按日、按月的汇总与结算单不一致，应重新汇总。")
            )


def _month_by_month(rows: "QuerySet[Any]", number: Count | Sum) -> set[tuple[Any, ...]]:
    keys = ("month", "insured_area", "kind", "referral_state", "entry")
    found = rows.annotate(month=TruncMonth("booked_on")).values_list(*keys)
    return set(found.annotate(number, *map(Sum, AMOUNTS_SUMMED)).order_by())


@dataclass(slots=True)
class _Books:
    """Everything of one person's money, read once."""

    person_id: UUID
    rows: list[Settlement]  # in order
    bills: Mapping[UUID, Bill]
    decisions: Mapping[UUID, Decision]  # by their own id
    covers: Mapping[str, Coverage]
    sources: Mapping[UUID, UUID]  # of referrals
    lines: dict[tuple[str, int], Line] = field(default_factory=dict)

    def line(self, area: str, known: int) -> Line:
        key = area, known
        if key not in self.lines:
            self.lines[key] = line_of(area, known=known)
        return self.lines[key]

    def until(self, row: Settlement) -> list[Settlement]:
        """What was booked when the run of that row had ended."""
        last = max(one.sequence for one in self.rows if one.run == row.run)
        return [one for one in self.rows if one.sequence <= last]


def _books_of(
    person_id: UUID, lines: dict[tuple[str, int], Line] | None = None
) -> _Books:
    bills = list(Bill.objects.filter(person=person_id))
    decisions = list(Decision.objects.filter(person=person_id))
    came_on = {bill.referral_id for bill in bills}
    came_on |= {decision.referral_id for decision in decisions}
    return _Books(
        person_id,
        list(Settlement.objects.filter(person=person_id).order_by("sequence")),
        {one.id: one for one in bills},
        {one.id: one for one in decisions},
        coverages_of(person_id),
        sources_of(one for one in came_on if one is not None),
        {} if lines is None else lines,
    )


def _faults(row: Settlement, books: _Books) -> Iterator[str]:
    if digest_of(row) != row.digest:
        yield _("结算单内容与入账时的摘要不符，可能被改动。")
    if row.entry == Entry.REVERSAL:
        whole = next(one for one in books.rows if one.id == row.reverses)
        if any(getattr(row, name) != -getattr(whole, name) for name in AMOUNTS):
            yield _("红冲金额与被红冲的结算单不相抵。")
    elif _counted_again(row, books) != row.working:
        yield _("按入账时的单据和参数重新计算，结果与结算单不一致。")


def _counted_again(row: Settlement, books: _Books) -> object:
    """As the database would give it back."""
    book = _book_of(row, books)
    states = {
        bill_id: Referral(settled.referral_state)
        for bill_id, settled in book.live.items()
        if settled.referral_state
    }
    outcome = settle_all(book, states)[row.bill_id]
    return json.loads(json.dumps(as_working(outcome)))


def _book_of(row: Settlement, books: _Books) -> Casebook:
    """The casebook at the end of the run that booked the row."""
    upto = books.until(row)
    last = {one.bill_id: one for one in upto}
    bills = {bill_id: _as_it_stood(books.bills[bill_id], one)
             for bill_id, one in last.items()}  # fmt: skip
    trigger = bills[row.because_of or row.bill_id]
    since = window_start(span_of(trigger), [span_of(one) for one in bills.values()])
    within = {k: one for k, one in bills.items() if one.discharged_on >= since}
    book = Casebook(books.person_id, books.covers, within)
    book.live = {k: one for k, one in last.items() if k in within}
    book.assigned = {k: one.working["coverage"] for k, one in book.live.items()}
    book.decisions = {
        k: books.decisions[one.decision_id]
        for k, one in book.live.items()
        if one.decision_id is not None
    }
    book.sent_by = senders(book, books.sources)
    book.spent = _spent(upto, since)
    for area in {cover.area_code for cover in books.covers.values()}:
        book.use(area, books.line(area, row.release_number))
    return book


def _as_it_stood(bill: Bill, last: Settlement) -> Bill:
    """Void, or not yet."""
    found = copy(bill)
    found.voided_at = last.settled_at if last.entry == Entry.REVERSAL else None
    return found


def _spent(rows: Iterable[Settlement], since: date) -> dict[str, Fen]:
    found: dict[str, Fen] = {}
    for row in rows:
        if row.discharged_on < since and row.account_pay:
            name = row.working["coverage"]
            found[name] = found.get(name, 0) + to_fen(row.account_pay)
    return found
