"""Rows of the clearing as they come about: entries with their legs and accounts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from yilian.demo.world.chance import fixed_id
from yilian.demo.world.history.pen import CHINA
from yilian.insurance.clearing.models import (
    ClosedPeriod,
    Entry,
    LedgerAccount,
    Posting,
    SharedService,
)
from yilian.insurance.clearing.models_statement import (
    Dispute,
    DisputeAnswer,
    Statement,
    StatementStep,
)
from yilian.insurance.clearing.rules.ledger import (
    CLEARING,
    EntryKind,
    Line,
    claim_of,
    pair_of,
)
from yilian.kernel.money import ZERO, from_fen

_OFFICE_HOURS: Final = 480


@dataclass(frozen=True, slots=True)
class Event:
    """What an entry says: of which consortium and month, and when it was posted."""

    consortium: str
    period: date
    kind: EntryKind
    id: UUID
    at: datetime
    text: str


@dataclass
class Told:
    """Rows as they come about."""

    slips: list[SharedService] = field(default_factory=list)
    accounts: dict[tuple[UUID, UUID, str], LedgerAccount] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    postings: list[Posting] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)
    steps: list[StatementStep] = field(default_factory=list)
    disputes: list[Dispute] = field(default_factory=list)
    answers: list[DisputeAnswer] = field(default_factory=list)
    closed: list[ClosedPeriod] = field(default_factory=list)
    debits: dict[UUID, Decimal] = field(default_factory=dict)  # by entry
    _inside: dict[tuple[UUID, date], "Inside"] = field(default_factory=dict)

    def inside(self, consortium: UUID, period: date) -> "Inside":
        """Once all entries are told."""
        if not self._inside:
            for entry in self.entries:
                key = entry.consortium_id, entry.period
                found = self._inside.setdefault(key, Inside())
                found.entries += 1
                found.turnover += self.debits[entry.id]
        return self._inside.get((consortium, period), Inside())


@dataclass
class Inside:
    """What a month's books hold: so many entries, and the sum of the debit side."""

    entries: int = 0
    turnover: Decimal = ZERO


@dataclass
class Books:
    """`signers`: who keeps the books of each house."""

    told: Told
    bodies: Mapping[str, UUID]
    signers: Mapping[UUID, str]
    today: date
    now: datetime

    def enter(self, lines: Iterable[Line], event: Event) -> Entry:
        legs = list(lines)
        one, other = pair_of(legs)
        entry = Entry(
            id=fixed_id("clearing entry", event.kind, event.id),
            consortium_id=self.bodies[event.consortium],
            period=event.period,
            one_id=one,
            other_id=other,
            kind=event.kind.value,
            event_kind=event.kind.value,
            event_id=event.id,
            happened_on=event.at.astimezone(CHINA).date(),
            text=event.text,
            clause=CLEARING.id,
            one_owes=from_fen(claim_of(legs, other)),
            other_owes=from_fen(claim_of(legs, one)),
            legs=len(legs),
            posted_at=event.at,
        )
        self.told.entries.append(entry)
        self.told.debits[entry.id] = from_fen(sum(x.fen for x in legs if x.fen > 0))
        for place, line in enumerate(legs):
            self.told.postings.append(
                Posting(
                    id=fixed_id("clearing posting", entry.id, place),
                    entry_id=entry.id,
                    account_id=self._account(line).id,
                    amount=from_fen(line.fen),
                )
            )
        return entry

    def _account(self, line: Line) -> LedgerAccount:
        key = line.institution_id, line.counterparty_id, line.kind.value
        found = self.told.accounts.get(key)
        if found is None:
            found = self.told.accounts[key] = LedgerAccount(
                id=fixed_id("clearing account", *key),
                institution_id=line.institution_id,
                counterparty_id=line.counterparty_id,
                kind=line.kind.value,
            )
        return found


def moment(day: date, number: int) -> datetime:
    """In office hours; no two alike, so that lists have an order."""
    at = datetime.combine(day, time(9), CHINA) + timedelta(
        minutes=number % _OFFICE_HOURS
    )
    return at.astimezone(UTC)
