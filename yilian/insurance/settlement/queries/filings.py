"""Late filings and appeals: the work list with its clock, and one with its outcome."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from django.db.models import OuterRef, Q, QuerySet, Subquery

from yilian.care.referral.models import Referral as Hop
from yilian.foundation.access.actor import Actor
from yilian.foundation.files.models import StoredFile
from yilian.insurance.settlement import policies
from yilian.insurance.settlement.models import Bill, Decision, Filing, Settlement
from yilian.insurance.settlement.queries.billing import Turn, turns_of
from yilian.insurance.settlement.queries.casebook import open_casebook, settle_all
from yilian.insurance.settlement.queries.finding import by_id
from yilian.insurance.settlement.queries.listing import (
    BillLine,
    FilingLine,
    bill_line,
    filing_line,
)
from yilian.insurance.settlement.rules.case import (
    REFERRAL_NAMES,
    CaseWrong,
    Place,
    Referral,
)
from yilian.insurance.settlement.rules.filing import may_become, recognised
from yilian.insurance.settlement.rules.ledger import (
    CAUSE_NAMES,
    STANDING_NAMES,
    Cause,
    FilingKind,
    FilingState,
    Standing,
)
from yilian.kernel.money import from_fen
from yilian.kernel.page import Mark, Page, cut, read_mark

PAGE: Final = 40
_MOST_HOPS: Final = 6


class Which(StrEnum):
    """What a work list shows: for the first decision, for the second, decided."""

    WAITING = "waiting"
    TO_CONFIRM = "to_confirm"
    DONE = "done"


STATES: Final = {
    Which.WAITING: (FilingState.OPEN,),
    Which.TO_CONFIRM: (FilingState.PROPOSED,),
    Which.DONE: (FilingState.ACCEPTED, FilingState.REFUSED),
}


@dataclass(frozen=True, slots=True)
class WorkLine:
    filing: FilingLine
    bill_number: str
    total: Decimal
    is_mine_to_act: bool


@dataclass(frozen=True, slots=True)
class Paper:
    id: UUID
    number: int
    size: int
    is_picture: bool


@dataclass(frozen=True, slots=True)
class DecisionLine:
    id: UUID
    grants: bool
    state_name: str
    standing: Standing
    standing_name: str
    note: str
    decided_at: datetime
    second_at: datetime | None
    second_note: str


@dataclass(frozen=True, slots=True)
class HopLine:
    """A referral of the person that a granted appeal may rest on."""

    id: UUID
    number: str
    words: str
    arrived_at: datetime | None


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What granting it comes to: the funds pay `change` more than now, over all bills
    of the person that it moves."""

    state_name: str
    now_pay: Decimal
    then_pay: Decimal
    now_patient: Decimal
    then_patient: Decimal
    change: Decimal
    others: int


@dataclass(frozen=True, slots=True)
class FilingPage:
    row: Filing
    line: FilingLine
    bill: BillLine
    bill_id: UUID
    kind: FilingKind
    state_now: str
    papers: list[Paper]
    decisions: list[DecisionLine]
    open_decision: DecisionLine | None
    may_become: list[tuple[str, str]]
    hops: list[HopLine]
    foreseen: Foreseen | None
    outcome: Turn | None  # the adjustment, once granted
    may_decide: bool
    may_confirm: bool
    is_own_decision: bool
    is_own_filing: bool


def work_list(actor: Actor, which: Which, cursor: str | None = None) -> Page[WorkLine]:
    """What is due first stands first; what is done, newest first."""
    states = [state.value for state in STATES[which]]
    rows = Filing.objects.visible_to(actor).filter(state__in=states)
    is_done = which is Which.DONE
    moment = "filed_at" if is_done else "due_at"
    mark = read_mark(cursor)
    if mark is not None:
        way = "lt" if is_done else "gt"
        rows = rows.filter(
            Q(**{f"{moment}__{way}": mark.at}) | Q(**{moment: mark.at}, id__gt=mark.id)
        )
    found = list(_named(rows).order_by(f"-{moment}" if is_done else moment, "id")[
        : PAGE + 1
    ])  # fmt: skip
    page = cut(found, PAGE, lambda row: Mark(getattr(row, moment), row.id))
    return page.each(lambda row: _work_line(actor, row))


def counts(actor: Actor) -> dict[Which, int]:
    rows = Filing.objects.visible_to(actor)
    return {
        which: rows.filter(state__in=[s.value for s in STATES[which]]).count()
        for which in (Which.WAITING, Which.TO_CONFIRM)
    }


