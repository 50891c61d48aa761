"""Is a settlement still what it was, and does it come out the same again?

It is counted anew from the bills that were settled when it was booked, as they were
decided then, by the parameters known then. Its digest says whether the row itself
was touched.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast
from uuid import UUID

from yilian.insurance.settlement.models import AMOUNTS, Bill, Decision, Settlement
from yilian.insurance.settlement.queries.casebook import (
    Casebook,
    coverages_of,
    senders,
    settle_all,
    span_of,
    spent_before,
)
from yilian.insurance.settlement.queries.parameters import line_of
from yilian.insurance.settlement.rules.case import Referral
from yilian.insurance.settlement.rules.ledger import Entry
from yilian.insurance.settlement.rules.window import window_start
from yilian.insurance.settlement.rules.working import as_working
from yilian.insurance.settlement.sealing import digest_of
from yilian.kernel.text import _


@dataclass(frozen=True, slots=True)
class Fault:
    """What is not right with a settlement, in words."""

    settlement_id: UUID
    number: str
    says: str


def check(row: Settlement) -> list[Fault]:
    """Nothing, where the row is whole and comes out the same to the last digit."""
    return [Fault(row.id, row.number, says) for says in _faults(row)]


def check_all(area_code: str = "") -> Iterator[Fault]:
    """Over every settlement of an area, for `yilian doctor` and the night."""
    rows = Settlement.objects.filter(insured_area__startswith=area_code)
    for row in rows.order_by("person_id", "sequence").iterator(chunk_size=500):
        yield from check(row)


def _faults(row: Settlement) -> Iterator[str]:
    if digest_of(row) != row.digest:
        yield _("结算单内容与入账时的摘要不符，可能被改动。")
    if row.entry == Entry.REVERSAL:
        yield from _not_mirrored(row)
    elif _counted_again(row) != json.loads(json.dumps(row.working)):
        yield _("按入账时的单据和参数重新计算，结果与结算单不一致。")


def _not_mirrored(red: Settlement) -> Iterator[str]:
    whole = Settlement.objects.get(person=red.person_id, id=cast(UUID, red.reverses))
    if any(getattr(red, name) != -getattr(whole, name) for name in AMOUNTS):
        yield _("红冲金额与被红冲的结算单不相抵。")


def _counted_again(row: Settlement) -> object:
    book = _book_of(row)
    states = {
        bill_id: Referral(settled.referral_state)
        for bill_id, settled in book.live.items()
        if settled.referral_state
    }
    outcome = settle_all(book, states)[row.bill_id]
    return json.loads(json.dumps(as_working(outcome)))


def _book_of(row: Settlement) -> Casebook:
    """The casebook at the end of the run that booked the row."""
    mine = Settlement.objects.filter(person=row.person_id)
    run = mine.filter(run=row.run).order_by("-sequence")
    upto = mine.filter(sequence__lte=run.values_list("sequence", flat=True)[:1])
    last = {one.bill_id: one for one in upto.order_by("turn")}
    rows = Bill.objects.filter(person=row.person_id, id__in=list(last))
    bills = {one.id: one for one in rows.select_related("referral")}
    for bill in bills.values():
        is_red = last[bill.id].entry == Entry.REVERSAL
        bill.voided_at = last[bill.id].settled_at if is_red else None
    trigger = bills[row.because_of or row.bill_id]
    since = window_start(span_of(trigger), [span_of(one) for one in bills.values()])
    within = {k: one for k, one in bills.items() if one.discharged_on >= since}
    book = Casebook(row.person_id, coverages_of(row.person_id), within)
    book.live = {k: one for k, one in last.items() if k in within}
    book.assigned = {k: one.working["coverage"] for k, one in book.live.items()}
    book.decisions = _decisions(book)
    book.sent_by = senders(book)
    book.spent = spent_before(upto, since)
    for area in {cover.area_code for cover in book.covers.values()}:
        book.use(area, line_of(area, known=row.release_number))
    return book


def _decisions(book: Casebook) -> dict[UUID, Decision]:
    ids = [one.decision_id for one in book.live.values() if one.decision_id]
    rows = Decision.objects.filter(person=book.person_id, id__in=ids)
    return {one.bill_id: one for one in rows.select_related("referral")}
