"""Persons, services and charge lines as columns.

Services of a person stand together, in the order of the person's case; lines of a
service likewise. Codes are positions in the enums of `settlement/rules/case.py`;
NONE is what a case leaves out.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import Final

import numpy as np
from numpy.typing import NDArray

from yilian.insurance.settlement.rules.case import (
    Aid,
    CatalogClass,
    Insurance,
    Kind,
    Place,
    Referral,
    Scheme,
)

Ints = NDArray[np.int64]
Codes = NDArray[np.int8]
Days = NDArray[np.int32]
Numbers = NDArray[np.int32]
Flags = NDArray[np.bool_]

INSURANCES: Final = tuple(Insurance)
AIDS: Final = tuple(Aid)
KINDS: Final = tuple(Kind)
SCHEMES: Final = tuple(Scheme)
PLACES: Final = tuple(Place)
REFERRALS: Final = tuple(Referral)
CLASSES: Final = tuple(CatalogClass)

INPATIENT: Final = KINDS.index(Kind.INPATIENT)
ORDINARY: Final = SCHEMES.index(Scheme.ORDINARY)
TWO_DISEASE: Final = SCHEMES.index(Scheme.TWO_DISEASE)
SPECIAL_DISEASE: Final = SCHEMES.index(Scheme.SPECIAL_DISEASE)

NONE: Final = -1
NO_DAY: Final = int(np.iinfo(np.int32).min)
EPOCH: Final = date(1970, 1, 1)
# Columns of `used`, by their names in `Used`.
USED: Final = ("basic", "compliant_self_pay", "serious", "assistance", "outpatient")


@dataclass(frozen=True, slots=True)
class Who:
    """Persons alike in what chooses their terms."""

    insurance: Insurance
    group: str
    aid: Aid | None


@dataclass(frozen=True, slots=True, eq=False)
class Persons:
    whos: tuple[Who, ...]  # the kinds of persons there are
    who: Codes
    born_on: Days
    balance: Ints
    used: Ints  # one column for each of USED
    used_year: Numbers  # 0: that of the earliest admission

    def __len__(self) -> int:
        return len(self.who)


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    catalog_class: Codes
    amount: Ints
    over_limit: Ints
    rate: Numbers  # millionths; NONE: the set's
    day: Days


@dataclass(frozen=True, slots=True, eq=False)
class Population:
    persons: Persons
    person: Numbers
    kind: Codes
    scheme: Codes
    place: Codes
    referral: Codes
    admitted: Days
    discharged: Days
    follows: Numbers  # the service's number in the population
    voided: Flags
    months: Codes
    disease: Codes
    diseases: tuple[str, ...]
    first_line: Ints  # of each service, and at the end how many lines there are
    lines: Lines

    def __len__(self) -> int:
        return len(self.person)

    def with_referrals(self, referral: Codes, follows: Numbers) -> "Population":
        return replace(self, referral=referral, follows=follows)


def day_number(day: date | None) -> int:
    return NO_DAY if day is None else (day - EPOCH).days


def years_of(days: Days) -> Numbers:
    """The calendar year of each day."""
    dates = days.astype("datetime64[D]")
    return (dates.astype("datetime64[Y]").astype(np.int32) + EPOCH.year).astype(
        np.int32
    )


def day_of(day: int) -> date:
    return date.fromordinal(EPOCH.toordinal() + day)
