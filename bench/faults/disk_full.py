"""The disk full under load: 503 until there is room, and then on without a hand.

    sudo .venv/bin/python -m bench.faults.disk_full [--times 20]     seconds of it

The region lies on a small disk of its own, for which mounting must be permitted.
"""

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bench.faults.kill import catches_up
from bench.faults.stage import Stage, show, stage, times
from journeys.backstage import until
from journeys.live_page import Listener
from journeys.proof import Proof
from journeys.traffic import Traffic

SIZE: Final = "1500m"
WRITERS: Final = 6


@contextmanager
def small_disk() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="yilian-disk-") as folder:
        disk = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", folder]
        subprocess.run(disk, check=True)
        try:
            yield Path(folder)
        finally:
            undo = ["umount", "-l", folder]
            subprocess.run(undo, check=True)


@contextmanager
def filled(folder: Path) -> Iterator[None]:
    """Not a byte is left, nor will be while this lasts: what is freed is taken."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        _fill(file.fileno())
        try:
            yield
        finally:
            ballast.unlink()


def _fill(handle: int) -> None:
    for size in (2**20, 4096):
        try:
            while True:
                os.write(handle, b"\0" * size)
        except OSError:
            continue


def drill(on: Stage, seconds: float) -> dict[str, object]:
    proof = Proof.begin(on.backstage)
    desk = Listener(on.scene.desk.twin()).start()
    traffic = Traffic(on.scene).start(WRITERS)
    until(lambda: len(traffic.acknowledged) > WRITERS)
    with filled(on.data.parent):
        time.sleep(seconds)
        count = len(traffic.acknowledged)
    freed_at = time.monotonic()
    until(lambda: len(traffic.acknowledged) > count + WRITERS, 120, "work")
    recovery = time.monotonic() - freed_at
    on.wait_until_well()
    traffic.stop()
    proof.of(traffic, on.run)
    catches_up(on.scene, desk)
    desk.stop()
    return {
        "acknowledged acts": len(traffic.acknowledged),
        "other answers": dict(traffic.others.most_common()),
        "at work again after there was room, s": f"{recovery:.1f}",
        "lost, doubled, without audit or event": 0,
    }


def main() -> None:
    seconds, _ = times(20, what=__doc__ or "")
    with small_disk() as folder, stage(folder) as on:
        show(f"disk full for {seconds} s", drill(on, seconds))


if __name__ == "__main__":
    main()
