"""All that stays the same from turn to turn."""

from typing import NamedTuple

from yilian.insurance.whatif.engine.population import Population
from yilian.insurance.whatif.engine.result import Outcome
from yilian.insurance.whatif.engine.rows import Rows
from yilian.insurance.whatif.engine.state import State
from yilian.insurance.whatif.engine.tables import Tables


class Desk(NamedTuple):
    population: Population
    tables: Tables
    rows: Rows
    state: State
    out: Outcome
