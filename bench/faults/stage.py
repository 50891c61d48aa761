"""A region of its own to be mistreated, and the table in which a drill ends."""

import argparse
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess
from typing import Final

from bench import region
from journeys.backstage import Backstage, is_well, until
from journeys.faulty import Scene

RESIDENTS: Final = 200
PEOPLE: Final = 60


@dataclass(frozen=True, slots=True)
class Stage:
    """What a drill needs: the people, the processes, and `yilian …` beside them."""

    scene: Scene
    data: Path

    @property
    def address(self) -> str:
        return self.scene.address

    @property
    def backstage(self) -> Backstage:
        return self.scene.backstage

    def run(self, *words: str) -> CompletedProcess[str]:
        return subprocess.run(
            [*region.YILIAN, *words], cwd=region.ROOT, env=dict(os.environ),
            text=True, capture_output=True, timeout=600, check=False,
        )  # fmt: skip

    def wait_until_well(self, seconds: float = 120.0) -> None:
        until(lambda: is_well(self.address), seconds, "recovery")


@contextmanager
def stage(folder: Path | None = None) -> Iterator[Stage]:
    """In a folder that goes away afterwards, or the one that is given."""
    with tempfile.TemporaryDirectory(prefix="yilian-drill-") as made:
        home = folder or Path(made)
        home.chmod(0o711)  # the database may live here as another user
        os.environ["YILIAN_DATA"] = str(home / "data")
        region.build(RESIDENTS)
        region.more_people(PEOPLE)
        with region.whole(home / "up.log") as address:
            data = home / "data"
            yield Stage(Scene.of(address, Backstage(data)), data)


def beside(data: Path, *words: str, aloud: bool = False) -> CompletedProcess[str]:
    """A program of ours on the database of a running region."""
    ours = ("PYTEST", "YILIAN_", "DATABASE_URL", "DJANGO_")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
    return subprocess.run(
        [sys.executable, "-m", *words], cwd=region.ROOT, text=True, check=False,
        env=kept | {"YILIAN_DATA": str(data)}, capture_output=not aloud, timeout=14400,
    )  # fmt: skip


def times(default: int, *, what: str) -> tuple[int, int]:
    """`--times` and `--seed`, which is said so that a run can be repeated."""
    parser = argparse.ArgumentParser(description=what)
    parser.add_argument("--times", type=int, default=default)
    parser.add_argument(
        "--seed", type=int, default=random.SystemRandom().randrange(10**6)
    )
    told = parser.parse_args()
    print(f"seed {told.seed}", flush=True)
    return told.times, told.seed


def show(name: str, facts: Mapping[str, object]) -> None:
    print(f"\n{name}", flush=True)
    for what, value in facts.items():
        print(f"  {what:<44} {value}", flush=True)
