"""The stays that referrals join, and how they share one deductible (NX-3.2-c)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from yilian.insurance.settlement.models import Bill, Settlement
from yilian.insurance.settlement.rules.case import PLACE_NAMES, Kind, Place
from yilian.insurance.settlement.rules.result import LINK_NAMES, Link
from yilian.kernel.money import from_fen

_MOST: Final = 60


@dataclass(frozen=True, slots=True)
class ChainStay:
    """`before` is what the chain had borne when this stay began, `target` the highest
    deductible of it so far: what is due here is their difference."""

    bill_id: UUID
    settlement_id: UUID
    house: str
    place: str
    place_name: str
    admitted_on: date
    discharged_on: date
    target: Decimal
    before: Decimal
    due: Decimal
    absorbed: Decimal
    link: Link
    link_name: str
    fund_pay: Decimal
    patient_pay: Decimal
    is_this: bool

    @property
    def borne(self) -> Decimal:
        """By the chain, with this stay."""
        return self.before + self.absorbed


def chain_of(person_id: UUID, bill_id: UUID) -> list[ChainStay]:
    """In the order of time; just the stay itself where nothing is joined to it."""
    rows = (
        Settlement.objects.live()
        .filter(person=person_id, kind=Kind.INPATIENT.value)
        .select_related("institution")
        .order_by("-discharged_on", "-sequence")[:_MOST]
    )
    live = {row.bill_id: row for row in rows}
    if bill_id not in live:
        return []
    joined = _joined_to(bill_id, live)
    bills = Bill.objects.filter(person=person_id, id__in=joined).only(
        "id", "person_id", "admitted_on", "discharged_on", "outside_name"
    )
    found = [_stay(live[bill.id], bill, bill_id) for bill in bills]
    return sorted(found, key=lambda stay: (stay.admitted_on, stay.discharged_on))


def link_of(row: Settlement) -> Link:
    parts = row.working.get("parts") or [{}]
    return Link(parts[0].get("link", Link.NONE.value))


def _joined_to(bill_id: UUID, live: Mapping[UUID, Settlement]) -> set[UUID]:
    """All that hang together with it, whichever way the arrows point."""
    pairs = [
        (row.bill_id, row.follows)
        for row in live.values()
        if row.follows in live and link_of(row) is Link.JOINED
    ]
    found, grew = {bill_id}, True
    while grew:
        more = {b for pair in pairs if set(pair) & found for b in pair if b}
        grew = not more <= found
        found |= more
    return found


def _stay(row: Settlement, bill: Bill, this: UUID) -> ChainStay:
    parts: list[Any] = row.working["parts"]
    link = link_of(row)
    return ChainStay(
        bill_id=row.bill_id,
        settlement_id=row.id,
        house=row.institution.short_name if row.institution else bill.outside_name,
        place=row.place,
        place_name=PLACE_NAMES[Place(row.place)],
        admitted_on=bill.admitted_on,
        discharged_on=bill.discharged_on,
        target=from_fen(parts[0]["chain_target"]),
        before=from_fen(parts[0]["chain_absorbed"]),
        due=row.deductible_due,
        absorbed=row.deductible_absorbed,
        link=link,
        link_name=LINK_NAMES[link],
        fund_pay=row.total - row.patient_pay,
        patient_pay=row.patient_pay,
        is_this=row.bill_id == this,
    )
