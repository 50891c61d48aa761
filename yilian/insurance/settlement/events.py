"""What settlement announces. Plain values; amounts in yuan; no names."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from yilian.kernel.event import Event


@dataclass(frozen=True)
class BillPosted(Event):
    bill_id: UUID
    person_id: UUID
    institution_id: UUID | None
    insured_area: str


@dataclass(frozen=True)
class BillVoided(Event):
    """Taken back; if it was settled, `SettlementReversed` comes too."""

    bill_id: UUID
    person_id: UUID
    institution_id: UUID | None
    insured_area: str


@dataclass(frozen=True)
class Booked(Event):
    """Common to both kinds of row; amounts with the row's own signs."""

    settlement_id: UUID
    bill_id: UUID
    person_id: UUID
    institution_id: UUID | None
    insured_area: str
    entry: str
    booked_on: date
    total: Decimal
    basic: Decimal
    supplement: Decimal
    serious: Decimal
    assistance: Decimal
    patient: Decimal


@dataclass(frozen=True)
class BillSettled(Booked):
    """A new settlement, or one again after a red entry (`entry`: adjustment)."""


@dataclass(frozen=True)
class SettlementReversed(Booked):
    """A red entry; `reverses_id` is the settlement it takes back."""

    reverses_id: UUID


@dataclass(frozen=True)
class AmountRefused(Event):
    """Of a confirmed suspicion; budgets take it over."""

    anomaly_id: UUID
    institution_id: UUID | None
    insured_area: str
    amount: Decimal
    refused_on: date
