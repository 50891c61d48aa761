"""Settling a whole population: everybody's first service, then the second, …

Exactly what `settlement/rules/settle.py` gives, to the fen and in every number of
the way; `tests/test_same.py` holds the two together.
"""

from itertools import pairwise

import numpy as np

from yilian.insurance.policy.rules.sets import ParameterSet
from yilian.insurance.whatif.engine.checks import check_lines, check_services
from yilian.insurance.whatif.engine.desk import Desk
from yilian.insurance.whatif.engine.population import Population
from yilian.insurance.whatif.engine.result import Outcome, empty_outcome
from yilian.insurance.whatif.engine.rows import rows_of
from yilian.insurance.whatif.engine.state import State
from yilian.insurance.whatif.engine.stays import settle_stays
from yilian.insurance.whatif.engine.tables import tables_of
from yilian.insurance.whatif.engine.visits import settle_visits


def settle_population(population: Population, parameters: ParameterSet) -> Outcome:
    """Raises `PopulationWrong`, which counts what is wrong and names the first."""
    check_lines(population)
    check_services(population)
    tables = tables_of(population, parameters)
    rows = rows_of(population, tables)
    out = empty_outcome(rows)
    desk = Desk(population, tables, rows, State(population, rows), out)
    runs = pairwise(rows.starts.tolist())
    for (start, end), group in zip(runs, rows.groups.tolist(), strict=True):
        if group == 0:
            settle_stays(desk, slice(start, end))
        else:
            settle_visits(desk, slice(start, end), group - 1)
    return out


def by_service(population: Population, amounts: np.ndarray, out: Outcome) -> np.ndarray:
    """Rows summed over the parts of a service; nothing for a voided one."""
    found = np.zeros(len(population), np.int64)
    np.add.at(found, out.service, amounts)
    return found
