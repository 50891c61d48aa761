"""Services a second on one core: the rules, with the steps, and on arrays.

    .venv/bin/python -m bench.insurance.rules_speed [--persons 8000] [--rounds 3]

Processor time, so that neighbours on the machine count little; the best of so many
rounds. Fails below the goals.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence

from bench.insurance.invent import invented
from bench.insurance.machine import facts
from yilian.insurance.policy.rules.files import shipped_set
from yilian.insurance.settlement.rules.case import Case
from yilian.insurance.settlement.rules.result import Settled
from yilian.insurance.settlement.rules.settle import settle
from yilian.insurance.settlement.rules.trace import steps_of
from yilian.insurance.whatif.engine.from_cases import from_cases
from yilian.insurance.whatif.engine.settle import settle_population

TOLD = "and every step with its ground"
ARRAYS = "on arrays"
GOAL_SCALAR = 20_000
GOAL_ARRAYS_ONE_CORE = 150_000


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--persons", type=int, default=8_000)
    options.add_argument("--rounds", type=int, default=3)
    asked = options.parse_args()
    print(facts())
    kinds = (("visits and stays", 0.1), ("stays only", 1.0))
    reached = [
        _measured(name, invented(asked.persons, stays_share=share), asked.rounds)
        for name, share in kinds
    ]
    return 0 if all(reached) else 1


def _measured(name: str, cases: Sequence[Case], rounds: int) -> bool:
    services = sum(len(case.services) for case in cases)
    print(f"\n{name}: {services} services")
    rates = {}
    for what, work in _works(cases).items():
        rates[what] = services / min(_seconds(work) for _ in range(rounds))
        print(f"  {what:32} {rates[what]:>12,.0f} a second")
    return rates[TOLD] >= GOAL_SCALAR and rates[ARRAYS] >= GOAL_ARRAYS_ONE_CORE


def _works(cases: Sequence[Case]) -> dict[str, Callable[[], object]]:
    """Steps are told to be written down or shown, and let go: nobody holds a hundred
    thousand of them at once."""
    parameters = shipped_set("NX-DEMO-2018")
    population = from_cases(cases)

    def every_settled() -> Iterator[Settled]:
        for case in cases:
            yield from settle(case, parameters).services

    def told() -> None:
        for settled in every_settled():
            steps_of(settled)

    def in_words() -> None:
        for settled in every_settled():
            for _year, step in steps_of(settled):
                _ = str(step.working), step.outcome

    return {
        "rules, whole working kept": lambda: list(every_settled()),
        TOLD: told,
        "and every step in words": in_words,
        ARRAYS: lambda: settle_population(population, parameters),
    }


def _seconds(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


if __name__ == "__main__":
    sys.exit(main())
