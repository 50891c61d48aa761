"""What must be right with a population before it is settled; all at once."""

import numpy as np

from yilian.insurance.settlement.rules.case import (
    MOST_PER_LINE,
    MOST_PER_SERVICE,
    Place,
)
from yilian.insurance.whatif.engine.population import (
    INPATIENT,
    NONE,
    PLACES,
    Flags,
    Ints,
    Numbers,
    Population,
)
from yilian.kernel.errors import Invalid
from yilian.kernel.text import _


class PopulationWrong(Invalid):
    """`first` is the number of the first service that is not right."""

    code = "population-wrong"

    def __init__(self, template: str, *, count: int, first: int) -> None:
        self.first = first
        super().__init__(template, count=count, first=first)


def refuse(wrong: Flags, template: str) -> None:
    """Raises when any is wrong; the template may use {count} and {first}."""
    if wrong.any():
        first = int(np.argmax(wrong))
        raise PopulationWrong(template, count=int(wrong.sum()), first=first)


def check_services(population: Population) -> None:
    villages = population.place == PLACES.index(Place.VILLAGE)
    refuse(
        (population.kind == INPATIENT) & villages,
        _("{count} 次住院在没有住院待遇的村级机构，首个为第 {first} 项。"),
    )
    refuse(
        population.discharged < population.admitted,
        _("{count} 项服务的出院早于入院，首个为第 {first} 项。"),
    )
    refuse(
        np.diff(population.first_line) < 1,
        _("{count} 项服务没有费用明细，首个为第 {first} 项。"),
    )
    unordered = np.diff(population.person) < 0
    refuse(unordered, _("服务须按参保人排列；第 {first} 项之后顺序不对。"))
    _check_links(population)


def check_lines(population: Population) -> None:
    lines = population.lines
    refuse(
        (lines.amount < 0) | (lines.amount > MOST_PER_LINE),
        _("{count} 条费用的金额为负或过大，首条为第 {first} 条。"),
    )
    refuse(
        (lines.over_limit < 0) | (lines.over_limit > lines.amount),
        _("{count} 条费用的超限价部分不对，首条为第 {first} 条。"),
    )


def check_totals(totals: Ints) -> None:
    refuse(
        totals > MOST_PER_SERVICE,
        _("{count} 项服务的费用合计过大，首个为第 {first} 项。"),
    )


def depths(population: Population) -> Numbers:
    """How many services lead to each; refuses a ring."""
    depth = np.zeros(len(population), np.int32)
    linked = np.flatnonzero(population.follows != NONE)
    before = population.follows[linked]
    for length in range(len(linked) + 1):
        if not len(linked):
            return depth
        depth[linked] = length + 1
        going_on = population.follows[before] != NONE
        linked, before = linked[going_on], population.follows[before[going_on]]
    ring = np.zeros(len(population), np.bool_)
    ring[linked] = True
    refuse(ring, _("转诊前后相连成环，首个为第 {first} 项。"))
    return depth


def _check_links(population: Population) -> None:
    linked = np.flatnonzero(population.follows != NONE)
    before = population.follows[linked]
    wrong = np.zeros(len(population), np.bool_)
    wrong[linked] = population.person[before] != population.person[linked]
    refuse(wrong, _("{count} 项服务接在他人的服务之后，首个为第 {first} 项。"))
    wrong[linked] = population.admitted[linked] < population.discharged[before]
    refuse(wrong, _("{count} 次入院早于前一次出院，首个为第 {first} 项。"))