def filing_page(actor: Actor, filing_id: UUID) -> FilingPage:
    rows = Filing.objects.visible_to(actor).select_related("person", "institution")
    row = by_id(rows, filing_id)
    bill = _bill(row)
    decisions = list(
        Decision.objects.filter(person=row.person_id, filing_id=row.id).order_by(
            "decided_at", "id"
        )
    )
    lines = [_decision_line(one) for one in decisions]
    waiting = next((d for d in decisions if d.standing == Standing.PROPOSED), None)
    kind, state = FilingKind(row.kind), FilingState(row.state)
    may_decide = state is FilingState.OPEN and policies.can_decide(actor, row)
    return FilingPage(
        row=row,
        line=filing_line(row),
        bill=bill_line(bill),
        bill_id=bill.id,
        kind=kind,
        state_now=_state_now(row),
        papers=papers_of(row),
        decisions=lines,
        open_decision=next((d for d in lines if waiting and d.id == waiting.id), None),
        may_become=[
            (s.value, REFERRAL_NAMES[s]) for s in may_become(Place(bill.place))
        ],
        hops=_hops(bill) if may_decide and kind is FilingKind.APPEAL else [],
        foreseen=foresee(bill, _would_be(kind, bill, waiting))
        if state in (FilingState.OPEN, FilingState.PROPOSED)
        else None,
        outcome=_outcome(bill) if state is FilingState.ACCEPTED else None,
        may_decide=may_decide,
        may_confirm=waiting is not None
        and policies.can_confirm(actor, waiting, row.insured_area),
        is_own_decision=waiting is not None
        and actor.account_id == waiting.decided_by_id,
        is_own_filing=actor.account_id == row.filed_by_id,
    )


def foresee(bill: Bill, state: Referral | None) -> Foreseen | None:
    """By the same rules that would book it; nothing is written."""
    if state is None or bill.voided_at is not None or bill.settled_at is None:
        return None
    book = open_casebook(bill)
    if bill.id not in book.live:
        return None
    try:
        outcomes = settle_all(book, {bill.id: state})
    except CaseWrong:
        return None
    now = {k: row.total - row.patient_pay for k, row in book.live.items()}
    then = {k: from_fen(outcomes[k].settled.fund_pay) for k in book.live}
    moved = [k for k in now if k != bill.id and now[k] != then[k]]
    mine = book.live[bill.id]
    return Foreseen(
        state_name=REFERRAL_NAMES[state],
        now_pay=now[bill.id],
        then_pay=then[bill.id],
        now_patient=mine.patient_pay,
        then_patient=from_fen(outcomes[bill.id].settled.amount("patient_pay")),
        change=sum(then.values()) - sum(now.values()),
        others=len(moved),
    )


def papers_of(row: Filing) -> list[Paper]:
    known = StoredFile.objects.in_bulk(row.files)
    return [
        Paper(file_id, n, known[file_id].size, known[file_id].is_picture)
        for n, file_id in enumerate(row.files, start=1)
        if file_id in known
    ]


def _named(rows: Any) -> QuerySet[Filing]:
    of_bill = Bill.objects.filter(person=OuterRef("person"), id=OuterRef("bill_id"))
    found: QuerySet[Filing] = rows.select_related("person", "institution").annotate(
        bill_number=Subquery(of_bill.values("number")[:1]),
        bill_total=Subquery(of_bill.values("total")[:1]),
        decider=Subquery(
            Decision.objects.filter(
                person=OuterRef("person"),
                filing_id=OuterRef("id"),
                standing=Standing.PROPOSED.value,
            ).values("decided_by")[:1]
        ),
    )
    return found


def _work_line(actor: Actor, row: Any) -> WorkLine:
    line = filing_line(row)
    is_clerk = policies.is_insurer(actor)
    mine = {
        FilingState.OPEN: row.filed_by_id != actor.account_id,
        FilingState.PROPOSED: row.decider != actor.account_id,
    }
    may_act = is_clerk and mine.get(line.state, False)
    return WorkLine(line, row.bill_number or "", row.bill_total or from_fen(0), may_act)


def _bill(row: Filing) -> Bill:
    rows = Bill.objects.select_related("person", "institution", "referral")
    return rows.get(person=row.person_id, id=row.bill_id)


def _state_now(row: Filing) -> str:
    live = Settlement.objects.live().filter(person=row.person_id, bill_id=row.bill_id)
    state = live.values_list("referral_state", flat=True).first()
    return REFERRAL_NAMES[Referral(state)] if state else ""


def _would_be(
    kind: FilingKind, bill: Bill, waiting: Decision | None
) -> Referral | None:
    """As decided; before that, as the filing asks: an appeal for the best there is."""
    if waiting is not None:
        return Referral(waiting.referral_state) if waiting.grants else None
    place = Place(bill.place)
    return recognised(kind, place, None) or recognised(
        kind, place, Referral.COMPLIANT_UP
    )


def _outcome(bill: Bill) -> Turn | None:
    turns = [
        t
        for t in turns_of(bill)
        if t.cause_name == CAUSE_NAMES[Cause.DECIDED] and t.change is not None
    ]
    return turns[-1] if turns else None


def _decision_line(one: Decision) -> DecisionLine:
    standing = Standing(one.standing)
    return DecisionLine(
        id=one.id,
        grants=one.grants,
        state_name=REFERRAL_NAMES[Referral(one.referral_state)],
        standing=standing,
        standing_name=STANDING_NAMES[standing],
        note=one.note,
        decided_at=one.decided_at,
        second_at=one.second_at,
        second_note=one.second_note,
    )


def _hops(bill: Bill) -> list[HopLine]:
    """The newest of the person that reached a house; without anything clinical."""
    rows = Hop.objects.filter(person=bill.person_id, arrived_at__isnull=False)
    rows = rows.select_related("from_institution", "to_institution")
    return [_hop_line(row) for row in rows.order_by("-arrived_at")[:_MOST_HOPS]]


def _hop_line(row: Hop) -> HopLine:
    target = row.to_institution.short_name if row.to_institution else row.outside_name
    words = f"{row.from_institution.short_name} → {target}"
    return HopLine(row.id, row.number, words, row.arrived_at)
