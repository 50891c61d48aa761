"""From the basic fund's share to the patient's (RI-2, steps 8 to 10)."""

from yilian.insurance.settlement.rules.book import Book
from yilian.insurance.settlement.rules.result import Basis, Part
from yilian.insurance.settlement.rules.terms import Counts
from yilian.insurance.settlement.rules.year import Year, assistance_pay, serious_pay
from yilian.kernel.money import Fen


def conclude(
    book: Book,
    year: Year,
    basis: Basis,
    counts: Counts,
    *,
    basic: Fen,
    cut_before: Fen,
    extra: Fen,
    self_pay: Fen,
) -> Part:
    """Counts into the year what this service adds to it."""
    counted_before, left_before = year.counted, year.left
    terms = basis.terms
    serious = serious_pay(year, terms, counts, self_pay)
    assistance = assistance_pay(year, terms, counts, self_pay - serious)
    patient = basis.charges.total - basic - extra - serious - assistance
    account = book.from_account(patient) if book.balance else 0
    return Part(
        *basis, basic, cut_before, extra, self_pay, counted_before, serious,
        left_before, assistance, patient, account,
    )  # fmt: skip
