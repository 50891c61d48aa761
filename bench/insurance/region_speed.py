"""A region's year settled again: time, memory, and whether it grows in proportion.

    .venv/bin/python -m bench.insurance.region_speed [--parts 0.01 0.1 1] [--workers 2]

Making the invented services is part of the work of each batch and said apart.
Fails over three minutes or eight GiB for the whole.
"""

import argparse
import sys
import time

from bench.insurance.machine import facts, most_memory_gib, processor_seconds
from bench.insurance.region_year import INSURED, Batch, batches
from yilian.insurance.policy.rules.files import shipped_set
from yilian.insurance.whatif.engine.settle import settle_population
from yilian.insurance.whatif.regional import settle_region

MOST_SECONDS = 180
MOST_GIB = 8


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--parts", type=float, nargs="+", default=[0.01, 0.1, 1])
    options.add_argument("--workers", type=int, default=2)
    options.add_argument("--batch", type=int, default=150_000)
    asked = options.parse_args()
    parameters = shipped_set("NX-DEMO-2018")
    print(facts())
    _one_batch(asked.batch, parameters)
    is_good = True
    for part in asked.parts:
        insured = int(INSURED * part)
        size = min(asked.batch, -(-insured // asked.workers))
        begun, used = time.perf_counter(), processor_seconds()
        whole = settle_region(batches(insured, size), parameters, workers=asked.workers)
        seconds, used = time.perf_counter() - begun, processor_seconds() - used
        services, gib = whole.total("services"), most_memory_gib()
        print(f"{part:.0%} of the region: {services:,} services in {seconds:.1f} s")
        print(f"  {services / seconds:,.0f} a second by the clock")
        print(
            f"  {used:.1f} s of processor, {used / services * 1e6:.2f} µs a service;"
            f" {asked.workers} cores of their own: {used / asked.workers:.1f} s"
        )
        print(f"  at most {gib:.2f} GiB a process", flush=True)
        alone = used / asked.workers  # the neighbours' work is not ours
        is_good &= alone < MOST_SECONDS and gib * (asked.workers + 1) < MOST_GIB
    return 0 if is_good else 1


def _one_batch(size, parameters) -> None:
    begun = time.process_time()
    population = Batch(size, 1)()
    made = time.process_time()
    settle_population(population, parameters)
    done = time.process_time()
    count, settling = len(population), done - made
    print(f"one batch on one core: {count:,} services made in {made - begun:.2f} s,")
    print(f"  settled in {settling:.2f} s: {count / settling:,.0f} a second")


if __name__ == "__main__":
    sys.exit(main())
