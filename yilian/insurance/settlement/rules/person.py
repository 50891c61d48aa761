"""All services of one person, whatever they were insured as meanwhile.

The rules settle a case: one insured person by one set. Whoever changes the
insurance, the grade or the group of assistance begins another stretch; what the year
has used under the same insurance goes on counting. A chain ends with its stretch.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from yilian.insurance.policy.rules.sets import ParameterSet
from yilian.insurance.settlement.rules.case import (
    Case,
    Insured,
    Kind,
    Scheme,
    Service,
    Used,
)
from yilian.insurance.settlement.rules.result import Part, Settled
from yilian.insurance.settlement.rules.settle import settle
from yilian.insurance.settlement.rules.terms import INPATIENT
from yilian.kernel.money import Fen


@dataclass(frozen=True, slots=True)
class Covered:
    """A stretch of insurance as it stands in the books; `starts_on` is its first day,
    `credit` what the personal account held then."""

    id: str
    insured: Insured
    area: str
    starts_on: date
    ends_on: date | None = None
    credit: Fen = 0

    def holds_on(self, day: date) -> bool:
        return self.starts_on <= day and (self.ends_on is None or day < self.ends_on)


@dataclass(frozen=True, slots=True)
class Item:
    service: Service
    covered: Covered


@dataclass(frozen=True, slots=True)
class Outcome:
    """A settled service with what it was settled by."""

    settled: Settled
    covered: Covered
    parameters: ParameterSet

    @property
    def follows(self) -> str | None:
        return self.settled.service.follows


ParametersOf = Callable[[str], ParameterSet]


def covered_on(covers: Iterable[Covered], service: Service) -> Covered | None:
    """That of the day whose parameters hold: the discharge, or the visit."""
    day = service.discharged_on
    return next((one for one in covers if one.holds_on(day)), None)


def settle_person(
    items: Iterable[Item],
    parameters_of: ParametersOf,
    spent: Mapping[str, Fen] | None = None,
) -> dict[str, Outcome]:
    """By service id. `spent` says, by stretch, what the personal account has paid
    for services that are not among the items."""
    found: dict[str, Outcome] = {}
    before: list[Outcome] = []
    for stretch in stretches(items):
        first = stretch[0].covered
        opening = max(first.credit - (spent or {}).get(first.id, 0), 0)
        parameters = parameters_of(first.area)
        case = Case(
            "",
            replace(first.insured, account_balance=opening),
            _within(stretch),
            _used(before, first),
        )
        before = [
            Outcome(settled, item.covered, parameters)
            for item, settled in zip(
                stretch, settle(case, parameters).services, strict=True
            )
        ]
        found |= {one.settled.service.id: one for one in before}
    return found


def stretches(items: Iterable[Item]) -> list[list[Item]]:
    """In order of time; each alike in all that the rules ask of a person."""
    found: list[list[Item]] = []
    ordered = sorted(
        items, key=lambda i: (i.service.discharged_on, i.service.admitted_on)
    )
    for item in ordered:
        if found and _goes_on(found[-1][-1].covered, item.covered):
            found[-1].append(item)
        else:
            found.append([item])
    return found


def _goes_on(one: Covered, other: Covered) -> bool:
    if one.id == other.id:
        return True
    is_alike = (one.insured, one.area) == (other.insured, other.area)
    return is_alike and not one.credit and not other.credit


def _within(stretch: Sequence[Item]) -> list[Service]:
    known = {item.service.id for item in stretch}
    services = (item.service for item in stretch)
    return [
        one
        if one.follows is None or one.follows in known
        else replace(one, follows=None)
        for one in services
    ]


def _used(before: Sequence[Outcome], covered: Covered) -> Used:
    """What the year in which the stretch begins has used in the stretch before."""
    if not before or before[-1].covered.insured.insurance != covered.insured.insurance:
        return Used()
    year = covered.starts_on.year
    used = dict.fromkeys(
        ("basic", "compliant_self_pay", "serious", "assistance", "outpatient"), 0
    )
    for one in before:
        for part in one.settled.parts:
            if part.year == year:
                _count(used, one.settled.service, part)
    return Used(**used, year=year) if any(used.values()) else Used()


def _count(used: dict[str, Fen], service: Service, part: Part) -> None:
    is_stay = service.kind is Kind.INPATIENT
    counts = part.terms.counts[INPATIENT if is_stay else service.scheme]
    if counts.to_ceiling:
        used["basic"] += part.basic_pay
    if counts.to_serious:
        used["compliant_self_pay"] += part.compliant_self_pay
        used["serious"] += part.serious_pay
    if counts.to_assistance:
        used["assistance"] += part.assistance_pay
    if not is_stay and service.scheme is Scheme.ORDINARY:
        used["outpatient"] += part.basic_pay
