"""Statements in lists and alone, with their lines, signatures and disputes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.db.models import F, Q, QuerySet

from yilian.foundation.access.actor import Actor
from yilian.foundation.access.scope import find
from yilian.insurance.clearing import policies
from yilian.insurance.clearing.models import Entry, SharedService
from yilian.insurance.clearing.models_statement import Dispute, Statement, StatementStep
from yilian.insurance.clearing.queries.books import closed_until
from yilian.insurance.clearing.queries.houses import led
from yilian.insurance.clearing.rules import slip as slips
from yilian.insurance.clearing.rules import statement as rules
from yilian.insurance.clearing.rules.ledger import ENTRY_NAMES, EntryKind
from yilian.insurance.clearing.rules.months import month_of
from yilian.insurance.clearing.rules.statement import (
    Answer,
    DisputeState,
    Reason,
    State,
    Step,
)
from yilian.kernel.money import ZERO
from yilian.kernel.page import Mark, Page, cut, read_mark

PAGE: Final = 30
MOST_LINES: Final = 300
_STEP_WORDS: Final[Mapping[str, str]] = {
    "draw": rules.DRAWN_WORDS,
    "redraw": rules.REDRAWN_WORDS,
    **{step.value: words for step, words in rules.STEP_NAMES.items()},
}


@dataclass(frozen=True, slots=True)
class StatementLine:
    """A statement in a list; `net` above zero: `one` pays."""

    id: UUID
    number: str
    period: date
    consortium_id: UUID
    one_id: UUID
    one: str
    other_id: UUID
    other: str
    one_owes: Decimal
    other_owes: Decimal
    state: State
    due_at: datetime | None
    drawn_at: datetime
    lines: int

    @property
    def net(self) -> Decimal:
        return self.one_owes - self.other_owes

    @property
    def payer(self) -> str:
        return self.one if self.net > 0 else self.other

    @property
    def payee(self) -> str:
        return self.other if self.net > 0 else self.one

    @property
    def state_name(self) -> str:
        return rules.STATE_NAMES[self.state]


@dataclass(frozen=True, slots=True)
class EntryLine:
    """One entry as a statement shows it."""

    id: UUID
    one_id: UUID
    other_id: UUID
    happened_on: date
    kind: EntryKind
    text: str
    clause: str
    item_code: str
    slip_id: UUID | None
    slip_number: str
    quantity: Decimal | None
    unit: str
    unit_price: Decimal | None
    total: Decimal | None
    requester_percent: int | None
    one_owes: Decimal
    other_owes: Decimal
    is_late: bool

    @property
    def kind_name(self) -> str:
        return ENTRY_NAMES[self.kind]


@dataclass(frozen=True, slots=True)
class StepLine:
    """As the time line wants it."""

    at: datetime
    words: str
    who: str
    note: str
    kind: str
    step: str
    institution_id: UUID | None
    signer: str
    amount: Decimal | None


@dataclass(frozen=True, slots=True)
class AnswerLine:
    at: datetime
    house: str
    words: str
    text: str


@dataclass(frozen=True, slots=True)
class DisputeLine:
    id: UUID
    statement_id: UUID
    number: str
    period: date
    raised_by: str
    reason: str
    text: str
    claimed: Decimal | None
    entry_text: str
    state: DisputeState
    raised_at: datetime
    answers: list[AnswerLine]

    @property
    def state_name(self) -> str:
        return rules.DISPUTE_NAMES[self.state]


@dataclass(frozen=True, slots=True)
class Group:
    """All entries of one item together, for the head of the printed form."""

    text: str
    count: int
    one_owes: Decimal
    other_owes: Decimal


@dataclass(frozen=True, slots=True)
class StatementDetail:
    line: StatementLine
    row: Statement
    consortium: str
    entries: Sequence[EntryLine]
    is_cut: bool
    adjustments: Sequence[EntryLine]
    payments: Sequence[EntryLine]
    history: list[StepLine]
    disputes: list[DisputeLine]
    steps: list[Step]
    is_closed: bool
    may_draw: bool

    @property
    def groups(self) -> list[Group]:
        found: dict[str, list[EntryLine]] = {}
        for line in self.entries:
            found.setdefault(line.text, []).append(line)
        return [
            Group(
                text,
                len(lines),
                sum((x.one_owes for x in lines), ZERO),
                sum((x.other_owes for x in lines), ZERO),
            )
            for text, lines in found.items()
        ]

    @property
    def signatures(self) -> Mapping[UUID, StepLine]:
        """Who signed since it was last drawn, adjusted or disputed."""
        found: dict[UUID, StepLine] = {}
        for step in self.history:
            if step.step == Step.CONFIRM and step.institution_id:
                found[step.institution_id] = step
            elif step.step not in (Step.PAY, Step.SETTLE):
                found = {}
        return found


@dataclass(frozen=True, slots=True)
class Asked:
    """What a list is narrowed to."""

    period: date | None = None
    state: State | None = None
    consortium_id: UUID | None = None


def statements_of(
    actor: Actor, asked: Asked, cursor: str | None, *, size: int = PAGE
) -> Page[StatementLine]:
    rows = _narrowed(Statement.objects.visible_to(actor), asked)
    mark = read_mark(cursor)
    if mark is not None:
        later = Q(drawn_at=mark.at, pk__lt=mark.id)
        rows = rows.filter(Q(drawn_at__lt=mark.at) | later)
    found = [_line(row) for row in rows.order_by("-drawn_at", "-pk")[: size + 1]]
    return cut(found, size, lambda line: Mark(line.drawn_at, line.id))


def my_turn(actor: Actor) -> QuerySet[Statement]:
    """Those that wait for this house: its word, its answer or its money."""
    here = actor.institution_id
    if not policies.keeps_books(actor):
        return Statement.objects.none()
    rows = Statement.objects.filter(Q(one=here) | Q(other=here))
    confirm = Q(state__in=[State.DRAWN.value, State.ADJUSTED.value])
    second = Q(state=State.HALF_CONFIRMED.value) & ~Q(half_confirmed_by=here)
    asked = Dispute.objects.filter(state=DisputeState.OPEN.value)
    raised = asked.exclude(raised_by=here).values("statement")
    answer = Q(state=State.DISPUTED.value, pk__in=raised)
    one_pays = Q(one_owes__gt=F("other_owes") + F("other_adjusted") - F("one_adjusted"))
    pays = (one_pays & Q(one=here)) | (~one_pays & Q(other=here))
    pay = Q(state=State.CONFIRMED.value) & pays
    return rows.filter(confirm | second | answer | pay)


def lines_for(rows: QuerySet[Statement], most: int) -> list[StatementLine]:
    return [_line(row) for row in _named(rows).order_by("due_at", "pk")[:most]]


def detail(actor: Actor, statement_id: UUID) -> StatementDetail:
    visible = _named(Statement.objects.visible_to(actor))
    row = find(visible.select_related("one", "other", "consortium"), statement_id)
    disputes = list(
        Dispute.objects.filter(statement=row)
        .select_related("raised_by", "entry", "statement")
        .prefetch_related("answers__institution")
        .order_by("raised_at")
    )
    aside = _entry_lines(Entry.objects.filter(statement=row))
    lines = _entry_lines(Entry.objects.of_statement(row)[: MOST_LINES + 1])
    open_one = next((one for one in disputes if one.state == DisputeState.OPEN), None)
    leads = led(actor)
    last = closed_until(row.consortium_id)
    return StatementDetail(
        line=_line(row),
        row=row,
        consortium=row.consortium.alias,
        entries=lines[:MOST_LINES],
        is_cut=len(lines) > MOST_LINES,
        adjustments=[one for one in aside if one.kind is EntryKind.ADJUSTMENT],
        payments=[one for one in aside if one.kind is EntryKind.PAYMENT],
        history=_history(row),
        disputes=[dispute_line(one) for one in disputes],
        steps=[
            step
            for step in rules.steps_from(State(row.state))
            if policies.can_take(actor, row, step, open_one, leads)
        ],
        is_closed=last is not None and row.period <= last,
        may_draw=row.state == State.DRAWN
        and policies.can_draw(actor, leads, row.consortium_id),
    )


def disputes_of(actor: Actor, *, only_open: bool, most: int) -> list[DisputeLine]:
    rows = Dispute.objects.filter(statement__in=Statement.objects.visible_to(actor))
    if only_open:
        rows = rows.filter(state=DisputeState.OPEN.value)
    rows = rows.select_related("raised_by", "entry", "statement")
    rows = rows.prefetch_related("answers__institution").order_by("-raised_at")
    return [dispute_line(row) for row in rows[:most]]


def entry_lines(rows: Iterable[Entry]) -> list[EntryLine]:
    return _entry_lines(rows)


def dispute_line(row: Dispute) -> DisputeLine:
    return DisputeLine(
        id=row.id,
        statement_id=row.statement_id,
        number=row.statement.number,
        period=row.statement.period,
        raised_by=row.raised_by.short_name,
        reason=rules.REASON_NAMES[Reason(row.reason)],
        text=row.text,
        claimed=row.claimed,
        entry_text=row.entry.text if row.entry else "",
        state=DisputeState(row.state),
        raised_at=row.raised_at,
        answers=[
            AnswerLine(
                said.answered_at,
                said.institution.short_name,
                rules.ANSWER_NAMES[Answer(said.answer)],
                said.text,
            )
            for said in sorted(row.answers.all(), key=lambda said: said.answered_at)
        ],
    )


def _narrowed(rows: QuerySet[Statement], asked: Asked) -> QuerySet[Statement]:
    if asked.period:
        rows = rows.filter(period=asked.period)
    if asked.state:
        rows = rows.filter(state=asked.state.value)
    if asked.consortium_id:
        rows = rows.filter(consortium=asked.consortium_id)
    return _named(rows)


def _named(rows: QuerySet[Statement]) -> QuerySet[Statement]:
    return rows.select_related("one", "other")


def _line(row: Statement) -> StatementLine:
    return StatementLine(
        id=row.id,
        number=row.number,
        period=row.period,
        consortium_id=row.consortium_id,
        one_id=row.one_id,
        one=row.one.short_name,
        other_id=row.other_id,
        other=row.other.short_name,
        one_owes=row.one_owes + row.one_adjusted,
        other_owes=row.other_owes + row.other_adjusted,
        state=State(row.state),
        due_at=row.due_at,
        drawn_at=row.drawn_at,
        lines=row.lines,
    )


def _entry_lines(rows: Iterable[Entry]) -> list[EntryLine]:
    """Two statements, however many lines."""
    if isinstance(rows, QuerySet) and not rows.query.is_sliced:
        rows = rows.order_by("happened_on", "pk")
    found = list(rows)
    wanted = [one.event_id for one in found if one.event_kind == slips.EVENT]
    known = SharedService.objects.in_bulk(wanted) if wanted else {}
    return sorted(
        (_entry_line(one, known.get(one.event_id)) for one in found),
        key=lambda line: (line.happened_on, str(line.id)),
    )


def _entry_line(row: Entry, slip: SharedService | None) -> EntryLine:
    return EntryLine(
        id=row.id,
        one_id=row.one_id,
        other_id=row.other_id,
        happened_on=row.happened_on,
        kind=EntryKind(row.kind),
        text=row.text,
        clause=row.clause,
        item_code=row.item_code,
        slip_id=slip.id if slip else None,
        slip_number=slip.number if slip else "",
        quantity=slip.quantity if slip else None,
        unit=slip.unit if slip else "",
        unit_price=slip.unit_price if slip else None,
        total=slip.total if slip else None,
        requester_percent=row.requester_percent,
        one_owes=row.one_owes,
        other_owes=row.other_owes,
        is_late=month_of(row.happened_on) < row.period,
    )


_KINDS: Final[Mapping[str, str]] = {
    Step.CONFIRM: "good",
    Step.PAY: "good",
    Step.SETTLE: "good",
    Step.DISPUTE: "stat",
    Step.ADJUST: "urgent",
}


def _history(row: Statement) -> list[StepLine]:
    rows = StatementStep.objects.filter(statement=row).select_related("institution")
    return [
        StepLine(
            at=one.taken_at,
            words=_STEP_WORDS.get(one.step, one.step),
            who=" ".join(
                filter(
                    None,
                    (one.institution.short_name if one.institution else "", one.signer),
                )
            ),
            note=one.note,
            kind=_KINDS.get(one.step, ""),
            step=one.step,
            institution_id=one.institution_id,
            signer=one.signer,
            amount=one.amount,
        )
        for one in rows.order_by("taken_at", "pk")
    ]
