"""From charge lines to the in-scope amount (RI-2, step 1)."""

from collections.abc import Iterable, Mapping

from yilian.insurance.settlement.rules.case import CatalogClass, Line, Service
from yilian.insurance.settlement.rules.result import Charges
from yilian.kernel.money import MILLION, Fen, Millionths


def charges_of(lines: Iterable[Line], first_self_pay_rate: Millionths) -> Charges:
    """Class A whole, class B less what is paid first, never what is over the limit."""
    total = over = paid_first = in_scope = class_a = class_b = 0
    for catalog_class, amount, over_limit, rate, _on in lines:
        total += amount
        if catalog_class is CatalogClass.C:
            continue
        if catalog_class is CatalogClass.A:
            class_a += amount
            in_scope += amount - over_limit
            over += over_limit
            continue
        class_b += amount
        kept = in_scope_of_b(amount, first_self_pay_rate if rate is None else rate)
        paid_first += amount - kept
        # What is paid first may already be part of what is over the limit.
        beyond = over_limit if over_limit < kept else kept
        over += beyond
        in_scope += kept - beyond
    class_c = total - class_a - class_b
    return Charges(total, class_a, class_b, class_c, paid_first, over, in_scope)


def in_scope_of_b(amount: Fen, rate: Millionths) -> Fen:
    return (amount * (MILLION - rate) + 500_000) // MILLION


def lines_by_year(service: Service) -> Mapping[int, list[Line]]:
    """The lines of each calendar year, oldest first; a line without a day is an
    error that `settle` names before it comes here.
    """
    years: dict[int, list[Line]] = {}
    for line in service.lines:
        day = line.on or service.discharged_on
        years.setdefault(day.year, []).append(line)
    return dict(sorted(years.items()))
