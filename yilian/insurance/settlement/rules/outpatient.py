"""A visit: by its scheme, within the limits of the visit and of the year (RI-5)."""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from yilian.insurance.policy.rules.keys import ANY
from yilian.insurance.settlement.rules.book import Book
from yilian.insurance.settlement.rules.case import (
    CaseWrong,
    Insurance,
    Place,
    Referral,
    Scheme,
    Service,
)
from yilian.insurance.settlement.rules.charges import charges_of
from yilian.insurance.settlement.rules.paying import conclude
from yilian.insurance.settlement.rules.result import Basis, Charges, Link, Part
from yilian.insurance.settlement.rules.terms import NO_LIMIT, Counts, Terms, left_of
from yilian.insurance.settlement.rules.year import Year
from yilian.kernel.money import MILLION, Fen, Millionths
from yilian.kernel.text import _


class _Entitled(NamedTuple):
    """What a scheme gives this visit, before the in-scope amount is known."""

    ratio: Millionths
    deductible: Fen  # of the year
    absorbed_before: Fen
    visit_limit: Fen
    limit_left: Fen


def settle_visit(book: Book, place: int, service: Service) -> tuple[Part, ...]:
    day = service.admitted_on
    terms = book.terms.on(day)
    year = book.year(day.year)
    book.remember(service, None)
    charges = charges_of(service.lines, terms.first_self_pay_rate)
    entitled = _SCHEMES[service.scheme](service, terms, year, place)
    basis = _basis(service, terms, charges, entitled)
    basic = min(basis.calc, entitled.visit_limit, entitled.limit_left)
    counts = terms.counts[service.scheme]
    _count(year, service, basic, basis.deductible_absorbed, counts)
    self_pay = charges.in_scope - basic
    return (
        conclude(
            book,
            year,
            basis,
            counts,
            basic=basic,
            cut_before=year.cut,
            extra=0,
            self_pay=self_pay,
        ),
    )


def _ordinary(service: Service, terms: Terms, year: Year, place: int) -> _Entitled:
    visit = terms.visits[service.place]
    left = left_of(terms.visit_annual_limit, year.visits)
    limit = visit.visit_limit
    if service.months > 1:
        limit = _long(limit, service.months, terms, place)
    return _Entitled(
        visit.ratio, terms.visit_deductible, year.visit_absorbed, limit, left
    )


def _long(limit: Fen, months: int, terms: Terms, place: int) -> Fen:
    """One long prescription is one visit; its limit grows with its months."""
    if months > terms.long_rx_max_months:
        where = f"services[{place}].months"
        most = terms.long_rx_max_months
        raise CaseWrong(where, _("长期处方最长 {most} 个月"), most=most)
    if limit == NO_LIMIT or not terms.long_rx_multiplies:
        return limit
    return limit * months


def _two_disease(service: Service, terms: Terms, year: Year, place: int) -> _Entitled:
    if terms.insurance is not Insurance.RESIDENT:
        where = f"services[{place}].scheme"
        raise CaseWrong(where, _("两病门诊用药保障只用于城乡居民医保"))
    limit = _limit(terms.two_disease_limits, service, place)
    left = left_of(limit, year.two_disease.get(service.disease or ANY, 0))
    return _Entitled(terms.two_disease[service.place], 0, 0, NO_LIMIT, left)


def _special(service: Service, terms: Terms, year: Year, place: int) -> _Entitled:
    """The ratio of a stay; a village clinic counts as primary."""
    at = Place.PRIMARY if service.place is Place.VILLAGE else service.place
    stay = terms.stays[at][Referral.FIRST_CONTACT]
    quota = _limit(terms.quotas, service, place)
    left = left_of(quota, year.special.get(service.disease or ANY, 0))
    if terms.counts[Scheme.SPECIAL_DISEASE].to_ceiling:
        left = min(left, left_of(terms.ceiling, year.basic))
    return _Entitled(
        stay.ratio_set,
        terms.special_deductible,
        year.special_absorbed,
        NO_LIMIT,
        left,
    )


def _limit(limits: Mapping[str, Fen], service: Service, place: int) -> Fen:
    limit = limits.get(service.disease or ANY)
    if limit is None:
        where = f"services[{place}].disease"
        raise CaseWrong(where, _("没有这个病种：{disease}"), disease=service.disease)
    return limit


_Scheme = Callable[[Service, Terms, Year, int], _Entitled]
_SCHEMES: Final[Mapping[Scheme, _Scheme]] = {
    Scheme.ORDINARY: _ordinary,
    Scheme.TWO_DISEASE: _two_disease,
    Scheme.SPECIAL_DISEASE: _special,
}


def _basis(
    service: Service, terms: Terms, charges: Charges, entitled: _Entitled
) -> Basis:
    due = max(entitled.deductible - entitled.absorbed_before, 0)
    absorbed = min(due, charges.in_scope)
    base = charges.in_scope - absorbed
    calc = (base * entitled.ratio + 500_000) // MILLION
    day = service.admitted_on
    return Basis(
        day.year, day, terms, charges, service.referral, Link.NONE,
        entitled.deductible, entitled.absorbed_before, due, absorbed, base,
        entitled.ratio, entitled.ratio, calc, calc, entitled.visit_limit,
        entitled.limit_left,
    )  # fmt: skip


def _count(
    year: Year, service: Service, basic: Fen, absorbed: Fen, counts: Counts
) -> None:
    if counts.to_ceiling:
        year.basic += basic
    disease = service.disease or ANY
    if service.scheme is Scheme.ORDINARY:
        year.visits += basic
        year.visit_absorbed += absorbed
    elif service.scheme is Scheme.TWO_DISEASE:
        year.two_disease[disease] = year.two_disease.get(disease, 0) + basic
    else:
        year.special[disease] = year.special.get(disease, 0) + basic
        year.special_absorbed += absorbed
