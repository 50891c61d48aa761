"""A stay: deductible, ratio and ceiling (RI-2, steps 2 to 7)."""

from datetime import date

from yilian.insurance.settlement.rules.book import Book
from yilian.insurance.settlement.rules.case import (
    CaseWrong,
    Insured,
    Place,
    Referral,
    Service,
)
from yilian.insurance.settlement.rules.chains import Chain, link_of, owe
from yilian.insurance.settlement.rules.charges import charges_of, lines_by_year
from yilian.insurance.settlement.rules.paying import conclude
from yilian.insurance.settlement.rules.result import Basis, Charges, Link, Part
from yilian.insurance.settlement.rules.terms import (
    INPATIENT,
    NO_LIMIT,
    StayTerms,
    Terms,
    left_of,
)
from yilian.insurance.settlement.rules.year import Year, supplement
from yilian.kernel.money import MILLION, Fen
from yilian.kernel.text import _


def settle_stay(book: Book, place: int, service: Service) -> tuple[Part, ...]:
    day = service.discharged_on
    terms = book.terms.on(day)
    referral = service.referral or assumed_referral(service, book.insured, terms)
    link = link_of(service, referral, book.before(service), terms)
    if terms.splits_years and service.admitted_on.year != day.year:
        return _split(book, place, service, referral, link)
    stay = _stay_terms(terms, service, referral, place)
    chain = _chain(book, service, stay, link, day.year)
    charges = charges_of(service.lines, terms.first_self_pay_rate)
    return (
        _part(
            book,
            terms,
            stay,
            day=day,
            charges=charges,
            referral=referral,
            chain=chain,
            link=link,
        ),
    )


def assumed_referral(service: Service, insured: Insured, terms: Terms) -> Referral:
    """How a stay counts when nobody has said how the patient came (D4)."""
    if service.place is Place.OUTSIDE:
        return Referral.REMOTE_UNFILED
    if service.place in (Place.VILLAGE, Place.PRIMARY):
        return Referral.FIRST_CONTACT
    if _is_exempt_by_age(insured, service.admitted_on, terms):
        return Referral.EXEMPT_PERSON
    if terms.no_referral_is_non_compliant:
        return Referral.NON_COMPLIANT
    return Referral.FIRST_CONTACT


def _is_exempt_by_age(insured: Insured, day: date, terms: Terms) -> bool:
    born = insured.born_on
    if born is None or terms.exempt_from is None or terms.exempt_to is None:
        return False
    age = day.year - born.year - ((day.month, day.day) < (born.month, born.day))
    return age >= terms.exempt_from or age <= terms.exempt_to


def _split(
    book: Book, place: int, service: Service, referral: Referral, link: Link
) -> tuple[Part, ...]:
    """Each year's lines by that year's parameters and counters; one deductible."""
    _require_days(service, place)
    parts: list[Part] = []
    chain: Chain | None = None
    for year, lines in lines_by_year(service).items():
        day = min(date(year, 12, 31), service.discharged_on)
        terms = book.terms.on(day)
        stay = _stay_terms(terms, service, referral, place)
        if chain is None:
            chain = _chain(book, service, stay, link, year)
        elif terms.chain_resets:
            chain, link = (
                Chain(year, chain.factor, is_shared=chain.is_shared),
                Link.NEW_YEAR,
            )
            book.remember(service, chain)
        charges = charges_of(lines, terms.first_self_pay_rate)
        parts.append(
            _part(
                book,
                terms,
                stay,
                day=day,
                charges=charges,
                referral=referral,
                chain=chain,
                link=link,
            )
        )
    return tuple(parts)


def _require_days(service: Service, place: int) -> None:
    for number, line in enumerate(service.lines):
        if line.on is None:
            where = f"services[{place}].lines[{number}].on"
            raise CaseWrong(where, _("跨年住院分年结算时，每条费用须注明日期"))


def _stay_terms(
    terms: Terms, service: Service, referral: Referral, place: int
) -> StayTerms:
    by_referral = terms.stays.get(service.place)
    if by_referral is None:
        where = f"services[{place}].tier"
        raise CaseWrong(where, _("这一级机构没有住院待遇：{tier}"), tier=service.place)
    return by_referral[referral]


def _chain(
    book: Book, service: Service, stay: StayTerms, link: Link, year: int
) -> Chain:
    """The chain the stay joins or begins; a penalised stay's is its own alone."""
    before = book.before(service)
    if link is Link.JOINED and before is not None and before.chain is not None:
        book.remember(service, before.chain)
        return before.chain
    counters = book.year(year)
    terms = book.terms.on(service.discharged_on)
    repeats = counters.admissions > 0 and not stay.is_penalised
    counters.admissions += 1
    factor = terms.repeat_factor if repeats else MILLION
    chain = Chain(year, factor, is_shared=not stay.is_penalised)
    book.remember(service, chain)
    return chain


def _part(
    book: Book,
    terms: Terms,
    stay: StayTerms,
    *,
    day: date,
    charges: Charges,
    referral: Referral,
    chain: Chain,
    link: Link,
) -> Part:
    year = book.year(day.year)
    target, absorbed_before, due = owe(chain, stay.deductible, terms)
    absorbed = min(due, charges.in_scope)
    chain.absorbed += absorbed
    base = charges.in_scope - absorbed
    calc_set = calc = (base * stay.ratio_set + 500_000) // MILLION
    if stay.is_penalised:
        calc = (base * stay.ratio + 500_000) // MILLION
    left = _ceiling_left(year, terms)
    basis = Basis(
        day.year, day, terms, charges, referral, link, target, absorbed_before, due,
        absorbed, base, stay.ratio_set, stay.ratio, calc_set, calc, NO_LIMIT, left,
    )  # fmt: skip
    return _paid(book, year, basis)


def _ceiling_left(year: Year, terms: Terms) -> Fen:
    if not terms.counts[INPATIENT].to_ceiling:
        return NO_LIMIT
    return left_of(terms.ceiling, year.basic)


def _paid(book: Book, year: Year, basis: Basis) -> Part:
    terms, left = basis.terms, basis.limit_left
    basic = min(basis.calc, left)
    cut_before = year.cut
    covered = _covered(year, basis)
    over = basis.calc - basic
    extra = supplement(year, terms, over) if over else 0
    year.cut += over
    year.supplement += extra
    counts = terms.counts[INPATIENT]
    if counts.to_ceiling:
        year.basic += basic
    self_pay = basis.charges.in_scope - covered
    return conclude(
        book,
        year,
        basis,
        counts,
        basic=basic,
        cut_before=cut_before,
        extra=extra,
        self_pay=self_pay,
    )


def _covered(year: Year, basis: Basis) -> Fen:
    """What is not compliant self-pay: as if there were no penalty, unless it counts."""
    terms = basis.terms
    whole = basis.calc if terms.penalty_counts else basis.calc_set
    if not terms.over_ceiling_counts or whole <= basis.limit_left:
        return whole
    over = whole - basis.limit_left
    return basis.limit_left + supplement(year, terms, over)
