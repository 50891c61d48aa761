"""One settlement as a readable calculation: bill, decision, steps, what came after."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import QuerySet

from yilian.foundation.access.actor import Actor
from yilian.insurance.settlement import policies
from yilian.insurance.settlement.models import Bill, Decision, Filing, Settlement
from yilian.insurance.settlement.queries.casebook import service_of
from yilian.insurance.settlement.queries.finding import by_id
from yilian.insurance.settlement.queries.hops import HopLink, hops_to_open
from yilian.insurance.settlement.queries.listing import (
    FilingLine,
    SettlementLine,
    filing_line,
    settlement_lines,
)
from yilian.insurance.settlement.queries.parameters import line_of
from yilian.insurance.settlement.rules.case import (
    INSURANCE_NAMES,
    REFERRAL_NAMES,
    Aid,
    CatalogClass,
    Insurance,
    Insured,
    Referral,
)
from yilian.insurance.settlement.rules.ledger import (
    CAUSE_NAMES,
    SOURCE_NAMES,
    STANDING_NAMES,
    Cause,
    Entry,
    Source,
    Standing,
)
from yilian.insurance.settlement.rules.lines import lines_of
from yilian.insurance.settlement.rules.names import AID_NAMES, CLASS_NAMES
from yilian.insurance.settlement.rules.trace import Step
from yilian.insurance.settlement.rules.working import read_parts, told_steps
from yilian.kernel.money import from_fen


@dataclass(frozen=True, slots=True)
class Charge:
    """A line of the bill."""

    name: str
    item: str
    class_name: str
    amount: Decimal
    over_limit: Decimal
    on: date | None


@dataclass(frozen=True, slots=True)
class ReasonLine:
    question: str
    holds: bool | None
    clause: str


@dataclass(frozen=True, slots=True)
class DecisionLine:
    id: UUID
    state_name: str
    source_name: str
    standing: Standing
    standing_name: str
    grants: bool
    reasons: list[ReasonLine]
    note: str
    decided_at: datetime
    second_at: datetime | None
    hop: HopLink | None


@dataclass(frozen=True, slots=True)
class Amounts:
    total: Decimal
    in_scope: Decimal
    deductible_due: Decimal
    deductible_absorbed: Decimal
    ratio: Decimal
    basic_pay: Decimal
    supplement_pay: Decimal
    compliant_self_pay: Decimal
    serious_pay: Decimal
    assistance_pay: Decimal
    patient_pay: Decimal
    account_pay: Decimal


@dataclass(frozen=True, slots=True)
class SettlementDetail:
    """`history` are all rows of the bill; `beside` what was booked with this one
    for the person's other bills."""

    line: SettlementLine
    amounts: Amounts
    insurance_name: str
    aid_name: str
    cause_name: str
    set_name: str  # "NX-DEMO-2018/1"
    outside_name: str
    bill_number: str
    catalogue: str
    admitted_on: date
    diagnosis_code: str
    diagnosis_name: str
    charges: list[Charge]
    years: list[tuple[int, list[Step]]]
    decisions: list[DecisionLine]
    filings: list[FilingLine]
    history: list[SettlementLine]
    beside: list[SettlementLine]
    digest: str
    may_void: bool
    may_file: bool


def settlement_detail(actor: Actor, settlement_id: UUID) -> SettlementDetail:
    """Within sight, else 404. Reading it is audited by `services.reading`."""
    rows = Settlement.objects.visible_to(actor)
    row = by_id(rows.select_related("person", "institution"), settlement_id)
    bill = Bill.objects.get(person=row.person_id, id=row.bill_id)
    line = settlement_lines([row])(row)
    mine = Settlement.objects.filter(person=row.person_id)
    return SettlementDetail(
        line=line,
        amounts=Amounts(*(getattr(row, name) for name in Amounts.__slots__)),
        insurance_name=INSURANCE_NAMES[Insurance(row.insurance)],
        aid_name=AID_NAMES[Aid(row.aid)] if row.aid else "",
        cause_name=CAUSE_NAMES[Cause(row.cause)],
        set_name=f"{row.set_id}/{row.set_version}",
        outside_name=bill.outside_name,
        bill_number=bill.number,
        catalogue=bill.catalogue,
        admitted_on=bill.admitted_on,
        diagnosis_code=bill.diagnosis_code,
        diagnosis_name=bill.diagnosis_name,
        charges=_charges(bill),
        years=steps_by_year(row, bill),
        decisions=_decisions(actor, row),
        filings=_filings(row),
        history=_lines(mine.filter(bill_id=row.bill_id).order_by("turn")),
        beside=_lines(
            mine.filter(run=row.run).exclude(bill_id=row.bill_id).order_by("sequence")
        ),
        digest=row.digest,
        may_void=line.is_live and policies.can_void(actor, row),
        may_file=line.is_live and policies.can_appeal(actor, bill),
    )


def steps_by_year(row: Settlement, bill: Bill) -> list[tuple[int, list[Step]]]:
    """Told from the kept numbers; none for a red entry."""
    if row.entry == Entry.REVERSAL:
        return []
    line = line_of(row.insured_area, known=row.release_number)
    parts = read_parts(row.working, insured_of(row), line.parameters)
    referral = Referral(row.referral_state) if row.referral_state else None
    found: dict[int, list[Step]] = {}
    for year, step in told_steps(service_of(bill, referral, row.follows), parts):
        found.setdefault(year, []).append(step)
    return list(found.items())


def insured_of(row: Settlement) -> Insured:
    """As the person was insured for this settlement."""
    return Insured(
        Insurance(row.insurance),
        grade=row.grade or None,
        is_retired=row.is_retired,
        aid=Aid(row.aid) if row.aid else None,
    )


def _lines(rows: "QuerySet[Settlement]") -> list[SettlementLine]:
    found = list(rows.select_related("person", "institution").defer("working"))
    return list(map(settlement_lines(found), found))


def _charges(bill: Bill) -> list[Charge]:
    return [
        Charge(
            name=raw.get("name", ""),
            item=raw.get("item", ""),
            class_name=CLASS_NAMES[CatalogClass(line.catalog_class)],
            amount=from_fen(line.amount),
            over_limit=from_fen(line.over_limit),
            on=line.on,
        )
        for raw, line in zip(bill.lines, lines_of(bill.lines), strict=True)
    ]


def _decisions(actor: Actor, row: Settlement) -> list[DecisionLine]:
    rows = list(
        Decision.objects.filter(person=row.person_id, bill_id=row.bill_id).order_by(
            "decided_at", "id"
        )
    )
    hops = hops_to_open(actor, [one.referral_id for one in rows])
    return [
        DecisionLine(
            id=one.id,
            state_name=REFERRAL_NAMES[Referral(one.referral_state)],
            source_name=SOURCE_NAMES[Source(one.source)],
            standing=Standing(one.standing),
            standing_name=STANDING_NAMES[Standing(one.standing)],
            grants=one.grants,
            reasons=[
                ReasonLine(r["question"], r["holds"], r["clause"]) for r in one.reasons
            ],
            note=one.note,
            decided_at=one.decided_at,
            second_at=one.second_at,
            hop=hops.get(one.referral_id) if one.referral_id else None,
        )
        for one in rows
    ]


def _filings(row: Settlement) -> list[FilingLine]:
    rows = Filing.objects.filter(person=row.person_id, bill_id=row.bill_id)
    rows = rows.select_related("person", "institution")
    return [filing_line(one) for one in rows.order_by("filed_at")]
