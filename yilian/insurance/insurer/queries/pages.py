"""Transactions and compared days as a page shows them. No person's name or number."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.db.models import Count, Q

from yilian.foundation.access.actor import Actor
from yilian.foundation.access.scope import find
from yilian.insurance.insurer import policies
from yilian.insurance.insurer.models import (
    Difference,
    Line,
    Reconciliation,
    Transaction,
)
from yilian.insurance.insurer.ports import insurer
from yilian.insurance.insurer.rules import comparing
from yilian.insurance.insurer.rules.states import (
    FAULT_NAMES,
    KIND_NAMES,
    LONGEST_UNKNOWN,
    OPEN,
    STATE_NAMES,
    STEP_NAMES,
    Fault,
    Kind,
    State,
    Step,
    advice_on,
)
from yilian.kernel.page import Mark, Page, cut, read_mark

SIZE: Final = 40
MOST_DIFFERENCES: Final = 500
TABS: Final[Mapping[str, tuple[State, ...]]] = {
    "unknown": (State.UNKNOWN,),
    "refused": (State.REFUSED,),
    "waiting": (State.QUEUED, State.SENT),
    "booked": (State.BOOKED, State.REVERSED, State.NEEDLESS),
}


@dataclass(frozen=True, slots=True)
class LineStatus:
    """Whether there is a line at all, whether it rests, and why."""

    is_connected: bool
    fault: str
    rests_until: datetime | None
    answered_at: datetime | None
    opened_on: date | None


@dataclass(frozen=True, slots=True)
class TransactionLine:
    id: UUID
    settlement_id: UUID
    person_id: UUID
    serial: str
    number: str
    kind_name: str
    house: str
    booked_on: date
    total: Decimal
    fund: Decimal
    state: State
    state_name: str
    fault: str
    advice: str
    reference: str
    tries: int
    due_at: datetime
    since: datetime
    answer_due_at: datetime | None  # of one that is unknown: then the clerk is told


@dataclass(frozen=True, slots=True)
class StepLine:
    at: datetime
    words: str
    note: str
    kind: str


@dataclass(frozen=True, slots=True)
class Detail:
    line: TransactionLine
    patient: Decimal
    account: Decimal
    parts: Sequence[Decimal]
    steps: Sequence[StepLine]
    reverses: UUID | None
    others: Sequence[TransactionLine]
    may_resend: bool
    may_ask: bool


@dataclass(frozen=True, slots=True)
class DifferenceLine:
    id: UUID
    kind_name: str
    advice: str
    serial: str
    institution_code: str
    transaction_id: UUID | None
    ours: Decimal | None
    theirs: Decimal | None
    closed_at: datetime | None
    note: str


def line_status() -> LineStatus:
    row = Line.objects.filter(pk=1).first()
    fault = FAULT_NAMES[Fault(row.fault)] if row and row.fault else ""
    return LineStatus(
        is_connected=insurer().is_connected,
        fault=fault,
        rests_until=row.not_before if row else None,
        answered_at=row.answered_at if row else None,
        opened_on=row.opened_on if row else None,
    )


def transactions(
    actor: Actor, tab: str, cursor: str | None = None
) -> Page[TransactionLine]:
    rows = Transaction.objects.visible_to(actor).filter(
        state__in=[state.value for state in TABS[tab]]
    )
    mark = read_mark(cursor)
    if mark is not None:
        rows = rows.filter(
            Q(created_at__lt=mark.at) | Q(created_at=mark.at, id__gt=mark.id)
        )
    newest = rows.select_related("institution").order_by("-created_at", "id")
    found = cut(
        list(newest[: SIZE + 1]), SIZE, lambda row: Mark(row.created_at, row.id)
    )
    return found.each(transaction_line)


def counts(actor: Actor) -> dict[str, int]:
    """Of what asks for somebody; the rest is not counted for each page."""
    seen = Transaction.objects.visible_to(actor).exclude(
        state__in=[state.value for state in TABS["booked"]]
    )
    by_tab = {
        tab: Count("pk", filter=Q(state__in=[state.value for state in states]))
        for tab, states in TABS.items()
        if tab != "booked"
    }
    return seen.aggregate(**by_tab)


def detail(actor: Actor, transaction_id: UUID) -> Detail:
    seen = Transaction.objects.visible_to(actor).select_related("institution")
    row = find(seen, transaction_id)
    others = seen.filter(bill_id=row.bill_id).exclude(pk=row.pk)
    may = policies.can_send(actor, row) and insurer().is_connected
    return Detail(
        line=transaction_line(row),
        patient=row.patient_pay,
        account=row.account_pay,
        parts=(row.basic_pay, row.supplement_pay, row.serious_pay, row.assistance_pay),
        steps=[
            StepLine(
                one.at,
                STEP_NAMES[Step(one.step)],
                FAULT_NAMES[Fault(one.fault)] if one.fault else one.code,
                _STEP_KINDS.get(Step(one.step), ""),
            )
            for one in row.steps.order_by("at", "id")
        ],
        reverses=row.reverses_id,
        others=[
            transaction_line(one) for one in others.order_by("sequence", "attempt")
        ],
        may_resend=may and State(row.state) in (State.QUEUED, State.REFUSED),
        may_ask=may and row.state == State.UNKNOWN,
    )


_STEP_KINDS: Final = {
    Step.BOOK: "good",
    Step.REFUSE: "stat",
    Step.LOSE: "urgent",
    Step.REVERSE: "good",
}


def transaction_line(row: Transaction) -> TransactionLine:
    state = State(row.state)
    since = row.unknown_since or row.created_at
    return TransactionLine(
        id=row.id,
        settlement_id=row.settlement_id,
        person_id=row.person_id,
        serial=row.serial,
        number=row.number,
        kind_name=KIND_NAMES[Kind(row.kind)],
        house=row.institution.short_name if row.institution else "",
        booked_on=row.booked_on,
        total=row.total,
        fund=row.total - row.patient_pay,
        state=state,
        state_name=STATE_NAMES[state],
        fault=FAULT_NAMES[Fault(row.fault)] if row.fault and state in OPEN else "",
        advice=advice_on(row.code) if state is State.REFUSED else "",
        reference=row.reference,
        tries=row.tries,
        due_at=row.due_at,
        since=since,
        answer_due_at=since + LONGEST_UNKNOWN if state is State.UNKNOWN else None,
    )


def days(actor: Actor, cursor: str | None = None) -> Page[Reconciliation]:
    rows = Reconciliation.objects.visible_to(actor)
    mark = read_mark(cursor)
    if mark is not None:
        rows = rows.filter(
            Q(asked_at__lt=mark.at) | Q(asked_at=mark.at, id__gt=mark.id)
        )
    newest = list(rows.order_by("-asked_at", "id")[: SIZE + 1])
    return cut(newest, SIZE, lambda row: Mark(row.asked_at, row.id))


def one_day(actor: Actor, key: UUID) -> tuple[Reconciliation, list[DifferenceLine]]:
    row = find(Reconciliation.objects.visible_to(actor), key)
    found = Difference.objects.filter(reconciliation=row).order_by("kind", "serial")
    return row, [_difference(one) for one in found[:MOST_DIFFERENCES]]


def _difference(row: Difference) -> DifferenceLine:
    kind = comparing.Difference(row.kind)
    return DifferenceLine(
        id=row.id,
        kind_name=comparing.DIFFERENCE_NAMES[kind],
        advice=comparing.ADVICE[kind],
        serial=row.serial,
        institution_code=row.institution_code,
        transaction_id=row.transaction_id,
        ours=row.ours_fund,
        theirs=row.theirs_fund,
        closed_at=row.closed_at,
        note=row.note,
    )
