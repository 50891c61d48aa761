"""Settlements, bills and filings as lists, newest first; each within sight."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from yilian.foundation.access.actor import Actor
from yilian.foundation.access.choices import values
from yilian.insurance.settlement.models import Bill, Filing, Held, Settlement
from yilian.insurance.settlement.rules.automatic import (
    EXCEPTIONS,
    GROUND_CLAUSES,
    GROUND_NAMES,
    Ground,
)
from yilian.insurance.settlement.rules.case import (
    PLACE_NAMES,
    REFERRAL_NAMES,
    Kind,
    Place,
    Referral,
    Scheme,
)
from yilian.insurance.settlement.rules.ledger import (
    ENTRY_NAMES,
    FILING_NAMES,
    FILING_STATE_NAMES,
    Entry,
    FilingKind,
    FilingState,
)
from yilian.insurance.settlement.rules.names import service_name
from yilian.insurance.settlement.rules.numbers import tidy
from yilian.kernel.names import mask_name
from yilian.kernel.page import Mark, Page, cut, read_mark
from yilian.kernel.text import Text

PAGE: Final = 40


@dataclass(frozen=True, slots=True)
class Wanted:
    """`text` is a settlement's number; `state` a referral state; without
    `everything` red entries and what they took back are left out."""

    person_id: UUID | None = None
    institution_id: UUID | None = None
    state: Referral | None = None
    kind: Kind | None = None
    text: str = ""
    everything: bool = False


@dataclass(frozen=True, slots=True)
class SettlementLine:
    id: UUID
    number: str
    bill_id: UUID
    person_id: UUID
    name: str  # masked, always
    house: str  # "" outside the region
    place_name: str
    service_name: str
    discharged_on: date
    state: str  # of a stay
    state_name: str
    entry: Entry
    entry_name: str
    total: Decimal
    fund_pay: Decimal
    patient_pay: Decimal
    settled_at: datetime
    is_live: bool


@dataclass(frozen=True, slots=True)
class Why:
    """What somebody should look at before the bill is settled."""

    ground: Ground
    ground_name: str
    words: Text
    clause: str


@dataclass(frozen=True, slots=True)
class BillLine:
    id: UUID
    number: str
    person_id: UUID
    name: str
    house: str
    place_name: str
    service_name: str
    admitted_on: date
    discharged_on: date
    total: Decimal
    posted_at: datetime
    settles_itself: bool
    why: Why | None = None  # it waits for a person


@dataclass(frozen=True, slots=True)
class FilingLine:
    id: UUID
    bill_id: UUID
    person_id: UUID
    name: str
    house: str
    kind_name: str
    state: FilingState
    state_name: str
    filed_at: datetime
    due_at: datetime


def settlements(
    actor: Actor, wanted: Wanted, cursor: str | None = None
) -> Page[SettlementLine]:
    """Of a person, a house, or everybody the actor answers for."""
    seen = Settlement.objects.visible_to(actor).filter(_of(wanted)).defer("working")
    page = _paged(seen if wanted.everything else seen.live(), "settled_at", cursor)
    return page.each(settlement_lines(page.lines))


def waiting_bills(
    actor: Actor, cursor: str | None = None, *, exceptions: bool = False
) -> Page[BillLine]:
    """Posted, for a person to settle: oldest work last, as everywhere. `exceptions`:
    only what was refused when it was to settle itself."""
    rows = Bill.objects.visible_to(actor).for_a_person().defer("lines")
    if exceptions:
        rows = rows.filter(Exists(refusals()))
    page = _paged(rows, "posted_at", cursor)
    return page.each(with_whys(page.lines))


def with_whys(rows: Iterable[Bill]) -> Callable[[Bill], BillLine]:
    """Lines of bills that wait, each with its reason; one question for all."""
    known = whys(row.id for row in rows)
    return lambda row: bill_line(row, known.get(row.id))


def whys(bill_ids: Iterable[UUID]) -> dict[UUID, Why]:
    """The last thing said of each."""
    said = Held.objects.filter(bill_id__in=list(bill_ids)).order_by("held_at", "id")
    return {row.bill_id: _why(row) for row in said}


def _why(row: Held) -> Why:
    ground = Ground(row.ground)
    return Why(
        ground,
        GROUND_NAMES[ground],
        Text(row.template, row.told),
        GROUND_CLAUSES[ground],
    )


def refusals() -> Any:
    return Held.objects.filter(bill_id=OuterRef("id"), ground__in=values(EXCEPTIONS))


def filings(
    actor: Actor, *, is_open: bool, cursor: str | None = None
) -> Page[FilingLine]:
    rows = Filing.objects.visible_to(actor)
    return _paged(rows.undecided() if is_open else rows, "filed_at", cursor).each(
        filing_line
    )


def settlement_lines(
    rows: Iterable[Settlement],
) -> Callable[[Settlement], SettlementLine]:
    """Which of them a red entry took back is asked of these rows alone: within the
    list's own question the database would look through all red entries there are."""
    listed = list(rows)
    red = Settlement.objects.filter(
        person__in={row.person_id for row in listed},
        reverses__in=[row.id for row in listed],
    )
    taken_back = set(red.values_list("reverses", flat=True))
    return lambda row: settlement_line(row, is_red=row.id in taken_back)


