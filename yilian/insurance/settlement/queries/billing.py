"""One bill with all that was settled of it: its turns, its chain, who may do what."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from yilian.foundation.access.actor import Actor
from yilian.insurance.policy.rules.releases import NoParametersInForce
from yilian.insurance.settlement import policies
from yilian.insurance.settlement.models import Bill, Filing, Settlement
from yilian.insurance.settlement.queries.chain import ChainStay, chain_of
from yilian.insurance.settlement.queries.deadlines import late_filing_until
from yilian.insurance.settlement.queries.detail import (
    SettlementDetail,
    settlement_detail,
)
from yilian.insurance.settlement.queries.finding import by_id
from yilian.insurance.settlement.queries.hops import HopLink, hops_to_open
from yilian.insurance.settlement.queries.listing import BillLine, bill_line, with_whys
from yilian.insurance.settlement.rules.case import PENALISED, Kind
from yilian.insurance.settlement.rules.ledger import (
    CAUSE_NAMES,
    ENTRY_NAMES,
    Cause,
    Entry,
)

_PENALISED: Final = frozenset(state.value for state in PENALISED)


@dataclass(frozen=True, slots=True)
class Turn:
    """A settlement of the bill. `change` is what the funds pay more (less) by it than
    by the one before; nothing for a red entry, which only takes that one back."""

    id: UUID
    number: str
    turn: int
    entry: Entry
    entry_name: str
    cause_name: str
    because_of: UUID | None
    because_number: str
    settled_at: datetime
    total: Decimal
    basic_pay: Decimal
    other_pay: Decimal
    patient_pay: Decimal
    change: Decimal | None
    is_live: bool


@dataclass(frozen=True, slots=True)
class May:
    """What this actor can do with the bill now."""

    settle: bool
    take_back: bool
    void: bool
    file_late: bool
    appeal: bool
    late_until: datetime | None


@dataclass(frozen=True, slots=True)
class BillPage:
    bill: Bill
    line: BillLine
    turns: list[Turn]
    detail: SettlementDetail | None
    chain: list[ChainStay]
    hop: HopLink | None  # the referral it came by, for who may open it
    may: May

    @property
    def live(self) -> Turn | None:
        return next((turn for turn in self.turns if turn.is_live), None)


def bill_page(actor: Actor, bill_id: UUID, now: datetime) -> BillPage:
    rows = Bill.objects.visible_to(actor).select_related("person", "institution")
    bill = by_id(rows, bill_id)
    hops = hops_to_open(actor, [bill.referral_id])
    turns = turns_of(bill)
    shown = next((turn for turn in turns if turn.is_live), turns[-1] if turns else None)
    return BillPage(
        bill=bill,
        line=with_whys([bill])(bill) if not turns else bill_line(bill),
        turns=turns,
        detail=settlement_detail(actor, shown.id) if shown else None,
        chain=chain_of(bill.person_id, bill.id) if bill.kind == Kind.INPATIENT else [],
        hop=hops.get(bill.referral_id) if bill.referral_id else None,
        may=_may(actor, bill, now),
    )


def turns_of(bill: Bill) -> list[Turn]:
    rows = list(
        Settlement.objects.filter(person=bill.person_id, bill_id=bill.id)
        .defer("working")
        .order_by("turn")
    )
    red = {row.reverses for row in rows}
    numbers = _numbers(bill, rows)
    found: list[Turn] = []
    before: Decimal | None = None
    for row in rows:
        funds = row.total - row.patient_pay
        is_new = row.entry != Entry.REVERSAL
        change = funds - before if is_new and before is not None else None
        found.append(_turn(row, change, numbers, is_live=is_new and row.id not in red))
        before = funds if is_new else before
    return found


def _turn(
    row: Settlement,
    change: Decimal | None,
    numbers: dict[UUID, str],
    *,
    is_live: bool,
) -> Turn:
    entry = Entry(row.entry)
    return Turn(
        id=row.id,
        number=row.number,
        turn=row.turn,
        entry=entry,
        entry_name=ENTRY_NAMES[entry],
        cause_name=CAUSE_NAMES[Cause(row.cause)],
        because_of=row.because_of,
        because_number=numbers.get(row.because_of, "") if row.because_of else "",
        settled_at=row.settled_at,
        total=row.total,
        basic_pay=row.basic_pay,
        other_pay=row.total - row.patient_pay - row.basic_pay,
        patient_pay=row.patient_pay,
        change=change,
        is_live=is_live,
    )


def _numbers(bill: Bill, rows: list[Settlement]) -> dict[UUID, str]:
    others = {row.because_of for row in rows if row.because_of}
    if not others:
        return {}
    named = Bill.objects.filter(person=bill.person_id, id__in=others)
    return dict(named.values_list("id", "number"))


def _may(actor: Actor, bill: Bill, now: datetime) -> May:
    is_new = bill.settled_at is None and bill.voided_at is None
    is_settled = bill.settled_at is not None and bill.voided_at is None
    may_file = is_settled and is_penalised(bill) and not has_open_filing(bill)
    until = _late_until(bill) if may_file else None
    return May(
        settle=is_new and policies.can_settle(actor, bill),
        take_back=is_new and policies.can_take_back(actor, bill),
        void=is_settled and policies.answers_for(actor, bill.insured_area),
        file_late=until is not None
        and now < until
        and policies.can_file_late(actor, bill),
        appeal=may_file and policies.can_appeal(actor, bill),
        late_until=until,
    )


def is_penalised(bill: Bill) -> bool:
    """Settled at a reduced rate: only then has a filing anything to gain."""
    rows = Settlement.objects.live().filter(person=bill.person_id, bill_id=bill.id)
    state = rows.values_list("referral_state", flat=True).first()
    return state is not None and state in _PENALISED


def has_open_filing(bill: Bill) -> bool:
    rows = Filing.objects.filter(person=bill.person_id, bill_id=bill.id)
    return rows.undecided().exists()


def _late_until(bill: Bill) -> datetime | None:
    try:
        return late_filing_until(bill)
    except NoParametersInForce:
        return None
