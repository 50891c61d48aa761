"""The scalar engine's terms as tables to look up in, one row for each kind of
person and stretch between two changes of the set.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from yilian.insurance.policy.rules.keys import ANY
from yilian.insurance.policy.rules.sets import ParameterSet
from yilian.insurance.settlement.rules.case import PENALISED, Insurance
from yilian.insurance.settlement.rules.terms import (
    INPATIENT,
    NO_LIMIT,
    Terms,
    compile_terms,
)
from yilian.insurance.whatif.engine.population import (
    PLACES,
    REFERRALS,
    SCHEMES,
    Codes,
    Days,
    Flags,
    Ints,
    Numbers,
    Population,
    Who,
    day_number,
    day_of,
)

Asked = Callable[[Terms], Any]  # one cell, or a row of them
_SCHEMES: Final = (*SCHEMES, INPATIENT)
STAY: Final = _SCHEMES.index(INPATIENT)
ABSENT: Final = -1  # a place without the benefit, an unknown disease
IS_PENALISED: Final[Flags] = np.array([r in PENALISED for r in REFERRALS])


@dataclass(frozen=True, slots=True, eq=False)
class Tables:
    """Index 0 is always the row of terms; then place and referral, or disease."""

    starts: Ints  # first day of each stretch but the first
    stretches: int
    terms: tuple[Terms | None, ...]  # None: nothing in force
    deductible: Ints  # [terms, place]
    ratio_set: Ints  # [terms, place]
    ratio: Ints  # [terms, place, referral]
    ceiling: Ints
    supplement_ratio: Ints
    supplement_limit: Ints
    first_self_pay_rate: Ints
    repeat_factor: Ints
    gap_days: Ints
    chain_target_is_own: Flags
    chain_resets: Flags
    splits_years: Flags
    penalty_counts: Flags
    over_ceiling_counts: Flags
    no_referral_is_non_compliant: Flags
    exempt_from: Ints
    exempt_to: Ints
    visit_ratio: Ints  # [terms, place]
    visit_limit: Ints  # [terms, place]
    visit_annual_limit: Ints
    visit_deductible: Ints
    long_rx_multiplies: Flags
    long_rx_most: Ints
    two_disease_ratio: Ints  # [terms, place]
    two_disease_limit: Ints  # [terms, disease], the last is any
    quota: Ints  # [terms, disease]
    special_deductible: Ints
    to_ceiling: Flags  # [terms, scheme], the last is a stay
    to_serious: Flags
    to_assistance: Flags
    serious_deductible: Ints
    serious_ceiling: Ints
    band_start: Ints  # [terms, band]
    band_end: Ints
    band_ratio: Ints
    aid_deductible: Ints
    aid_ratio: Ints
    aid_ceiling: Ints
    is_resident: Flags

    def row(self, who: Codes, days: Days) -> Numbers:
        """Whose terms, on which day."""
        stretch = np.searchsorted(self.starts, days, side="right")
        return (who.astype(np.int32) * self.stretches + stretch).astype(np.int32)


def tables_of(population: Population, parameters: ParameterSet) -> Tables:
    changes = [day_number(day) for day in parameters.changes]
    in_force = [None, *(parameters.on(day_of(day)) for day in changes)]
    terms = [
        None if rows is None or not rows.is_complete else _terms(rows, who)
        for who in population.persons.whos
        for rows in in_force
    ]
    return _tables(terms, np.array(changes, np.int64), population.diseases)


def _terms(rows: Any, who: Who) -> Terms:
    return compile_terms(rows, who.insurance, who.group, who.aid)


def _tables(
    terms: Sequence[Terms | None], starts: Ints, diseases: Sequence[str]
) -> Tables:
    known = next((t for t in terms if t is not None), None)
    if known is None:
        raise ValueError("the set has no complete stretch")
    filled = [known if t is None else t for t in terms]
    numbers = {
        **_OF_STAYS,
        **_OF_VISITS,
        **_of_diseases((*diseases, ANY)),
        **_above(max(len(t.serious.bands) for t in filled)),
    }
    return Tables(
        starts=starts,
        stretches=len(starts) + 1,
        terms=tuple(terms),
        **_columns(numbers, filled, np.int64),
        **_columns(_FLAGS, filled, np.bool_),
    )


def _columns(
    asked: Mapping[str, Asked], filled: Sequence[Terms], kind: Any
) -> dict[str, Any]:
    return {name: np.array([of(t) for t in filled], kind) for name, of in asked.items()}


def _stay(terms: Terms, place: Any, name: str) -> int:
    by_referral = terms.stays.get(place)
    if by_referral is None:
        return ABSENT
    return int(getattr(next(iter(by_referral.values())), name))


def _ratio(terms: Terms, place: Any, referral: Any) -> int:
    by_referral = terms.stays.get(place)
    return ABSENT if by_referral is None else by_referral[referral].ratio


def _band(terms: Terms, count: int) -> tuple[list[int], list[int], list[int]]:
    """Padded to so many bands by empty ones."""
    starts = [start for start, _ratio in terms.serious.bands]
    ratios = [ratio for _start, ratio in terms.serious.bands]
    empty = count - len(starts)
    ends = [*starts[1:], NO_LIMIT]
    return (
        starts + [NO_LIMIT] * empty,
        ends + [NO_LIMIT] * empty,
        ratios + [0] * empty,
    )


_OF_STAYS: Final[Mapping[str, Asked]] = {
    "deductible": lambda t: [_stay(t, p, "deductible") for p in PLACES],
    "ratio_set": lambda t: [_stay(t, p, "ratio_set") for p in PLACES],
    "ratio": lambda t: [[_ratio(t, p, r) for r in REFERRALS] for p in PLACES],
    "ceiling": lambda t: t.ceiling,
    "supplement_ratio": lambda t: t.supplement_ratio,
    "supplement_limit": lambda t: t.supplement_limit,
    "first_self_pay_rate": lambda t: t.first_self_pay_rate,
    "repeat_factor": lambda t: t.repeat_factor,
    "gap_days": lambda t: t.chain_gap_days,
    "exempt_from": lambda t: 10_000 if t.exempt_from is None else t.exempt_from,
    "exempt_to": lambda t: -10_000 if t.exempt_to is None else t.exempt_to,
}
_OF_VISITS: Final[Mapping[str, Asked]] = {
    "visit_ratio": lambda t: [t.visits[p].ratio for p in PLACES],
    "visit_limit": lambda t: [t.visits[p].visit_limit for p in PLACES],
    "visit_annual_limit": lambda t: t.visit_annual_limit,
    "visit_deductible": lambda t: t.visit_deductible,
    "long_rx_most": lambda t: t.long_rx_max_months,
    "two_disease_ratio": lambda t: [t.two_disease[p] for p in PLACES],
    "special_deductible": lambda t: t.special_deductible,
}
_FLAGS: Final[Mapping[str, Asked]] = {
    "chain_target_is_own": lambda t: t.chain_target_is_own,
    "chain_resets": lambda t: t.chain_resets,
    "splits_years": lambda t: t.splits_years,
    "penalty_counts": lambda t: t.penalty_counts,
    "over_ceiling_counts": lambda t: t.over_ceiling_counts,
    "no_referral_is_non_compliant": lambda t: t.no_referral_is_non_compliant,
    "long_rx_multiplies": lambda t: t.long_rx_multiplies,
    "to_ceiling": lambda t: [t.counts[s].to_ceiling for s in _SCHEMES],
    "to_serious": lambda t: [t.counts[s].to_serious for s in _SCHEMES],
    "to_assistance": lambda t: [t.counts[s].to_assistance for s in _SCHEMES],
    "is_resident": lambda t: t.insurance is Insurance.RESIDENT,
}


def _of_diseases(names: Sequence[str]) -> Mapping[str, Asked]:
    return {
        "two_disease_limit": lambda t: [
            t.two_disease_limits.get(n, ABSENT) for n in names
        ],
        "quota": lambda t: [t.quotas.get(n, ABSENT) for n in names],
    }


def _above(bands: int) -> Mapping[str, Asked]:
    """Serious-illness insurance in so many bands, and medical assistance."""
    return {
        "serious_deductible": lambda t: t.serious.deductible,
        "serious_ceiling": lambda t: t.serious.ceiling,
        "band_start": lambda t: _band(t, bands)[0],
        "band_end": lambda t: _band(t, bands)[1],
        "band_ratio": lambda t: _band(t, bands)[2],
        "aid_deductible": lambda t: t.assistance.deductible,
        "aid_ratio": lambda t: t.assistance.ratio,
        "aid_ceiling": lambda t: t.assistance.ceiling,
    }
