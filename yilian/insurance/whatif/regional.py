"""A region batch by batch: today's rules, the scenario's, and the difference."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from typing import TypeVar

from yilian.insurance.policy.rules.sets import ParameterSet
from yilian.insurance.whatif.engine.population import Numbers, Population
from yilian.insurance.whatif.engine.settle import by_service, settle_population
from yilian.insurance.whatif.scenario import Answer, Scenario, behaving
from yilian.insurance.whatif.tally import (
    Movement,
    Tally,
    by_institution,
    movement,
    tally,
)

Sums = dict[int, dict[str, int]]
Batch = Callable[[], Population]
R = TypeVar("R")


@dataclass(slots=True)
class Trial:
    """Everything that is kept of a trial; batches add up."""

    today: Tally = field(default_factory=Tally)
    tried: Tally = field(default_factory=Tally)
    movement: Movement = field(default_factory=Movement)
    institutions_today: Sums = field(default_factory=dict)
    institutions_tried: Sums = field(default_factory=dict)
    answers: list[Answer] = field(default_factory=list)

    def add(self, other: "Trial") -> None:
        self.today.add(other.today)
        self.tried.add(other.tried)
        self.movement.add(other.movement)
        _add(self.institutions_today, other.institutions_today)
        _add(self.institutions_tried, other.institutions_tried)
        self.answers += other.answers


def try_out(
    population: Population,
    today: ParameterSet,
    scenario: Scenario,
    institution: Numbers | None = None,
    *,
    seed: int = 1,
) -> Trial:
    """One batch under both. Without a scenario's changes, both are the same."""
    before = settle_population(population, today)
    bills = by_service(population, before.in_scope, before)
    moved, answers = behaving(population, scenario, today, bills, seed=seed)
    after = settle_population(moved, scenario.parameters(today))
    trial = Trial(
        tally(population, before),
        tally(moved, after),
        movement(population, before, after),
        answers=answers,
    )
    if institution is not None:
        trial.institutions_today = dict(by_institution(population, before, institution))
        trial.institutions_tried = dict(by_institution(moved, after, institution))
    return trial


def settle_region(
    batches: Sequence[Batch], today: ParameterSet, *, workers: int
) -> Tally:
    """Each batch is made and settled where it is; only its sums come back."""
    whole = Tally()
    for part in _each(partial(_settled, today), batches, workers):
        whole.add(part)
    return whole


def try_region(
    batches: Sequence[Batch],
    today: ParameterSet,
    scenario: Scenario,
    *,
    workers: int,
) -> Trial:
    whole = Trial()
    for part in _each(partial(_tried, today, scenario), batches, workers):
        whole.add(part)
    return whole


def _each(
    work: Callable[[Batch], R], batches: Sequence[Batch], workers: int
) -> Iterable[R]:
    if workers == 1:
        yield from map(work, batches)
        return
    # A forked child would inherit threads and connections of a worker.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(work, batches)


def _settled(today: ParameterSet, make: Batch) -> Tally:
    population = make()
    return tally(population, settle_population(population, today))


def _tried(today: ParameterSet, scenario: Scenario, make: Batch) -> Trial:
    return try_out(make(), today, scenario)


def _add(whole: Sums, part: Sums) -> None:
    for number, sums in part.items():
        own = whole.setdefault(number, dict.fromkeys(sums, 0))
        for name, amount in sums.items():
            own[name] += amount
