"""Every "only one may", let go at one moment from several threads.

    .venv/bin/python -m bench.faults.race [--times 1000] [--seed N]

With `YILIAN_DATA` it runs beside the region there. A loser must be told why in
words (a DomainError); anything else would be a page that says something broke.
"""

import os
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

from bench.faults.stage import beside, stage, times
from yilian.config.runtime.environment import entered

THREADS = 4
LISTS = (
    ("care", "CARE"),
    ("registry", "REGISTRY"),
    ("foundation", "FOUNDATION"),
    ("money", "MONEY"),
)


def main() -> None:
    count, _ = times(1000, what=__doc__ or "")
    if os.environ.get("YILIAN_DATA"):
        with entered():
            sys.exit(_all(count))
    with stage() as on:
        sys.exit(beside_region(on.data, times=count, aloud=True).returncode)


def beside_region(data: Path, times: int, aloud: bool = False) -> CompletedProcess[str]:
    return beside(data, "bench.faults.race", "--times", str(times), aloud=aloud)


def _all(count: int) -> int:
    os.environ |= {"YILIAN_DEMO": "1", "YILIAN_POOL": "12"}
    os.environ["DJANGO_SETTINGS_MODULE"] = "yilian.config.settings"
    import_module("django").setup()
    wrong = 0
    with ThreadPoolExecutor(THREADS) as threads:
        for module, name in LISTS:
            listed = getattr(import_module(f"bench.faults.contests.{module}"), name)
            for contest in listed.all:
                wrong += _race(contest, count, threads)
    verified = import_module("yilian.foundation.audit.services").verify()
    print(f"\n{verified}", flush=True)
    return int(bool(wrong) or not verified.is_clean)


def _race(contest: Any, count: int, threads: ThreadPoolExecutor) -> int:
    seen: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    begun = time.monotonic()
    for _ in range(count):
        fight = contest.begin()
        outcomes = _let_go(fight.acts, threads)
        seen.update(kind for kind, _result in outcomes)
        problem = _problem(contest.wins, outcomes)
        if not problem and not fight.is_right():
            problem = "afterwards it is not as it should be"
        if problem:
            wrong[problem] += 1
    took = time.monotonic() - begun
    verdict = "right" if not wrong else f"WRONG {dict(wrong)}"
    print(
        f"{contest.name:<58} {count} × {dict(seen)} {took:.0f} s {verdict}", flush=True
    )
    return wrong.total()


def _let_go(acts: Any, threads: ThreadPoolExecutor) -> list[tuple[str, Any]]:
    gate = threading.Barrier(len(acts))

    def run(act: Any) -> tuple[str, Any]:
        gate.wait()
        try:
            return "done", act()
        except Exception as error:  # what it was is what is looked at
            return _kind(error), None

    return list(threads.map(run, acts))


def _kind(error: Exception) -> str:
    errors = import_module("yilian.kernel.errors")
    is_told = isinstance(error, errors.DomainError) or type(error).__name__ == "Refused"
    return "refused in words" if is_told else f"{type(error).__name__}: {error}"[:160]


def _problem(wins: str, outcomes: list[tuple[str, Any]]) -> str:
    kinds = Counter(kind for kind, _result in outcomes)
    broken = set(kinds) - {"done", "refused in words"}
    if broken:
        return f"an error that is no answer: {sorted(broken)[0]}"
    if wins.startswith("one "):
        return "" if kinds["done"] == 1 else f"{kinds['done']} succeeded"
    if kinds["done"] != len(outcomes):
        return "not all succeeded"
    results = {str(getattr(result, "pk", result)) for _kind, result in outcomes}
    return "several results" if "same" in wins and len(results) > 1 else ""


if __name__ == "__main__":
    main()
