"""systemd hears from a process that runs, and no longer from one that stands still."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PROGRAM = """
import time
from yilian.config.runtime import sign_of_life
sign_of_life.begin()
time.sleep(600)
"""


@contextmanager
def begun(**told: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-c", PROGRAM]
    environment = {**os.environ, **told}
    with subprocess.Popen(command, env=environment) as process:  # noqa: S603 ours
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(str(tmp_path / "notify"))
        ear.settimeout(20)
        yield ear


def test_who_runs_is_heard_until_it_stands_still(systemd: socket.socket) -> None:
    told = {"NOTIFY_SOCKET": systemd.getsockname(), "WATCHDOG_USEC": "300000"}
    with begun(**told) as process:
        assert [systemd.recv(64), systemd.recv(64)] == [b"WATCHDOG=1"] * 2
        process.send_signal(signal.SIGSTOP)
        systemd.settimeout(0.5)
        with pytest.raises(TimeoutError):
            _drain(systemd)


def _drain(ear: socket.socket) -> None:
    while True:
        ear.recv(64)


@pytest.mark.parametrize(
    "spoilt", [{"WATCHDOG_USEC": ""}, {"WATCHDOG_PID": "1"}, {"NOTIFY_SOCKET": ""}]
)
def test_nobody_is_told_what_nobody_asked_for(
    systemd: socket.socket, spoilt: dict[str, str]
) -> None:
    told = {"NOTIFY_SOCKET": systemd.getsockname(), "WATCHDOG_USEC": "300000"}
    with begun(**(told | spoilt)):
        systemd.settimeout(0.6)
        with pytest.raises(TimeoutError):
            systemd.recv(64)
