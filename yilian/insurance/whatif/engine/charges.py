"""Charge lines to in-scope amounts, as `settlement/rules/charges.py` does it."""

from typing import NamedTuple

import numpy as np

from yilian.insurance.settlement.rules.case import CatalogClass
from yilian.insurance.whatif.engine.population import (
    CLASSES,
    NONE,
    Ints,
    Lines,
    Numbers,
    Population,
)
from yilian.kernel.money import MILLION

_A = CLASSES.index(CatalogClass.A)
_B = CLASSES.index(CatalogClass.B)


class Sums(NamedTuple):
    total: Ints
    in_scope: Ints


def in_scope(lines: Lines, set_rate: Ints) -> Ints:
    """Of each line; `set_rate` is the rate of the line's own set and day."""
    rate = np.where(lines.rate == NONE, set_rate, lines.rate)
    of_b = (lines.amount * (MILLION - rate) + 500_000) // MILLION
    kept = np.where(lines.catalog_class == _B, of_b, lines.amount)
    inside = np.maximum(kept - lines.over_limit, 0)
    return np.where(lines.catalog_class > _B, 0, inside)


def by_service(population: Population, set_rate: Ints) -> Sums:
    """`set_rate` by service."""
    counts = np.diff(population.first_line)
    each = in_scope(population.lines, np.repeat(set_rate, counts))
    starts = population.first_line[:-1]
    return Sums(
        np.add.reduceat(population.lines.amount, starts),
        np.add.reduceat(each, starts),
    )


def by_row(
    population: Population, line_row: Numbers, rows: int, set_rate: Ints
) -> Sums:
    """Sums over rows named line by line (NONE: in no row)."""
    chosen = np.flatnonzero(line_row != NONE)
    row = line_row[chosen]
    lines = _chosen(population.lines, chosen)
    total, inside = np.zeros(rows, np.int64), np.zeros(rows, np.int64)
    np.add.at(total, row, lines.amount)
    np.add.at(inside, row, in_scope(lines, set_rate[row]))
    return Sums(total, inside)


def _chosen(lines: Lines, chosen: Ints) -> Lines:
    return Lines(
        lines.catalog_class[chosen],
        lines.amount[chosen],
        lines.over_limit[chosen],
        lines.rate[chosen],
        lines.day[chosen],
    )
