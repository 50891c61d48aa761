"""The clock jumps under load, for all processes of the region: ahead, and back.

    .venv/bin/python -m bench.faults.clock [--times 25]     minutes of each jump

It needs a C compiler (`cc`) for the little library that shifts the clock.
"""

import os
import shutil
import struct
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from uuid import UUID

from bench.cycle import Team, play
from bench.faults.kill import catches_up
from bench.faults.stage import Stage, show, stage, times
from journeys.backstage import until
from journeys.faulty import COUNTY
from journeys.live_page import Listener
from journeys.plain_http import Answer
from journeys.proof import Proof
from journeys.traffic import Traffic

SOURCE: Final = Path(__file__).with_suffix(".c")
WRITERS: Final = 4


class Clock:
    """Seconds ahead of the real one, for whoever was started under it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.set(0)

    def set(self, ahead: int) -> None:
        with self.path.open("r+b" if self.path.exists() else "w+b") as file:
            file.write(struct.pack("q", ahead))


@contextmanager
def shifted_clock() -> Iterator[Clock]:
    """Everything started inside goes by it: the database as well."""
    with tempfile.TemporaryDirectory(prefix="yilian-clock-", dir="/var/tmp") as made:
        folder = Path(made)
        folder.chmod(0o755)
        library = folder / "clock.so"
        compiler = shutil.which("cc") or "gcc"
        build = [compiler, "-shared", "-fPIC", "-O1", "-o", library, SOURCE, "-ldl"]
        subprocess.run(build, check=True)
        clock = Clock(folder / "ahead")
        clock.path.chmod(0o644)
        os.environ |= {"LD_PRELOAD": str(library), "YILIAN_CLOCK": str(clock.path)}
        try:
            yield clock
        finally:
            del os.environ["LD_PRELOAD"], os.environ["YILIAN_CLOCK"]


def drill(on: Stage, clock: Clock, minutes: int) -> dict[str, object]:
    jumps = [60 * minutes, 0, -60 * minutes, 0, 60 * minutes]
    proof = Proof.begin(on.backstage)
    desk = Listener(on.scene.desk.twin()).start()
    traffic = Traffic(on.scene).start(WRITERS)
    for ahead in jumps:
        count = len(traffic.acknowledged)
        clock.set(ahead)
        until(lambda n=count: len(traffic.acknowledged) > n + WRITERS, 60, "work")  # type: ignore[misc]
        time.sleep(2)
    traffic.stop()
    proof.of(traffic, on.run)
    catches_up(on.scene, desk)
    desk.stop()
    steps = _a_cycle_that_lasts_no_time(on, clock, 60 * minutes)
    return {
        "the clock went to, minutes": [ahead // 60 for ahead in jumps],
        "acknowledged acts": len(traffic.acknowledged),
        "other answers": dict(traffic.others.most_common()),
        "a whole referral, set back after each step": " → ".join(steps),
        "lost, doubled, without audit or event": 0,
    }


def _a_cycle_that_lasts_no_time(on: Stage, clock: Clock, seconds: int) -> list[str]:
    """Each step is taken before the one that it follows."""
    done: list[str] = []
    ahead = [seconds]

    def set_back(step: str, answer: Answer, _took: float) -> None:
        done.append(f"{step} {answer.status}")
        ahead[0] -= seconds // 4
        clock.set(ahead[0])

    clock.set(seconds)
    team = Team.enter(on.address)
    at, _sheet = on.scene.case()
    play(team, UUID(at.split("/")[3]), on.backstage.institution(COUNTY), set_back)
    clock.set(0)
    return done


def main() -> None:
    minutes, _ = times(25, what=__doc__ or "")
    with shifted_clock() as clock, stage() as on:
        show(f"the clock jumps by {minutes} minutes", drill(on, clock, minutes))


if __name__ == "__main__":
    main()
