"""A region of its own for each drill: a folder, a port, and `yilian …` run as in a
terminal."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from yilian.config.runtime.database import DATABASE
from yilian.config.runtime.folder import DataFolder
from yilian.config.runtime.postgres import SUPERUSER

REGIONS = Path(__file__).parent / "regions"
PATIENCE = 120


class Region:
    """A data folder, worked on by commands, served when it is up."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_pair()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("YILIAN_")}
        kept.pop("DATABASE_URL", None)
        kept.pop("DJANGO_SETTINGS_MODULE", None)
        told = {"YILIAN_DATA": str(self.folder), "PORT": str(self.port)}
        phrase = str(REGIONS / "passphrase")
        return {**kept, **told, "YILIAN_BACKUP_PASSPHRASE_FILE": phrase}

    def yilian(self, *words: str, code: int = 0, **told: str) -> str:
        """What the command says; it must end with this code."""
        ran = subprocess.run(
            [sys.executable, "-m", "yilian.config.cli", *words],
            env={**self.environment(), **told},
            capture_output=True,
            text=True,
            check=False,
        )
        said = ran.stdout + ran.stderr
        assert ran.returncode == code, said
        return said

    def up(self) -> None:
        log = (self.folder / "up.log").open("wb")
        with log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "yilian.config.cli", "up"],
                env=self.environment(),
                stdout=log,
                stderr=log,
            )
        give_up_at = time.monotonic() + PATIENCE
        while self.status() != 200:
            assert self.process.poll() is None, (self.folder / "up.log").read_text()
            assert time.monotonic() < give_up_at
            time.sleep(0.2)

    def down(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(timeout=60)

    def status(self) -> int:
        try:
            with urllib.request.urlopen(f"{self.address}/healthz", timeout=5) as answer:  # noqa: S310
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Asked of the running database as its superuser."""
        url = DataFolder(self.folder).cluster.url(SUPERUSER, DATABASE)
        with psycopg.connect(url, autocommit=True) as connection:
            found = connection.execute(query, values)
            return found.fetchall() if found.description else []

    def one(self, query: str, *values: Any) -> Any:
        [[value]] = self.rows(query, *values)
        return value


@pytest.fixture(scope="session")
def new_region(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[[], Region]]:
    made: list[Region] = []

    def make() -> Region:
        made.append(Region(tmp_path_factory.mktemp("region") / "data"))
        return made[-1]

    yield make
    for region in made:
        region.down()


def free_pair() -> int:
    """A free port whose successor is free as well."""
    while True:
        with socket.socket() as one, socket.socket() as two:
            one.bind(("127.0.0.1", 0))
            port = int(one.getsockname()[1])
            try:
                two.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port
