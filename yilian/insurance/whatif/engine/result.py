"""The numbers of `Part` for every row, as columns."""

from dataclasses import dataclass, fields

import numpy as np

from yilian.insurance.whatif.engine.population import Codes, Ints, Numbers
from yilian.insurance.whatif.engine.rows import Rows


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """By row; a stay that is split has one row for each year."""

    service: Numbers
    year: Numbers
    terms: Numbers
    referral: Codes
    total: Ints
    in_scope: Ints
    link: Codes
    chain_target: Ints
    chain_absorbed: Ints
    deductible_due: Ints
    deductible_absorbed: Ints
    base: Ints
    ratio_set: Ints
    ratio: Ints
    calc_set: Ints
    calc: Ints
    visit_limit: Ints
    limit_left: Ints
    basic_pay: Ints
    cut_before: Ints
    supplement_pay: Ints
    compliant_self_pay: Ints
    counted_before: Ints
    serious_pay: Ints
    left_before: Ints
    assistance_pay: Ints
    patient_pay: Ints
    account_pay: Ints

    def __len__(self) -> int:
        return len(self.service)


_GIVEN = ("service", "year", "terms", "referral", "total", "in_scope", "link")


def empty_outcome(rows: Rows) -> Outcome:
    count = len(rows.service)
    own = [f.name for f in fields(Outcome) if f.name not in _GIVEN]
    return Outcome(
        rows.service, rows.year, rows.terms, rows.referral, rows.total, rows.in_scope,
        rows.link.copy(), **{name: np.zeros(count, np.int64) for name in own},
    )  # fmt: skip
