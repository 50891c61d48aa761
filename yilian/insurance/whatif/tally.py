"""Sums of a settled population that add up over batches, 汇总.

A region is settled batch by batch (`regional.py`); each batch leaves only these
sums behind, so that memory stays level however many people there are.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np

from yilian.insurance.whatif.engine.population import (
    INPATIENT,
    PLACES,
    SCHEMES,
    Ints,
    Numbers,
    Population,
    Who,
)
from yilian.insurance.whatif.engine.result import Outcome

MEASURES: Final = (
    "services",
    "total_amount",
    "in_scope_amount",
    "basic_pay",
    "supplement_pay",
    "serious_pay",
    "assistance_pay",
    "patient_pay",
)
# Where a band of change begins: what one person pays more (less) in the year, in fen.
_EDGES: Final = (-1_000_00 + 1, -100_00 + 1, 0, 1, 100_00, 1_000_00)
CHANGES: Final = (
    "saves_1000",
    "saves_100",
    "saves_less",
    "same",
    "pays_less_than_100",
    "pays_100",
    "pays_1000",
)


class Cell(NamedTuple):
    """For one kind of person, place and kind of service."""

    insurance: str
    group: str
    aid: str
    place: str
    service: str  # "inpatient", or the scheme of a visit


@dataclass(slots=True)
class Tally:
    cells: dict[Cell, Ints] = field(default_factory=dict)

    def add(self, other: "Tally") -> None:
        for cell, sums in other.cells.items():
            self.cells[cell] = self.cells.get(cell, 0) + sums

    def total(self, measure: str) -> int:
        column = MEASURES.index(measure)
        return int(sum(int(sums[column]) for sums in self.cells.values()))

    def by(self, *names: str) -> dict[tuple[str, ...], dict[str, int]]:
        """Sums by some of a cell's fields."""
        found: dict[tuple[str, ...], Ints] = {}
        for cell, sums in self.cells.items():
            key = tuple(getattr(cell, name) for name in names)
            found[key] = found.get(key, np.zeros(len(MEASURES), np.int64)) + sums
        return {key: _named(sums) for key, sums in sorted(found.items())}


@dataclass(slots=True)
class Movement:
    """Who wins and who loses, in persons, by kind of person."""

    persons: dict[tuple[str, str, str], Ints] = field(default_factory=dict)

    def add(self, other: "Movement") -> None:
        for kind, counts in other.persons.items():
            self.persons[kind] = self.persons.get(kind, 0) + counts

    def table(self) -> dict[tuple[str, str, str], dict[str, int]]:
        return {
            kind: dict(zip(CHANGES, map(int, counts), strict=True))
            for kind, counts in sorted(self.persons.items())
        }


def tally(population: Population, out: Outcome) -> Tally:
    whos = population.persons.whos
    cell = _cells(population, out)
    count = len(whos) * len(PLACES) * _KINDS
    columns = [np.bincount(cell, minlength=count)]
    for name in ("total", "in_scope", *MEASURES[3:]):
        columns.append(exact_sums(cell, getattr(out, name), count))
    sums = np.stack(columns, axis=1)
    return Tally({_cell(whos, n): sums[n] for n in np.flatnonzero(columns[0]).tolist()})


def movement(population: Population, before: Outcome, after: Outcome) -> Movement:
    """Persons by the change of what they pay themselves, funds and account apart."""
    persons = population.persons
    change = _by_person(population, after) - _by_person(population, before)
    band = np.searchsorted(_EDGES, change, side="right")
    key = persons.who.astype(np.int64) * len(CHANGES) + band
    counts = np.bincount(key, minlength=len(persons.whos) * len(CHANGES))
    table = counts.reshape(len(persons.whos), len(CHANGES))
    return Movement({_kind(who): table[n] for n, who in enumerate(persons.whos)})


def by_institution(
    population: Population, out: Outcome, institution: Numbers
) -> Mapping[int, dict[str, int]]:
    """`institution` is a number by service."""
    at = institution[out.service]
    count = int(institution.max()) + 1 if len(institution) else 0
    columns = [np.bincount(at, minlength=count)]
    for name in ("total", "in_scope", *MEASURES[3:]):
        columns.append(exact_sums(at, getattr(out, name), count))
    sums = np.stack(columns, axis=1)
    return {n: _named(sums[n]) for n in np.flatnonzero(columns[0]).tolist()}


def exact_sums(group: Ints | Numbers, amounts: Ints, count: int) -> Ints:
    """Sums by group; exact, as long as none passes 2^53 fen (90,000 billion yuan)."""
    return np.bincount(group, weights=amounts, minlength=count).astype(np.int64)


_KINDS: Final = len(SCHEMES) + 1


def _cells(population: Population, out: Outcome) -> Ints:
    service = out.service
    who = population.persons.who[population.person[service]].astype(np.int64)
    is_stay = population.kind[service] == INPATIENT
    kind = np.where(is_stay, 0, 1 + population.scheme[service])
    return np.asarray((who * len(PLACES) + population.place[service]) * _KINDS + kind)


def _cell(whos: tuple[Who, ...], number: int) -> Cell:
    rest, kind = divmod(number, _KINDS)
    who, place = divmod(rest, len(PLACES))
    service = "inpatient" if kind == 0 else SCHEMES[kind - 1].value
    return Cell(*_kind(whos[who]), PLACES[place].value, service)


def _kind(who: Who) -> tuple[str, str, str]:
    return who.insurance.value, who.group, who.aid.value if who.aid else ""


def _by_person(population: Population, out: Outcome) -> Ints:
    person = population.person[out.service]
    return exact_sums(person, out.patient_pay, len(population.persons))


def _named(sums: Ints) -> dict[str, int]:
    return dict(zip(MEASURES, map(int, sums), strict=True))
