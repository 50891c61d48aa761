"""All that bears on a person's money in the years that a bill touches.

A stay over New Year, a chain that runs over it, or an explicit link brings the year
before along. What lies further back changes nothing here: counters begin anew with
each year.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final
from uuid import UUID

from django.db import models
from django.db.models import Sum

from yilian.care.referral.models import Referral as Hop
from yilian.foundation.access.composed import Composed
from yilian.insurance.policy.rules.sets import ParameterSet
from yilian.insurance.settlement.models import Bill, Coverage, Decision, Settlement
from yilian.insurance.settlement.queries.parameters import Line, line_of
from yilian.insurance.settlement.rules.case import (
    Aid,
    CaseWrong,
    Insurance,
    Insured,
    Kind,
    Place,
    Referral,
    Scheme,
    Service,
)
from yilian.insurance.settlement.rules.ledger import Entry, Standing
from yilian.insurance.settlement.rules.lines import lines_of
from yilian.insurance.settlement.rules.links import Stay, links
from yilian.insurance.settlement.rules.person import (
    Covered,
    Item,
    Outcome,
    covered_on,
    settle_person,
)
from yilian.insurance.settlement.rules.window import Span, window_start
from yilian.kernel.money import Fen, to_fen
from yilian.kernel.text import _


@dataclass(slots=True)
class Casebook:
    """`live` is the settlement in force of each bill, `turns` its last turn."""

    person_id: UUID
    covers: Mapping[str, Coverage]
    bills: dict[UUID, Bill]
    decisions: dict[UUID, Decision] = field(default_factory=dict)
    live: dict[UUID, Settlement] = field(default_factory=dict)
    turns: dict[UUID, int] = field(default_factory=dict)
    sequence: int = 0
    # Who sent the patient, by bill.
    sent_by: dict[UUID, UUID] = field(default_factory=dict)
    spent: dict[str, Fen] = field(default_factory=dict)  # by coverage
    # As a settlement of the past was assigned, whatever the rows say today.
    assigned: dict[UUID, str] = field(default_factory=dict)
    lines: dict[str, Line] = field(default_factory=dict)  # by area

    def line(self, area: str) -> Line:
        if area not in self.lines:
            self.lines[area] = line_of(area)
        return self.lines[area]

    @property
    def known_release(self) -> int:
        """The newest release that any of its lines was made of."""
        return max(line.number for line in self.lines.values())

    def parameters(self, area: str) -> ParameterSet:
        return self.line(area).parameters

    def covered(self) -> list[Covered]:
        return [as_covered(row) for row in self.covers.values()]

    def use(self, area: str, line: Line) -> None:
        """Instead of what is in force now: to check what was settled before."""
        self.lines[area] = line


def as_covered(row: Coverage) -> Covered:
    return Covered(
        id=str(row.id),
        insured=Insured(
            insurance=Insurance(row.insurance),
            grade=row.grade or None,
            is_retired=row.is_retired,
            aid=Aid(row.aid) if row.aid else None,
        ),
        area=row.area_code,
        starts_on=row.period.lower or date.min,
        ends_on=row.period.upper,
        credit=to_fen(row.account_credit),
    )


def coverages_of(person_id: UUID) -> dict[str, Coverage]:
    return {str(row.id): row for row in _COVERAGES.ask(person_id=person_id)}


_COVERAGES: Final = Composed(lambda person_id: Coverage.objects.of(person_id))


def open_casebook(bill: Bill) -> Casebook:
    """Everything settled that may change with this bill, and the bill itself."""
    person_id = bill.person_id
    bills, since = _window(bill)
    book = Casebook(person_id, coverages_of(person_id), bills)
    _read_rows(book)
    book.decisions = decisions_of(person_id, bills)
    book.sent_by = senders(book)
    if any(row.account_credit for row in book.covers.values()):
        mine = Settlement.objects.filter(person=person_id)
        book.spent = spent_before(mine, since)
    return book


def decisions_of(person_id: UUID, bills: Iterable[UUID]) -> dict[UUID, Decision]:
    """The last in force of each bill; refusals of filings decide nothing."""
    wanted = set(bills)
    rows = _DECISIONS.ask(person_id=person_id)
    return {row.bill_id: row for row in rows if row.bill_id in wanted}


_DECISIONS: Final = Composed(
    lambda person_id: Decision.objects.filter(
        person=person_id, standing=Standing.IN_FORCE.value, grants=True
    ).order_by("decided_at", "id")
)


def settle_all(
    book: Casebook, states: Mapping[UUID, Referral] | None = None
) -> dict[UUID, Outcome]:
    """By bill, voided ones too (without parts). `states` go before the decisions."""
    before = links(_stays(book))
    covers = book.covered()
    items = [
        _item(book, bill, covers, before.get(bill.id), states or {})
        for bill in in_order(book.bills.values())
    ]
    found = settle_person(items, book.parameters, book.spent)
    return {UUID(name): outcome for name, outcome in found.items()}


def in_order(bills: Iterable[Bill]) -> list[Bill]:
    """By discharge; of visits on one day always the same one first."""
    return sorted(bills, key=lambda b: (b.discharged_on, b.admitted_on, b.id))


def service_of(bill: Bill, referral: Referral | None, follows: UUID | None) -> Service:
    return Service(
        id=str(bill.id),
        kind=Kind(bill.kind),
        place=Place(bill.place),
        admitted_on=bill.admitted_on,
        discharged_on=bill.discharged_on,
        lines=lines_of(bill.lines),
        referral=referral,
        scheme=Scheme(bill.scheme),
        follows=str(follows) if follows else None,
        is_voided=bill.voided_at is not None,
        months=bill.months,
        disease=bill.disease or None,
    )


def not_covered(day: date) -> CaseWrong:
    return CaseWrong(
        "discharged_on", _("{day} 没有有效的参保记录，不能结算。"), day=day
    )


def _item(
    book: Casebook,
    bill: Bill,
    covers: list[Covered],
    follows: UUID | None,
    states: Mapping[UUID, Referral],
) -> Item:
    service = service_of(bill, _state(book, bill, states), follows)
    assigned = book.assigned.get(bill.id)
    if assigned is not None:
        return Item(service, as_covered(book.covers[assigned]))
    covered = covered_on(covers, service)
    if covered is None:
        raise not_covered(bill.discharged_on)
    return Item(service, covered)


def _state(
    book: Casebook, bill: Bill, states: Mapping[UUID, Referral]
) -> Referral | None:
    if bill.kind != Kind.INPATIENT:
        return None
    if bill.id in states:
        return states[bill.id]
    decision = book.decisions.get(bill.id)
    return Referral(decision.referral_state) if decision else None


def _stays(book: Casebook) -> list[Stay]:
    return [
        Stay(
            id=bill.id,
            house=bill.institution_id,
            sent_by=book.sent_by.get(bill.id),
            said=bill.follows,
            admitted_on=bill.admitted_on,
            discharged_on=bill.discharged_on,
            is_voided=bill.voided_at is not None,
        )
        for bill in book.bills.values()
        if bill.kind == Kind.INPATIENT
    ]


# --- reading ------------------------------------------------------------------


def _window(bill: Bill) -> tuple[dict[UUID, Bill], date]:
    """Settled bills from the first day on that matters, this one included."""
    settled = Bill.objects.filter(person=bill.person_id, settled_at__isnull=False)
    spans = [span_of(row) for row in _SPANS.ask(person_id=bill.person_id)]
    since = window_start(span_of(bill), spans)
    if all(one.id == bill.id or one.discharged_on < since for one in spans):
        return {bill.id: bill}, since
    found = {row.id: row for row in settled.filter(discharged_on__gte=since)}
    found[bill.id] = bill
    return found, since


_SPANS: Final = Composed(
    lambda person_id: Bill.objects.filter(
        person=person_id, settled_at__isnull=False
    ).only("id", "person_id", "kind", "admitted_on", "discharged_on", "follows")
)


def span_of(bill: Bill) -> Span:
    return Span(
        bill.id,
        bill.kind == Kind.INPATIENT,
        bill.admitted_on,
        bill.discharged_on,
        bill.follows,
    )


def _read_rows(book: Casebook) -> None:
    """One row of each bill counts: the last in turn, if it is no red entry."""
    mine = Settlement.objects.filter(person=book.person_id)
    rows = mine.filter(bill_id__in=list(book.bills)).order_by("turn")
    for row in rows.defer("working"):
        book.turns[row.bill_id] = row.turn
        if row.entry == Entry.REVERSAL:
            book.live.pop(row.bill_id, None)
        else:
            book.live[row.bill_id] = row
    book.sequence = max(
        (row.sequence for row in _LAST.ask(person_id=book.person_id)), default=0
    )


_LAST: Final = Composed(
    lambda person_id: (
        Settlement.objects.filter(person=person_id)
        .order_by("-sequence")
        .only("id", "person_id", "sequence")[:1]
    )
)


def senders(
    book: Casebook, known: Mapping[UUID, UUID] | None = None
) -> dict[UUID, UUID]:
    """By the referral a decision names, else by that of the bill. `known`: who sent
    each referral, where it has been read."""
    came_on: dict[UUID, UUID] = {}
    for bill in book.bills.values():
        decision = book.decisions.get(bill.id)
        referral = (decision.referral_id if decision else None) or bill.referral_id
        if referral is not None:
            came_on[bill.id] = referral
    sent = known if known is not None else sources_of(came_on.values())
    return {bill_id: sent[referral] for bill_id, referral in came_on.items()}


def sources_of(referrals: Iterable[UUID]) -> dict[UUID, UUID]:
    """From which house each referral came."""
    wanted = set(referrals)
    if not wanted:
        return {}
    rows = Hop.objects.filter(pk__in=wanted)
    return dict(rows.values_list("pk", "from_institution_id"))


def spent_before(rows: "models.QuerySet[Settlement]", since: date) -> dict[str, Fen]:
    """What personal accounts have paid for services before the window."""
    rows = rows.filter(discharged_on__lt=since)
    sums = rows.values_list("working__coverage").annotate(Sum("account_pay"))
    return {str(name): to_fen(paid) for name, paid in sums.order_by() if paid}
