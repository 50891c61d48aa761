"""A storm of events: all are delivered, in bounded memory, and the house goes on.

.venv/bin/python -m bench.faults.storm [--times 10000]
"""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from bench.faults.kill import catches_up
from bench.faults.stage import beside, show, stage, times
from journeys.backstage import Backstage
from journeys.faulty import COUNTY, Scene
from journeys.live_page import Listener

MOST: Final = 300  # MiB of a process; at rest they have about 160
WATCHED: Final = ("worker", "deliverer", "live worker")
_LEFT: Final = """
SELECT (SELECT count(*) FROM outbox_outboxmessage WHERE dispatched_at IS NULL)
  + (SELECT count(*) FROM outbox_delivery WHERE state = 'waiting')
"""


def drill(scene: Scene, count: int, patience: float) -> dict[str, object]:
    backstage = scene.backstage
    desk = Listener(scene.desk.twin()).start()
    begun = time.monotonic()
    done = beside(backstage.data, "bench.faults.events", str(count), COUNTY)
    assert done.returncode == 0, done.stderr
    published = time.monotonic() - begun
    most, asked = dict(_memory(backstage)), []
    while backstage.one(_LEFT):
        assert time.monotonic() < begun + patience, f"{backstage.one(_LEFT)} are left"
        asked.append(_seconds_of_a_page(scene))
        most = {kind: max(most[kind], now) for kind, now in _memory(backstage).items()}
        time.sleep(0.5)
    took = time.monotonic() - begun
    assert max(most.values()) < MOST, most
    dead = "SELECT count(*) FROM outbox_delivery WHERE state = 'dead'"
    assert backstage.one(dead) == 0
    catches_up(scene, desk)
    desk.stop()
    return {
        "published in, s": f"{published:.1f}",
        "all delivered after, s": f"{took:.1f}",
        "memory at most, MiB": {kind: round(size) for kind, size in most.items()},
        "longest page meanwhile, s": f"{max(asked, default=0):.1f}",
        "the desk heard": f"{desk.heard.count('places')} notices",
        "the desk came back": f"{desk.connections - 1} times",
    }


def _seconds_of_a_page(scene: Scene) -> float:
    begun = time.monotonic()
    assert scene.gp.get("/").status in {200, 302}
    return time.monotonic() - begun


def _memory(backstage: Backstage) -> Mapping[str, float]:
    members = backstage.members()
    return {kind: _mebibytes(members[kind][0]) for kind in WATCHED}


def _mebibytes(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096 / 2**20


def main() -> None:
    count, _ = times(10_000, what=__doc__ or "")
    with stage() as on:
        show(f"{count} events at once", drill(on.scene, count, patience=1800))


if __name__ == "__main__":
    main()
