"""Finding settlements: by number, by person, by house, by day, by what became of them.

Each way leads through an index; what was typed in the search box is understood here
and nowhere kept.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from yilian.foundation.access.actor import Actor
from yilian.insurance.settlement.models import Bill, Settlement
from yilian.insurance.settlement.queries.listing import (
    BillLine,
    SettlementLine,
    settlement_line,
    with_whys,
)
from yilian.insurance.settlement.rules.case import PENALISED, Kind, Referral
from yilian.insurance.settlement.rules.ledger import Entry
from yilian.insurance.settlement.rules.numbers import tidy
from yilian.kernel.errors import Invalid
from yilian.kernel.page import Mark, Page, cut, read_mark
from yilian.kernel.safe_text import clean_line
from yilian.registry.directory.models import Institution
from yilian.registry.population.models import Person
from yilian.registry.population.queries.search import understand

PAGE: Final = 40
MOST_EXPORTED: Final = 5000
_MOST_PERSONS: Final = 200
_MOST_HOUSES: Final = 60
_MOST_WAITING: Final = 10
_LONGEST: Final = 64
_PENALISED: Final = sorted(state.value for state in PENALISED)


@dataclass(frozen=True, slots=True)
class Sought:
    """`text`: a settlement's or bill's number, an identity number, a name. Red entries
    and what they took back are shown with `everything`, or where they are asked for."""

    text: str = ""
    house: str = ""
    kind: Kind | None = None
    state: Referral | None = None
    since: date | None = None
    until: date | None = None
    only_penalised: bool = False
    only_adjusted: bool = False
    everything: bool = False
    person_id: UUID | None = None
    institution_id: UUID | None = None
    booked_on: date | None = None

    @property
    def is_any(self) -> bool:
        return self != Sought()


def sought(
    actor: Actor, asked: Sought, cursor: str | None = None
) -> Page[SettlementLine]:
    rows = _rows(actor, asked)
    mark = read_mark(cursor)
    if mark is not None:
        rows = rows.filter(
            Q(settled_at__lt=mark.at) | Q(settled_at=mark.at, id__gt=mark.id)
        )
    found = list(rows.order_by("-settled_at", "id")[: PAGE + 1])
    page = cut(found, PAGE, lambda row: Mark(row.settled_at, row.id))
    return page.each(settlement_line)


def exported(actor: Actor, asked: Sought) -> list[SettlementLine]:
    """One more than a file holds says that it is cut."""
    rows = _rows(actor, asked).order_by("-settled_at", "id")[: MOST_EXPORTED + 1]
    return [settlement_line(row) for row in rows]


def waiting_sought(actor: Actor, asked: Sought) -> list[BillLine]:
    """Bills not settled yet that the same words find."""
    text = _typed(asked.text)
    if not text:
        return []
    rows = Bill.objects.visible_to(actor).waiting().filter(_bills_said(actor, text))
    rows = rows.select_related("person", "institution").defer("lines")
    found = list(rows.order_by("posted_at")[:_MOST_WAITING])
    return list(map(with_whys(found), found))


def _rows(actor: Actor, asked: Sought) -> QuerySet[Settlement]:
    seen = Settlement.objects.visible_to(actor).filter(_of(asked))
    if not (asked.everything or asked.only_adjusted or asked.booked_on):
        seen = seen.live()
    if asked.text.strip():
        seen = seen.filter(_said(actor, _typed(asked.text)))
    if asked.house.strip():
        seen = seen.filter(institution__in=_houses(_typed(asked.house)))
    red = Settlement.objects.filter(person=OuterRef("person"), reverses=OuterRef("id"))
    return (
        seen.annotate(is_red=Exists(red))
        .select_related("person", "institution")
        .defer("working")
    )


def _of(asked: Sought) -> Q:
    exact = {
        "kind": asked.kind.value if asked.kind else None,
        "referral_state": asked.state.value if asked.state else None,
        "discharged_on__gte": asked.since,
        "discharged_on__lte": asked.until,
        "person": asked.person_id,
        "institution": asked.institution_id,
        "booked_on": asked.booked_on,
    }
    found = Q(**{name: value for name, value in exact.items() if value is not None})
    if asked.only_penalised:
        found &= Q(referral_state__in=_PENALISED)
    if asked.only_adjusted:
        found &= Q(entry__in=[Entry.ADJUSTMENT.value, Entry.REVERSAL.value])
    return found


def _said(actor: Actor, text: str) -> Q:
    """What the words mean, in this order: our number, a house's number, a person."""
    number = tidy(text)
    if number:
        return Q(number=number)
    bills = _bills_numbered(actor, text)
    if bills:
        return Q(bill_id__in=bills)
    return Q(person__in=_persons(text))


def _bills_said(actor: Actor, text: str) -> Q:
    return Q(id__in=_bills_numbered(actor, text)) | Q(person__in=_persons(text))


def _bills_numbered(actor: Actor, text: str) -> list[UUID]:
    """House by house, because the index begins with the house."""
    rows = Bill.objects.visible_to(actor).filter(
        institution__in=Institution.objects.filter(tier__isnull=False),
        number=text,
        voided_at=None,
    )
    outside = Bill.objects.visible_to(actor).filter(
        institution=None, number=text, voided_at=None
    )
    return [
        *rows.values_list("id", flat=True)[:_MOST_WAITING],
        *outside.values_list("id", flat=True)[:_MOST_WAITING],
    ]


def _persons(text: str) -> list[UUID]:
    """Nobody, where the words can mean nobody."""
    try:
        asked = understand(text)
    except Invalid:
        return []
    found: list[UUID] = []
    for each in asked.meant:
        rows = Person.objects.filter(each).order_by("pinyin", "id")
        found += rows.values_list("id", flat=True)[:_MOST_PERSONS]
    return found


def _houses(text: str) -> list[UUID]:
    named = Q(short_name__icontains=text) | Q(legal_name__icontains=text)
    rows = Institution.objects.filter(named, tier__isnull=False)
    return list(rows.order_by("code").values_list("id", flat=True)[:_MOST_HOUSES])


def _typed(raw: str) -> str:
    try:
        return clean_line(raw[:_LONGEST], max_length=_LONGEST)
    except Invalid:
        return ""
