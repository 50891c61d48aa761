"""Settling the services of one person: facts and parameters in, amounts out.

The order of RI-2. Services are settled by discharge, each against what its year
has used so far; ask again with one bill more, or one voided, and `adjustments.py`
says what changes.
"""

from datetime import date
from typing import Final

from yilian.insurance.policy.rules.sets import NothingInForce, ParameterSet
from yilian.insurance.settlement.rules.book import Book
from yilian.insurance.settlement.rules.case import Case, CaseWrong, Kind, Service
from yilian.insurance.settlement.rules.inpatient import settle_stay
from yilian.insurance.settlement.rules.order import in_order
from yilian.insurance.settlement.rules.outpatient import settle_visit
from yilian.insurance.settlement.rules.result import CaseResult, Part, Settled

_VOIDED: Final[tuple[Part, ...]] = ()


def settle(case: Case, parameters: ParameterSet) -> CaseResult:
    """Every service of the case with its working, in the order they were given.

    Raises `CaseWrong`, which names the field, or nothing in force on a day.
    """
    book = Book(case, parameters)
    done: list[Settled | None] = [None] * len(case.services)
    for place, service in in_order(case.services):
        done[place] = Settled(service, _parts(book, place, service))
    return CaseResult(case.id, tuple(s for s in done if s is not None))


def _parts(book: Book, place: int, service: Service) -> tuple[Part, ...]:
    if service.is_voided:
        book.remember(service, None)
        return _VOIDED
    try:
        if service.kind is Kind.INPATIENT:
            return settle_stay(book, place, service)
        return settle_visit(book, place, service)
    except NothingInForce as error:
        raise CaseWrong(
            f"services[{place}].{_day_field(service, error)}",
            error.text.template,
            **error.text.values,
        ) from None


def _day_field(service: Service, error: NothingInForce) -> str:
    day: date | object = error.text.values.get("day")
    same = day == service.discharged_on and service.kind is Kind.INPATIENT
    return "discharged_on" if same else "admitted_on"
