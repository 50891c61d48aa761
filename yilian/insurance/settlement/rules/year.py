"""What one person has used up in one insurance year, and the tiers above basic.

Both upper tiers count the whole year: what a service is paid is the year's claim
after it less the claim before it, each rounded to the fen. So the parts always add
up to the claim, in whatever order the bills come (RI-6).
"""

from yilian.insurance.settlement.rules.case import Used
from yilian.insurance.settlement.rules.terms import (
    AidTerms,
    Counts,
    SeriousTerms,
    Terms,
)
from yilian.kernel.money import MILLION, Fen


class Year:
    """Counters of fen; they only ever grow."""

    __slots__ = (
        "admissions",
        "assistance",
        "basic",
        "counted",
        "cut",
        "left",
        "serious",
        "special",
        "special_absorbed",
        "supplement",
        "two_disease",
        "visit_absorbed",
        "visits",
    )

    def __init__(self, used: Used | None = None) -> None:
        self.basic = used.basic if used else 0
        self.counted = used.compliant_self_pay if used else 0
        self.serious = used.serious if used else 0
        self.assistance = used.assistance if used else 0
        self.visits = used.outpatient if used else 0
        self.left = max(self.counted - self.serious, 0)
        self.cut = 0
        self.supplement = 0
        self.admissions = 0
        self.visit_absorbed = 0
        self.special_absorbed = 0
        self.two_disease: dict[str, Fen] = {}
        self.special: dict[str, Fen] = {}


def serious_claim(counted: Fen, terms: SeriousTerms) -> Fen:
    """What the year's compliant self-pay entitles to, by bands, 大病保险."""
    above = counted - terms.deductible
    if above <= 0:
        return 0
    claim, bands = 0, terms.bands
    for index, (start, ratio) in enumerate(bands):
        if above <= start:
            break
        end = bands[index + 1][0] if index + 1 < len(bands) else above
        claim += (min(above, end) - start) * ratio
    return (claim + 500_000) // MILLION


def assistance_claim(left: Fen, terms: AidTerms) -> Fen:
    above = left - terms.deductible
    return (above * terms.ratio + 500_000) // MILLION if above > 0 else 0


def supplement(year: Year, terms: Terms, cut: Fen) -> Fen:
    """Of what the ceiling cuts off now, the part the supplement pays, 大额补助."""
    ratio = terms.supplement_ratio
    if not cut or not ratio:
        return 0
    before = (year.cut * ratio + 500_000) // MILLION
    after = ((year.cut + cut) * ratio + 500_000) // MILLION
    return min(after - before, max(terms.supplement_limit - year.supplement, 0))


def serious_pay(year: Year, terms: Terms, counts: Counts, self_pay: Fen) -> Fen:
    """Counts the self-pay into the year."""
    if not counts.to_serious:
        return 0
    before = year.counted
    year.counted = after = before + self_pay
    serious = terms.serious
    if after <= serious.deductible:
        return 0
    pay = serious_claim(after, serious) - serious_claim(before, serious)
    pay = min(pay, max(serious.ceiling - year.serious, 0))
    year.serious += pay
    return pay


def assistance_pay(year: Year, terms: Terms, counts: Counts, left: Fen) -> Fen:
    """Counts what is left after the first two tiers into the year."""
    if not counts.to_assistance:
        return 0
    before = year.left
    year.left = after = before + left
    aid = terms.assistance
    if not aid.ratio:
        return 0
    pay = assistance_claim(after, aid) - assistance_claim(before, aid)
    pay = min(pay, max(aid.ceiling - year.assistance, 0))
    year.assistance += pay
    return pay
