"""Services a second on one core: the rules, with the steps, and on arrays.

    .venv/bin/python -m bench.insurance.rules_speed [--persons 8000] [--rounds 3]

Processor time, so that neighbours on the machine count little; the best of so many
rounds. Fails below the goals.
"""

import argparse
import sys
import time
from collections.abc import Callable

from bench.insurance.invent import invented
from bench.insurance.machine import facts
from yilian.insurance.policy.rules.files import shipped_set
from yilian.insurance.settlement.rules.settle import settle
from yilian.insurance.settlement.rules.trace import steps_of
from yilian.insurance.whatif.engine.from_cases import from_cases
from yilian.insurance.whatif.engine.settle import settle_population

GOAL_SCALAR = 20_000
GOAL_ARRAYS_ONE_CORE = 150_000


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--persons", type=int, default=8_000)
    options.add_argument("--rounds", type=int, default=3)
    asked = options.parse_args()
    parameters = shipped_set("NX-DEMO-2018")
    print(facts())
    reached = []
    for name, share in (("visits and stays", 0.1), ("stays only", 1.0)):
        cases = invented(asked.persons, stays_share=share)
        services = sum(len(case.services) for case in cases)
        population = from_cases(cases)

        def rate(work: Callable[[], object], services: int = services) -> float:
            return services / min(_seconds(work) for _ in range(asked.rounds))

        def scalar(cases=cases):
            return [settle(case, parameters) for case in cases]

        def told(cases=cases):
            return [
                [steps_of(s) for s in settle(c, parameters).services] for c in cases
            ]

        def in_words(cases=cases):
            return [
                [(str(step.working), step.outcome) for _year, step in steps_of(settled)]
                for case in cases
                for settled in settle(case, parameters).services
            ]

        rates = {
            "rules, whole working kept": rate(scalar),
            "and every step with its ground": rate(told),
            "and every step in words": rate(in_words),
            "on arrays": rate(lambda p=population: settle_population(p, parameters)),
        }
        print(f"\n{name}: {services} services")
        for what, found in rates.items():
            print(f"  {what:32} {found:>12,.0f} a second")
        reached.append(rates["rules, whole working kept"] >= GOAL_SCALAR)
        reached.append(rates["on arrays"] >= GOAL_ARRAYS_ONE_CORE)
    return 0 if all(reached) else 1


def _seconds(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


if __name__ == "__main__":
    sys.exit(main())
