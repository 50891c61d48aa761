"""What is remembered from turn to turn, for everybody at once.

A slot is one person in one year. The columns are the counters of
`settlement/rules/year.py` and the chains of `chains.py`.
"""

import numpy as np

from yilian.insurance.whatif.engine.population import (
    NONE,
    USED,
    Codes,
    Ints,
    Numbers,
    Population,
    years_of,
)
from yilian.insurance.whatif.engine.rows import Rows


class State:
    __slots__ = (
        "admissions",
        "assistance",
        "balance",
        "basic",
        "chain_absorbed",
        "chain_factor",
        "chain_of",
        "chain_target",
        "chain_year",
        "counted",
        "cut",
        "has_balance",
        "left",
        "link_of",
        "serious",
        "slot",
        "special",
        "special_absorbed",
        "supplement",
        "two_disease",
        "visit_absorbed",
        "visits",
    )

    def __init__(self, population: Population, rows: Rows) -> None:
        first = int(rows.year.min()) if len(rows.year) else 0
        years = int(rows.year.max()) - first + 1 if len(rows.year) else 1
        slots = len(population.persons) * years
        person = population.person[rows.service].astype(np.int64)
        self.slot: Ints = person * years + (rows.year - first)
        self._begin(slots, len(population.diseases) + 1)
        self._use(population, first, years)
        self.balance = population.persons.balance.copy()
        self.has_balance = bool(self.balance.any())
        self.chain_of: Numbers = np.full(len(population), NONE, np.int32)
        self.link_of: Codes = np.zeros(len(population), np.int8)
        self.chain_target = np.zeros(len(rows.service), np.int64)
        self.chain_absorbed = np.zeros(len(rows.service), np.int64)
        self.chain_factor = np.zeros(len(rows.service), np.int64)
        self.chain_year = np.zeros(len(rows.service), np.int32)

    def _begin(self, slots: int, diseases: int) -> None:
        self.basic = np.zeros(slots, np.int64)
        self.counted = np.zeros(slots, np.int64)
        self.serious = np.zeros(slots, np.int64)
        self.assistance = np.zeros(slots, np.int64)
        self.visits = np.zeros(slots, np.int64)
        self.left = np.zeros(slots, np.int64)
        self.cut = np.zeros(slots, np.int64)
        self.supplement = np.zeros(slots, np.int64)
        self.admissions = np.zeros(slots, np.int32)
        self.visit_absorbed = np.zeros(slots, np.int64)
        self.special_absorbed = np.zeros(slots, np.int64)
        self.two_disease = np.zeros((slots, diseases), np.int64)
        self.special = np.zeros((slots, diseases), np.int64)

    def _use(self, population: Population, first: int, years: int) -> None:
        """What each person's year had used before."""
        persons = population.persons
        if not persons.used.any():
            return
        earliest = np.full(len(persons), np.iinfo(np.int32).max, np.int32)
        np.minimum.at(earliest, population.person, years_of(population.admitted))
        year = np.where(persons.used_year > 0, persons.used_year, earliest)
        at = np.flatnonzero((year >= first) & (year < first + years))
        slot = at * years + (year[at] - first)
        used = {name: persons.used[at, n] for n, name in enumerate(USED)}
        self.basic[slot] = used["basic"]
        self.counted[slot] = used["compliant_self_pay"]
        self.serious[slot] = used["serious"]
        self.assistance[slot] = used["assistance"]
        self.visits[slot] = used["outpatient"]
        self.left[slot] = np.maximum(self.counted[slot] - self.serious[slot], 0)
