"""A resident's year: what was spent, who paid, what is left of limits."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from yilian.foundation.access.actor import Actor
from yilian.insurance.policy.rules.releases import NoParametersInForce
from yilian.insurance.settlement.models import (
    Bill,
    Coverage,
    Filing,
    Settlement,
)
from yilian.insurance.settlement.queries.casebook import as_covered
from yilian.insurance.settlement.queries.parameters import line_of
from yilian.insurance.settlement.rules.case import (
    INSURANCE_NAMES,
    PENALISED,
    PLACE_NAMES,
    REFERRAL_NAMES,
    Aid,
    Insurance,
    Kind,
    Place,
    Referral,
    Scheme,
)
from yilian.insurance.settlement.rules.names import AID_NAMES, service_name
from yilian.insurance.settlement.rules.terms import INPATIENT, NO_LIMIT, Terms, TermsOf
from yilian.kernel.money import ZERO, Fen, from_fen
from yilian.registry.population.queries import PersonCard, cards

_MOST: Final = 200
_PENALISED: Final = frozenset(state.value for state in PENALISED)


@dataclass(frozen=True, slots=True)
class MyBill:
    """One stay or visit in plain words: `beyond` was outside the catalogue or over a
    price limit, `deductible` what was borne before the fund pays."""

    bill_id: UUID
    house: str
    place_name: str
    what: str
    admitted_on: date
    discharged_on: date
    is_stay: bool
    total: Decimal
    basic: Decimal
    upper: Decimal
    own: Decimal
    beyond: Decimal
    deductible: Decimal
    ratio_percent: Decimal
    state_name: str
    is_penalised: bool
    is_again: bool  # settled again after it was first settled
    filing_id: UUID | None  # a late emergency or appeal that is being looked at

    @property
    def fund_part(self) -> Decimal:
        return self._part(self.basic)

    @property
    def upper_part(self) -> Decimal:
        return self._part(self.upper)

    def _part(self, amount: Decimal) -> Decimal:
        return round(100 * amount / self.total, 1) if self.total else ZERO


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of a limit of the year, and what was used; None: no limit."""

    key: str
    used: Decimal
    limit: Decimal | None

    @property
    def left(self) -> Decimal | None:
        return None if self.limit is None else max(self.limit - self.used, ZERO)


@dataclass(frozen=True, slots=True)
class MyYear:
    person: PersonCard
    year: int
    years: list[int]
    insurance_name: str
    aid_name: str
    total: Decimal
    basic: Decimal
    serious: Decimal
    assistance: Decimal
    supplement: Decimal
    own: Decimal
    bills: list[MyBill]
    waiting: int
    lefts: list[Left]


def my_year(actor: Actor, person_id: UUID, year: int, today: date) -> MyYear:
    """Of the year a service ended in; eight questions, however many bills."""
    mine = Settlement.objects.visible_to(actor).filter(person=person_id)
    rows = list(
        mine.live()
        .filter(discharged_on__year=year)
        .select_related("institution")
        .order_by("-discharged_on", "-sequence")[:_MOST]
    )
    bills = {
        bill.id: bill
        for bill in Bill.objects.filter(
            person=person_id, id__in=[row.bill_id for row in rows]
        ).defer("lines")
    }
    open_ones = Filing.objects.visible_to(actor).filter(person=person_id).undecided()
    filings = dict(open_ones.values_list("bill_id", "id"))
    cover = _cover(person_id, min(today, date(year, 12, 31)))
    return MyYear(
        person=cards(actor, [person_id])[person_id],
        year=year,
        years=_years(mine, today.year),
        insurance_name=INSURANCE_NAMES[Insurance(cover.insurance)] if cover else "",
        aid_name=AID_NAMES[Aid(cover.aid)] if cover and cover.aid else "",
        **_sums(rows),
        bills=[
            _my_bill(row, bills[row.bill_id], filings.get(row.bill_id)) for row in rows
        ],
        waiting=Bill.objects.visible_to(actor)
        .filter(person=person_id)
        .waiting()
        .count(),
        lefts=_lefts(rows, cover, year, today) if cover else [],
    )


def _years(mine: Any, this_year: int) -> list[int]:
    found = mine.values_list("discharged_on__year", flat=True).distinct().order_by()
    return sorted({*found, this_year}, reverse=True)


def _cover(person_id: UUID, day: date) -> Coverage | None:
    rows = Coverage.objects.of(person_id)
    return next((row for row in rows if as_covered(row).holds_on(day)), None)


def _sums(rows: Iterable[Settlement]) -> dict[str, Decimal]:
    names = {
        "total": "total",
        "basic": "basic_pay",
        "serious": "serious_pay",
        "assistance": "assistance_pay",
        "supplement": "supplement_pay",
        "own": "patient_pay",
    }
    shown = list(rows)
    return {
        name: sum((getattr(row, column) for row in shown), ZERO)
        for name, column in names.items()
    }


def _my_bill(row: Settlement, bill: Bill, filing_id: UUID | None) -> MyBill:
    upper = row.supplement_pay + row.serious_pay + row.assistance_pay
    state = Referral(row.referral_state) if row.referral_state else None
    return MyBill(
        bill_id=row.bill_id,
        house=row.institution.short_name if row.institution else bill.outside_name,
        place_name=PLACE_NAMES[Place(row.place)],
        what=service_name(Kind(row.kind), Scheme(row.scheme)),
        admitted_on=bill.admitted_on,
        discharged_on=row.discharged_on,
        is_stay=row.kind == Kind.INPATIENT,
        total=row.total,
        basic=row.basic_pay,
        upper=upper,
        own=row.patient_pay,
        beyond=row.total - row.in_scope,
        deductible=row.deductible_absorbed,
        ratio_percent=row.ratio * 100,
        state_name=REFERRAL_NAMES[state] if state else "",
        is_penalised=row.referral_state in _PENALISED,
        is_again=row.turn > 1,
        filing_id=filing_id,
    )


# --- what is left ---------------------------------------------------------------


def _lefts(
    rows: Iterable[Settlement], cover: Coverage, year: int, today: date
) -> list[Left]:
    covered = as_covered(cover)
    try:
        terms_of = TermsOf(line_of(covered.area).parameters, covered.insured)
    except NoParametersInForce:
        return []
    terms = terms_of.on(min(today, date(year, 12, 31)))
    used = _used(rows, terms, year)
    return [
        Left("serious", from_fen(used["counted"]), _yuan(terms.serious.deductible)),
        Left("ceiling", from_fen(used["basic"]), _yuan(terms.ceiling)),
        Left("visits", from_fen(used["visits"]), _yuan(terms.visit_annual_limit)),
    ]


def _used(rows: Iterable[Settlement], terms: Terms, year: int) -> Mapping[str, Fen]:
    found = {"counted": 0, "basic": 0, "visits": 0}
    for row in rows:
        is_stay = row.kind == Kind.INPATIENT
        counts = terms.counts[INPATIENT if is_stay else Scheme(row.scheme)]
        for part in row.working.get("parts", ()):
            if part["year"] != year:
                continue
            found["basic"] += part["basic_pay"] * counts.to_ceiling
            found["counted"] += part["compliant_self_pay"] * counts.to_serious
            if not is_stay and row.scheme == Scheme.ORDINARY:
                found["visits"] += part["basic_pay"]
    return found


def _yuan(fen: Fen) -> Decimal | None:
    return None if fen >= NO_LIMIT else from_fen(fen)
