"""One statement led through its life, to the state in which the demo shows it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from yilian.demo.loading.insurance_clearing_books import Books, Event
from yilian.demo.world.chance import fixed_id
from yilian.demo.world.history.pen import CHINA
from yilian.insurance.clearing.models import Entry
from yilian.insurance.clearing.models_statement import (
    Dispute,
    DisputeAnswer,
    Statement,
    StatementStep,
)
from yilian.insurance.clearing.rules.clocks import LIMITS
from yilian.insurance.clearing.rules.ledger import EntryKind, Line, owed, paid
from yilian.insurance.clearing.rules.months import month_of
from yilian.insurance.clearing.rules.statement import (
    CLOCKS,
    Answer,
    DisputeState,
    Reason,
    State,
    Step,
)
from yilian.kernel.money import round_fen, to_fen


@dataclass
class Life:
    """One statement led to the state it has now, a day or two a step."""

    books: Books
    row: Statement
    consortium: str
    entries: list[Entry]
    _at: datetime = datetime(1970, 1, 1, tzinfo=UTC)

    def lead_to(self, wanted: State) -> None:
        self._at = self.row.drawn_at
        self._step("draw", None)
        if wanted in (State.DISPUTED, State.ADJUSTED):
            self._dispute(is_settled=wanted is State.ADJUSTED)
        elif wanted is not State.DRAWN:
            self._sign(wanted)
        self._wind_clock()

    def _sign(self, wanted: State) -> None:
        one, other = self.row.one_id, self.row.other_id
        self._step(Step.CONFIRM, one)
        if wanted is State.HALF_CONFIRMED:
            self._become(State.HALF_CONFIRMED)
            self.row.half_confirmed_by_id = one
            return
        self._step(Step.CONFIRM, other)
        self._become(State.CONFIRMED)
        if self._net() == 0 or wanted is State.PAID:
            self._pay()

    def _pay(self) -> None:
        row = self.row
        payer, payee = (
            (row.one_id, row.other_id)
            if self._net() > 0
            else (row.other_id, row.one_id)
        )
        owes = {row.one_id: row.one_owes, row.other_id: row.other_owes}
        lines = paid(
            payer, payee, payer_owes=to_fen(owes[payer]), payee_owes=to_fen(owes[payee])
        )
        voucher = f"回单 {self._at.astimezone(CHINA):%Y%m%d}-{row.id.hex[:6].upper()}"
        self._pass(9)
        entry = self._aside(lines, EntryKind.PAYMENT, row.id, voucher)
        entry.event_kind = "statement_paid"
        self._step(Step.PAY, payer, note=voucher, amount=abs(self._net()))
        self._become(State.PAID)

    def _dispute(self, *, is_settled: bool) -> None:
        row = self.row
        debtor = row.one_id if row.one_owes >= row.other_owes else row.other_id
        largest = max(self.entries, key=lambda x: x.one_owes + x.other_owes)
        claimed = round_fen((largest.one_owes + largest.other_owes) / 10)
        text = "本院登记的例数少于对方，请核对登记簿"
        self._step(Step.DISPUTE, debtor, note=text, amount=claimed)
        raised = Dispute(
            id=fixed_id("clearing dispute", row.id),
            statement_id=row.id,
            raised_by_id=debtor,
            reason=Reason.WRONG_QUANTITY.value,
            text=text,
            entry_id=largest.id,
            claimed=claimed,
            raised_at=self._at,
        )
        self.books.told.disputes.append(raised)
        self._become(State.DISPUTED)
        creditor = row.other_id if debtor == row.one_id else row.one_id
        if is_settled or row.id.int % 2:
            self._answer(raised, creditor)
        if is_settled:
            self._adjust(raised, debtor, creditor, claimed)

    def _answer(self, raised: Dispute, house: UUID) -> None:
        text = "已核对登记簿，部分例数确系重复登记"
        self._step(Step.ANSWER, house, note=text)
        self.books.told.answers.append(
            DisputeAnswer(
                id=fixed_id("clearing answer", raised.id),
                dispute_id=raised.id,
                institution_id=house,
                answer=Answer.PARTLY.value,
                text=text,
                answered_at=self._at,
            )
        )

    def _adjust(
        self, raised: Dispute, debtor: UUID, creditor: UUID, claimed: Decimal
    ) -> None:
        text = "重复登记的例数调减"
        lines = owed(creditor, debtor, -to_fen(claimed))
        self._step(Step.ADJUST, creditor, note=text, amount=-claimed)
        entry = self._aside(lines, EntryKind.ADJUSTMENT, raised.id, text)
        entry.event_kind = "statement_adjusted"
        if debtor == self.row.one_id:
            self.row.one_adjusted = -claimed
        else:
            self.row.other_adjusted = -claimed
        raised.state, raised.ended_at = DisputeState.SETTLED.value, self._at
        self._become(State.ADJUSTED)

    def _aside(
        self, lines: Iterable[Line], kind: EntryKind, event: UUID, text: str
    ) -> Entry:
        period = month_of(self._at.astimezone(CHINA).date())
        told = Event(self.consortium, period, kind, event, self._at, text)
        entry = self.books.enter(lines, told)
        entry.statement_id = self.row.id
        return entry

    def _net(self) -> Decimal:
        return self.row.one_owes - self.row.other_owes

    def _become(self, state: State) -> None:
        self.row.state = state.value
        self.row.half_confirmed_by_id = None

    def _pass(self, days: int) -> None:
        self._at = min(self._at + timedelta(days=days), self.books.now)

    def _step(
        self, step: str, house: UUID | None, *, note: str = "",
        amount: Decimal | None = None,
    ) -> None:  # fmt: skip
        if house is not None:
            self._pass(2)
            self.row.revision += 1
        told = self.books.told.steps
        told.append(
            StatementStep(
                id=fixed_id("clearing step", self.row.id, len(told)),
                statement_id=self.row.id,
                step=str(step),
                institution_id=house,
                taken_at=self._at,
                signer=self.books.signers.get(house, "") if house else "",
                note=note,
                amount=amount,
            )
        )

    def _wind_clock(self) -> None:
        kind = CLOCKS.get(State(self.row.state))
        if kind is None:
            return
        days = LIMITS[kind].default.on(self.books.today)
        self.row.clock_from = self._at
        self.row.due_at = self._at + timedelta(days=days)
