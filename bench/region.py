"""The region that is measured: built, filled with people, started, stopped."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from uuid import UUID

ROOT: Final = Path(__file__).resolve().parent.parent
YILIAN: Final = (sys.executable, "-m", "yilian.config.cli")
PATIENCE: Final = 180.0


def build(residents: int) -> None:
    """In the folder of `YILIAN_DATA`; a region that stands there is kept."""
    command = [*YILIAN, "demo", "--residents", str(residents)]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def more_people(count: int) -> list[UUID]:
    made = subprocess.run(
        [sys.executable, "-m", "bench.people", str(count)],
        cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    return [UUID(line) for line in made.stdout.split()]


def subjects(referrals: int) -> dict[str, Any]:
    """Whom the scenes are about (`subjects.py`)."""
    made = subprocess.run(
        [sys.executable, "-m", "bench.subjects", str(referrals)],
        cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    told: dict[str, Any] = json.loads(made.stdout)
    return told


@contextmanager
def whole(log: Path) -> Iterator[str]:
    """All its processes, as a user starts them. Gives the address."""
    port = _free_pair()
    words = [*YILIAN, "up", "--demo", "--port", str(port)]
    with _running(words, os.environ, log, port) as address:
        yield address


@contextmanager
def one_worker(name: str, log: Path) -> Iterator[str]:
    """Pages from a single worker whose connections bear this name in the database."""
    port = _free_pair()
    words = [sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws"]
    words += ["--workers", "1", "--blocking-threads", "1", "--port", str(port)]
    words += ["yilian.config.wsgi:application"]
    env = {**os.environ, "PGAPPNAME": name, "PORT": str(port), "YILIAN_DEMO": "1"}
    with _running(words, env, log, port) as address:
        yield address


@contextmanager
def _running(
    words: list[str], env: Mapping[str, str], log: Path, port: int
) -> Iterator[str]:
    with log.open("w") as output:
        process = subprocess.Popen(
            words, cwd=ROOT, env=dict(env), stdout=output, stderr=output
        )
        try:
            _wait(f"http://127.0.0.1:{port}", process, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=60)


def _wait(address: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    give_up_at = time.monotonic() + PATIENCE
    while time.monotonic() < give_up_at:
        assert process.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(f"{address}/healthz", timeout=5) as answer:  # noqa: S310
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise AssertionError(f"not ready in time:\n{log.read_text()}")


def _free_pair() -> int:
    """A port whose neighbour, for live updates, is free as well."""
    for _ in range(50):
        with socket.socket() as one, socket.socket() as other:
            one.bind(("127.0.0.1", 0))
            port: int = one.getsockname()[1]
            try:
                other.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port
    raise RuntimeError("no two free ports side by side")