def settlement_line(row: Settlement, *, is_red: bool) -> SettlementLine:
    """`is_red`: whether a red entry took it back."""
    entry = Entry(row.entry)
    state = Referral(row.referral_state) if row.referral_state else None
    return SettlementLine(
        id=row.id,
        number=row.number,
        bill_id=row.bill_id,
        person_id=row.person_id,
        name=mask_name(row.person.name),
        house=_house(row),
        place_name=PLACE_NAMES[Place(row.place)],
        service_name=service_name(Kind(row.kind), Scheme(row.scheme)),
        discharged_on=row.discharged_on,
        state=row.referral_state,
        state_name=REFERRAL_NAMES[state] if state else "",
        entry=entry,
        entry_name=ENTRY_NAMES[entry],
        total=row.total,
        fund_pay=row.total - row.patient_pay,
        patient_pay=row.patient_pay,
        settled_at=row.settled_at,
        is_live=entry is not Entry.REVERSAL and not is_red,
    )


def bill_line(row: Bill, why: Why | None = None) -> BillLine:
    return BillLine(
        id=row.id,
        number=row.number,
        person_id=row.person_id,
        name=mask_name(row.person.name),
        house=_house(row) or row.outside_name,
        place_name=PLACE_NAMES[Place(row.place)],
        service_name=service_name(Kind(row.kind), Scheme(row.scheme)),
        admitted_on=row.admitted_on,
        discharged_on=row.discharged_on,
        total=row.total,
        posted_at=row.posted_at,
        settles_itself=row.settles_itself,
        why=why,
    )


def filing_line(row: Filing) -> FilingLine:
    state = FilingState(row.state)
    return FilingLine(
        id=row.id,
        bill_id=row.bill_id,
        person_id=row.person_id,
        name=mask_name(row.person.name),
        house=_house(row),
        kind_name=FILING_NAMES[FilingKind(row.kind)],
        state=state,
        state_name=FILING_STATE_NAMES[state],
        filed_at=row.filed_at,
        due_at=row.due_at,
    )


def _of(wanted: Wanted) -> Q:
    found = Q()
    if wanted.person_id is not None:
        found &= Q(person=wanted.person_id)
    if wanted.institution_id is not None:
        found &= Q(institution=wanted.institution_id)
    if wanted.state is not None:
        found &= Q(referral_state=wanted.state.value)
    if wanted.kind is not None:
        found &= Q(kind=wanted.kind.value)
    if wanted.text:
        found &= Q(number=tidy(wanted.text) or "")
    return found


def _paged(rows: Any, moment: str, cursor: str | None) -> Page[Any]:
    """By moment and id, the newest first."""
    mark = read_mark(cursor)
    if mark is not None:
        at_or_before = Q(**{f"{moment}__lt": mark.at}) | Q(
            **{moment: mark.at}, id__gt=mark.id
        )
        rows = rows.filter(at_or_before)
    found = list(
        rows.select_related("person", "institution").order_by(f"-{moment}", "id")[
            : PAGE + 1
        ]
    )
    mark_of: Callable[[Any], Mark] = lambda row: Mark(getattr(row, moment), row.id)  # noqa: E731
    return cut(found, PAGE, mark_of)


def _house(row: Any) -> str:
    return row.institution.short_name if row.institution else ""
