"""The database away under load: frozen (SIGSTOP), and stopped.

.venv/bin/python -m bench.faults.away [--times 30]     seconds of each
"""

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from bench.faults.kill import catches_up
from bench.faults.stage import show, stage, times
from journeys.backstage import Backstage, is_well, until
from journeys.faulty import Scene
from journeys.live_page import Listener
from journeys.plain_http import Visitor
from journeys.proof import Proof, Run
from journeys.traffic import Traffic
from yilian.config.runtime.locks import locked

WRITERS: Final = 6
IN_A_SECOND: Final = 3.0  # what a crowded machine makes of a second
Away = Callable[[Backstage], object]


@contextmanager
def frozen(backstage: Backstage) -> Iterator[None]:
    """It takes every call and answers none."""
    master = backstage.postmaster()
    os.kill(master, signal.SIGSTOP)  # first, for it must make no more of them
    everyone = [*backstage.children(master), master]
    for pid in everyone:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in everyone:
            os.kill(pid, signal.SIGCONT)


@contextmanager
def stopped(backstage: Backstage) -> Iterator[None]:
    """It is gone, and nobody can start it: whoever tries waits for this lock."""
    folder = backstage.cluster.folder
    with locked(folder.with_name(f"{folder.name}.lock")):
        os.kill(backstage.postmaster(), signal.SIGQUIT)
        yield


@dataclass
class Pulse:
    """Health, asked twice a second, and how long the answer took."""

    address: str
    said: Counter[int] = field(default_factory=Counter)
    longest: float = 0.0
    _stop: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def felt(self) -> Iterator[None]:
        thread = threading.Thread(target=self._feel)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()

    def _feel(self) -> None:
        visitor = Visitor(self.address)
        while not self._stop.wait(0.5):
            begun = time.monotonic()
            self.said[visitor.get("/healthz").status] += 1
            self.longest = max(self.longest, time.monotonic() - begun)


def drill(scene: Scene, run: Run, away: Away, seconds: float) -> dict[str, object]:
    proof = Proof.begin(scene.backstage)
    desk = Listener(scene.desk.twin()).start()
    traffic = Traffic(scene).start(WRITERS)
    until(lambda: len(traffic.acknowledged) > WRITERS)
    pulse = Pulse(scene.address)
    with away(scene.backstage), pulse.felt():  # type: ignore[attr-defined]
        time.sleep(2)  # what was answered before is still being read
        count, answered = len(traffic.acknowledged), traffic.others.total()
        time.sleep(seconds - 2)
        told = traffic.others.total() - answered
        assert len(traffic.acknowledged) == count
    back_at = time.monotonic()
    until(lambda: is_well(scene.address), 90, "recovery")
    until(lambda: len(traffic.acknowledged) > count + WRITERS, 90, "work")
    recovery = time.monotonic() - back_at
    traffic.stop()
    proof.of(traffic, run)
    catches_up(scene, desk)
    desk.stop()
    assert set(pulse.said) == {503}, pulse.said
    assert pulse.longest < IN_A_SECOND, pulse.longest
    return {
        "acknowledged acts": len(traffic.acknowledged),
        "told meanwhile to wait": told,
        "other answers": dict(traffic.others.most_common()),
        "health meanwhile": dict(pulse.said),
        "health's longest answer, s": f"{pulse.longest:.2f}",
        "at work again, s": f"{recovery:.1f}",
        "lost, doubled, without audit or event": 0,
    }


def main() -> None:
    seconds, _ = times(30, what=__doc__ or "")
    with stage() as on:
        for away in frozen, stopped:
            show(
                f"database {away.__name__} for {seconds} s",
                drill(on.scene, on.run, away, seconds),
            )


if __name__ == "__main__":
    main()
