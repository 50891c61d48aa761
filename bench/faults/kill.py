"""Processes killed with kill -9 at random moments under load.

.venv/bin/python -m bench.faults.kill [--times 100] [--seed N]
"""

import random
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Final

from bench.faults.stage import show, stage, times
from journeys.backstage import KINDS, is_well, until
from journeys.faulty import Scene
from journeys.live_page import Listener
from journeys.proof import Proof, Run
from journeys.traffic import Traffic

WRITERS: Final = 6
TIMES_SENT: Final = 5  # by a careful client, after trouble
SHORTEST, LONGEST = 0.2, 3.0  # seconds between two deaths


def drill(
    scene: Scene, run: Run, kinds: Iterable[str], pause: Callable[[], float]
) -> dict[str, object]:
    """Who dies, in this order; raises when anything was lost, doubled or left."""
    proof = Proof.begin(scene.backstage)
    desk = Listener(scene.desk.twin()).start()
    traffic = Traffic(scene).start(WRITERS)
    until(lambda: traffic.acknowledged, 60, "work")
    killed: Counter[str] = Counter()
    gaps = []
    for kind in kinds:
        time.sleep(pause())
        died_at = time.monotonic()
        killed[kind] += scene.backstage.kill(kind)
        # The next one dies under load too.
        until(lambda at=died_at: traffic.moments[-1] > at, 120, "work")  # type: ignore[misc]
        gaps.append(traffic.first_after(died_at) - died_at)
    died_at = time.monotonic()
    until(lambda: is_well(scene.address), 120, "recovery")
    recovery = time.monotonic() - died_at
    traffic.stop()
    proof.of(traffic, run)
    catches_up(scene, desk)
    desk.stop()
    return {
        "killed": ", ".join(f"{kind} {n}" for kind, n in sorted(killed.items())),
        "acknowledged acts": len(traffic.acknowledged),
        "other answers": dict(traffic.others.most_common()),
        "until the next act, median and longest, s": (
            f"{statistics.median(gaps):.1f}, {max(gaps):.1f}"
        ),
        "well again after the last death, s": f"{recovery:.1f}",
        "the desk came back": f"{desk.connections - 1} times",
        "lost, doubled, without audit or event": 0,
        "audit verify": "clean",
    }


def catches_up(scene: Scene, desk: Listener) -> None:
    """Without a hand: the open page hears of what comes now."""
    until(desk.is_on.is_set, 30, "the desk's live updates")
    count = desk.heard.count("referral")
    scene.waiting(most_sent=TIMES_SENT)
    until(lambda: desk.heard.count("referral") > count, 30, "a live update")


def main() -> None:
    count, seed = times(100, what=__doc__ or "")
    chance = random.Random(seed)
    who = (kind for _ in iter(int, 1) for kind in chance.sample(KINDS, len(KINDS)))
    with stage() as on:
        facts = drill(
            on.scene, on.run, islice(who, count),
            lambda: chance.uniform(SHORTEST, LONGEST),
        )  # fmt: skip
    show(f"{count} times kill -9", facts)


if __name__ == "__main__":
    main()
