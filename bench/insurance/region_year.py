"""A region's year of services as columns, invented batch by batch.

As large as Ningxia's when 7.2 million are asked for: 1.2 million stays, a seventh of
them in chains, and 40 million visits, with two or three charge lines each. Every
batch is made from its own seed, so nothing has to be kept or sent between processes.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np

from yilian.insurance.settlement.rules.case import Aid, Insurance, Place, Referral
from yilian.insurance.whatif.engine.population import (
    INPATIENT,
    NO_DAY,
    NONE,
    ORDINARY,
    PLACES,
    REFERRALS,
    SPECIAL_DISEASE,
    USED,
    Lines,
    Persons,
    Population,
    Who,
    day_number,
)

INSURED = 7_200_000
VISITS_EACH = 40 / 7.2
STAYS_EACH = 1.2 / 7.2
IN_CHAINS = 0.15
FIRST_DAY = day_number(date(2018, 1, 1))
WHOS = (
    (Who(Insurance.RESIDENT, "any", None), 0.60),
    (Who(Insurance.RESIDENT, "1", None), 0.10),
    (Who(Insurance.RESIDENT, "3", None), 0.05),
    (Who(Insurance.RESIDENT, "any", Aid.DIBAO), 0.05),
    (Who(Insurance.RESIDENT, "any", Aid.TEKUN), 0.01),
    (Who(Insurance.RESIDENT, "any", Aid.DIBAO_EDGE), 0.01),
    (Who(Insurance.EMPLOYEE, "active", None), 0.13),
    (Who(Insurance.EMPLOYEE, "retired", None), 0.05),
)
OUTPATIENT = 1 - INPATIENT
# Mean cost in yuan and share of stays and visits, by place.
COSTS = {"village": 50, "primary": 3_000, "secondary": 7_000, "tertiary": 18_000,
         "outside": 30_000}  # fmt: skip
STAY_SHARES = {"primary": 0.25, "secondary": 0.45, "tertiary": 0.25, "outside": 0.05}
VISIT_SHARES = {"village": 0.35, "primary": 0.40, "secondary": 0.20, "tertiary": 0.05}


@dataclass(frozen=True)
class Batch:
    """So many persons; calling it makes them."""

    persons: int
    seed: int

    def __call__(self) -> Population:
        return invent(self.persons, np.random.default_rng(self.seed))


def batches(insured: int, size: int = 150_000) -> list[Batch]:
    sizes = [size] * (insured // size) + [insured % size] * (insured % size > 0)
    return [Batch(persons, seed) for seed, persons in enumerate(sizes)]


def invent(persons: int, dice: np.random.Generator) -> Population:
    stays = dice.poisson(STAYS_EACH / (1 + IN_CHAINS), persons)
    visits = dice.negative_binomial(1.2, 1.2 / (1.2 + VISITS_EACH), persons)
    stay = np.repeat(np.arange(persons, dtype=np.int32), stays)
    visit = np.repeat(np.arange(persons, dtype=np.int32), visits)
    first = _stays(stay, dice)
    chained = np.flatnonzero(dice.random(len(stay)) < IN_CHAINS)
    second = _followers(first, chained, dice)
    columns = [first, second, _visits(visit, dice)]
    order = np.argsort(np.concatenate([c["person"] for c in columns]), kind="stable")
    whole = {n: np.concatenate([c[n] for c in columns])[order] for n in first}
    place_of = np.empty(len(order), np.int32)
    place_of[order] = np.arange(len(order), dtype=np.int32)
    linked = whole["follows"] != NONE
    whole["follows"][linked] = place_of[whole["follows"][linked]]
    lines, starts = _lines(whole.pop("cost"), whole["kind"] == INPATIENT, dice)
    return Population(
        persons=_persons(persons, dice), **whole, diseases=(), first_line=starts,
        lines=lines,
    )  # fmt: skip


def _persons(count: int, dice: np.random.Generator) -> Persons:
    shares = [share for _who, share in WHOS]
    return Persons(
        whos=tuple(who for who, _share in WHOS),
        who=dice.choice(len(WHOS), count, p=shares).astype(np.int8),
        born_on=(FIRST_DAY - dice.integers(0, 85 * 365, count)).astype(np.int32),
        balance=np.zeros(count, np.int64),
        used=np.zeros((count, len(USED)), np.int64),
        used_year=np.zeros(count, np.int32),
    )


def _stays(person, dice):
    count = len(person)
    place = _places(STAY_SHARES, count, dice)
    outside = place == PLACES.index(Place.OUTSIDE)
    inside = dice.choice(
        [REFERRALS.index(r) for r in
         (Referral.COMPLIANT_UP, Referral.NON_COMPLIANT, Referral.EMERGENCY_EXEMPT)],
        count, p=(0.6, 0.25, 0.15),
    )  # fmt: skip
    away = REFERRALS.index(Referral.REMOTE_FILED) + dice.integers(0, 2, count)
    day = FIRST_DAY + dice.integers(0, 365, count)
    return _columns(
        person, INPATIENT, place, day, day + dice.geometric(1 / 8, count),
        _cost(place, dice), referral=np.where(outside, away, inside),
    )  # fmt: skip


def _followers(first, chained, dice):
    """A stay for some, after the first one, up or down."""
    count = len(chained)
    place = _places(STAY_SHARES, count, dice)
    up = place > first["place"][chained]
    ways = [
        REFERRALS.index(r) for r in (Referral.COMPLIANT_UP, Referral.COMPLIANT_DOWN)
    ]
    day = first["discharged"][chained] + dice.integers(0, 3, count)
    return _columns(
        first["person"][chained], INPATIENT, place, day,
        day + dice.geometric(1 / 8, count), _cost(place, dice),
        referral=np.where(up, *ways), follows=chained,
    )  # fmt: skip


def _visits(person, dice):
    count = len(person)
    place = _places(VISIT_SHARES, count, dice)
    day = FIRST_DAY + dice.integers(0, 365, count)
    cost = (dice.lognormal(0, 0.6, count) * 120_00).astype(np.int64)
    special = dice.random(count) < 0.03
    return _columns(
        person, OUTPATIENT, place, day, day, cost,
        scheme=np.where(special, SPECIAL_DISEASE, ORDINARY),
        months=dice.choice((1, 2, 3), count, p=(0.9, 0.07, 0.03)),
    )  # fmt: skip


def _columns(person, kind, place, admitted, discharged, cost, **more):
    count = len(person)
    plain = {"scheme": ORDINARY, "referral": NONE, "follows": NONE, "months": 1}
    given = {
        name: more.get(name, np.full(count, value)) for name, value in plain.items()
    }
    return {
        "person": person,
        "kind": np.full(count, kind, np.int8),
        "scheme": given["scheme"].astype(np.int8),
        "place": place,
        "referral": given["referral"].astype(np.int8),
        "admitted": admitted.astype(np.int32),
        "discharged": discharged.astype(np.int32),
        "follows": given["follows"].astype(np.int32),
        "voided": np.zeros(count, np.bool_),
        "months": given["months"].astype(np.int8),
        "disease": np.full(count, NONE, np.int8),
        "cost": cost,
    }


def _places(shares, count, dice):
    names = [name.value for name in PLACES]
    codes = [names.index(name) for name in shares]
    return dice.choice(codes, count, p=list(shares.values())).astype(np.int8)


def _cost(place, dice):
    means = np.array([COSTS[name.value] for name in PLACES]) * 100
    return (dice.lognormal(0, 0.6, len(place)) * means[place]).astype(np.int64)


def _lines(cost, is_stay, dice):
    """Class A and B for all, class C for stays."""
    counts = 2 + is_stay.astype(np.int64)
    starts = np.concatenate(([0], np.cumsum(counts)))
    count = int(starts[-1])
    amount = np.zeros(count, np.int64)
    catalog_class = np.zeros(count, np.int8)
    b = (cost * dice.uniform(0, 0.4, len(cost))).astype(np.int64)
    c = np.where(is_stay, cost // 12, 0)
    at = starts[:-1]
    amount[at], amount[at + 1] = cost - b - c, b
    catalog_class[at + 1] = 1
    last = at[is_stay] + 2
    amount[last], catalog_class[last] = c[is_stay], 2
    lines = Lines(
        catalog_class, amount, np.zeros(count, np.int64),
        np.full(count, NONE, np.int32), np.full(count, NO_DAY, np.int32),
    )  # fmt: skip
    return lines, starts
