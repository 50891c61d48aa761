"""Finding settlements: by number, by person, by house, by day, by what became of them.

Each way leads through an index; what was typed in the search box is understood here
and nowhere kept. A list over many counties or houses is put together from one short
list of each, so that it reads no more where there are years of them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.db.models import Q, QuerySet

from yilian.foundation.access.actor import Actor
from yilian.insurance.settlement import policies
from yilian.insurance.settlement.models import Bill, Settlement
from yilian.insurance.settlement.ports import PoolMembers, Side, Span
from yilian.insurance.settlement.queries.areas import areas_within
from yilian.insurance.settlement.queries.listing import (
    BillLine,
    SettlementLine,
    settlement_lines,
    with_whys,
)
from yilian.insurance.settlement.queries.summed import by_day, by_month
from yilian.insurance.settlement.rules.case import PENALISED, Kind, Referral
from yilian.insurance.settlement.rules.ledger import Entry
from yilian.insurance.settlement.rules.numbers import tidy
from yilian.kernel.calendar import local_day, start_of_day
from yilian.kernel.errors import Invalid
from yilian.kernel.money import ZERO
from yilian.kernel.page import Mark, Page, cut, read_mark
from yilian.kernel.safe_text import clean_line
from yilian.registry.directory.models import Institution
from yilian.registry.population.queries.search import found_ids

PAGE: Final = 40
MOST_EXPORTED: Final = 5000
_MOST_PERSONS: Final = 200
_MOST_HOUSES: Final = 60
_MOST_WAITING: Final = 10
_LONGEST: Final = 64
_A_DAY: Final = timedelta(days=1)
_PENALISED: Final = sorted(state.value for state in PENALISED)
_CHANGED: Final = sorted([Entry.ADJUSTMENT.value, Entry.REVERSAL.value])


@dataclass(frozen=True, slots=True)
class Sought:
    """`text`: a settlement's or bill's number, an identity number, a name. Red entries
    and what they took back are shown with `everything`, or where they are asked for:
    then, and where days of booking are asked, the rows add up to what was booked.

    `area` is a place of insurance; `is_outside` care outside the region; `span` the
    days of booking from the first up to the last; `members` the houses of a pool, of
    which the rows are (`side` inside), or of all others (outside)."""

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
    is_outside: bool = False
    area: str = ""
    booked_on: date | None = None
    span: tuple[date, date] | None = None
    members: PoolMembers | None = None
    side: Side | None = None

    @property
    def is_any(self) -> bool:
        return self != Sought()

    @property
    def booked(self) -> tuple[date, date] | None:
        """The days of booking, the last one not included."""
        if self.booked_on is not None:
            return self.booked_on, self.booked_on + _A_DAY
        return self.span

    @property
    def shows_red(self) -> bool:
        return self.everything or self.only_adjusted or self.booked is not None

    @property
    def is_by_discharge(self) -> bool:
        """Asked for days of discharge, it is ordered by them."""
        return self.since is not None or self.until is not None


def sought(
    actor: Actor, asked: Sought, cursor: str | None = None
) -> Page[SettlementLine]:
    found = _newest(actor, asked, PAGE + 1, read_mark(cursor))
    page = cut(found, PAGE, lambda row: Mark(_moment(row, asked), row.id))
    return page.each(settlement_lines(page.lines))


def exported(actor: Actor, asked: Sought) -> list[SettlementLine]:
    """One more than a file holds says that it is cut."""
    found = _newest(actor, asked, MOST_EXPORTED + 1, None)
    return list(map(settlement_lines(found), found))


@dataclass(frozen=True, slots=True)
class HeadSums:
    """Of everything the list would show; `count` is less what was taken back."""

    count: int
    total: Decimal
    basic: Decimal
    own: Decimal

    @property
    def upper(self) -> Decimal:
        return self.total - self.basic - self.own


def head_sums(actor: Actor, asked: Sought) -> HeadSums | None:
    """None where only the rows themselves could say it."""
    is_of_few = asked.text.strip() or asked.house.strip() or asked.person_id
    if is_of_few or asked.is_by_discharge or not policies.may_add_up(actor):
        return None
    of = Q(**_within(actor)) & _of(asked, _by_day)
    if asked.only_adjusted:
        of &= Q(entry__in=_CHANGED)
    sums_of = by_month if asked.booked is None else by_day
    found = list(sums_of(of, ("kind",)))
    columns = list(zip(*found, strict=True)) or [()] * 9
    _kind, total, basic, _supplement, _serious, _aid, own, counted, _few = columns
    return HeadSums(
        count=sum(counted),
        total=sum(total, ZERO),
        basic=sum(basic, ZERO),
        own=sum(own, ZERO),
    )


def _within(actor: Actor) -> dict[str, object]:
    """As `visible_to`, in words that rows and sums share."""
    if policies.is_insurer(actor):
        return {"insured_area__startswith": actor.area_code}
    return {"institution": actor.institution_id}


def waiting_sought(actor: Actor, asked: Sought) -> list[BillLine]:
    """Bills not settled yet that the same words find."""
    text = _typed(asked.text)
    if not text:
        return []
    rows = Bill.objects.visible_to(actor).waiting().filter(_bills_said(actor, text))
    rows = rows.select_related("person", "institution").defer("lines")
    found = list(rows.order_by("posted_at")[:_MOST_WAITING])
    return list(map(with_whys(found), found))


def _newest(
    actor: Actor, asked: Sought, most: int, mark: Mark | None
) -> list[Settlement]:
    """The first so many after the mark, from the first so many of each part."""
    rows = _after(_rows(actor, asked), asked, mark)
    order = ("-discharged_on" if asked.is_by_discharge else "-settled_at", "id")
    parts = [rows.filter(part).order_by(*order)[:most] for part in _parts(actor, asked)]
    if not parts:
        return []
    found = parts[0].union(*parts[1:], all=True) if len(parts) > 1 else parts[0]
    return list(found.order_by(*order)[:most] if len(parts) > 1 else found)


def _parts(actor: Actor, asked: Sought) -> list[Q]:
    """Each leads through an index in the order of the list."""
    if asked.house.strip():
        return [Q(institution=house) for house in _houses(_typed(asked.house))]
    is_of_few = asked.text.strip() or asked.person_id or asked.institution_id
    if is_of_few or not policies.is_insurer(actor):
        return [Q()]
    area = asked.area if asked.area.startswith(actor.area_code) else actor.area_code
    return [Q(insured_area=code) for code in areas_within(area)]


def _after(
    rows: "QuerySet[Settlement]", asked: Sought, mark: Mark | None
) -> "QuerySet[Settlement]":
    if mark is None:
        return rows
    if asked.is_by_discharge:
        day = local_day(mark.at)
        return rows.filter(
            Q(discharged_on__lt=day) | Q(discharged_on=day, id__gt=mark.id),
            discharged_on__lte=day,
        )
    return rows.filter(
        Q(settled_at__lt=mark.at) | Q(settled_at=mark.at, id__gt=mark.id),
        settled_at__lte=mark.at,
    )


def _moment(row: Settlement, asked: Sought) -> datetime:
    return start_of_day(row.discharged_on) if asked.is_by_discharge else row.settled_at


def _rows(actor: Actor, asked: Sought) -> "QuerySet[Settlement]":
    seen = Settlement.objects.visible_to(actor).filter(
        _of(asked, _by_moment), _of_row(asked)
    )
    if not asked.shows_red:
        seen = seen.live()
    if asked.text.strip():
        seen = seen.filter(_said(actor, _typed(asked.text)))
    return seen.select_related("person", "institution").defer("working")


def _by_day(first: date, end: date) -> Q:
    return Q(booked_on__gte=first, booked_on__lt=end)


def _by_moment(first: date, end: date) -> Q:
    """The same of a row, in the order of the list; said both ways, the database would
    think them rare and look through all of them."""
    return Q(settled_at__gte=start_of_day(first), settled_at__lt=start_of_day(end))


def _of(asked: Sought, days: Callable[[date, date], Q]) -> Q:
    """What rows and their sums can be asked alike."""
    exact: dict[str, Any] = {
        "kind": asked.kind.value if asked.kind else None,
        "referral_state": asked.state.value if asked.state else None,
        "institution": asked.institution_id,
        "insured_area__startswith": asked.area or None,
    }
    found = Q(**{name: value for name, value in exact.items() if value is not None})
    if asked.state is not None and asked.state not in PENALISED:
        found &= Q(kind=Kind.INPATIENT.value)  # as the index of stays has it
    if asked.only_penalised:
        found &= Q(referral_state__in=_PENALISED)
    if asked.is_outside:
        found &= Q(institution=None)
    if asked.booked is not None:
        found &= days(*asked.booked)
    if asked.members is not None:
        found &= _of_members(asked.members, asked.side, days)
    return found


def _of_row(asked: Sought) -> Q:
    """What only a row can say."""
    exact: dict[str, Any] = {
        "discharged_on__gte": asked.since,
        "discharged_on__lte": asked.until,
        "person": asked.person_id,
    }
    found = Q(**{name: value for name, value in exact.items() if value is not None})
    if asked.only_adjusted:
        found &= Q(entry__in=_CHANGED)
    if asked.booked is not None:
        first, end = asked.booked
        found &= Q(
            settled_at__gte=start_of_day(first), settled_at__lt=start_of_day(end)
        )
    return found


def _of_members(
    pool: PoolMembers, side: Side | None, days: Callable[[date, date], Q]
) -> Q:
    """Of the pool's people, and of the houses that belonged to it in those days. (Of
    its year by the link.)"""
    of = Q(insured_area__startswith=pool.area_code)
    if side is None:
        return of
    spans: dict[Span, list[UUID]] = {}
    for house, span in pool.spans:
        spans.setdefault(span, []).append(house)
    inside = Q(institution__in=[])
    for span, houses in spans.items():
        whole = span == (pool.start, pool.end)
        inside |= Q(institution__in=houses) & (Q() if whole else days(*span))
    return of & inside if side is Side.INSIDE else of & ~inside


def _said(actor: Actor, text: str) -> Q:
    """What the words mean, in this order: our number, a house's number, a person."""
    number = tidy(text)
    if number:
        return Q(number=number)
    bills = _bills_numbered(actor, text)
    if bills:
        return Q(bill_id__in=bills)
    return Q(person__in=found_ids(text, _MOST_PERSONS))


def _bills_said(actor: Actor, text: str) -> Q:
    return Q(id__in=_bills_numbered(actor, text)) | Q(
        person__in=found_ids(text, _MOST_PERSONS)
    )


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


def _houses(text: str) -> list[UUID]:
    named = Q(short_name__icontains=text) | Q(legal_name__icontains=text)
    rows = Institution.objects.filter(named, tier__isnull=False)
    return list(rows.order_by("code").values_list("id", flat=True)[:_MOST_HOUSES])


def _typed(raw: str) -> str:
    try:
        return clean_line(raw[:_LONGEST], max_length=_LONGEST)
    except Invalid:
        return ""
