"""`yilian up`, as people start, stop and kill it."""

import contextlib
import json
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

import pytest

from yilian.config.runtime.folder import DataFolder

PATIENCE = 30


def _free_port() -> int:
    """One whose successor is free as well."""
    while True:
        with socket.socket() as one, socket.socket() as two:
            one.bind(("127.0.0.1", 0))
            port = int(one.getsockname()[1])
            try:
                two.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port


class Running:
    """A `yilian up` of its own folder and port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = _free_port()

    def environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("YILIAN_")}
        kept.pop("DATABASE_URL", None)
        return {
            **kept,
            "YILIAN_DATA": str(self.folder),
            "PORT": str(self.port),
            "DJANGO_SETTINGS_MODULE": "yilian.config.tests.small",
        }

    def command(self, *arguments: str, before: str = "") -> subprocess.Popen[str]:
        return subprocess.Popen(  # noqa: S603
            [*before.split(), sys.executable, "-m", "yilian.config.cli", *arguments],
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def start(self, before: str = "") -> None:
        self.process = self.command("up", before=before)

    def has_said(self, words: str) -> bool:
        log = DataFolder(self.folder).log("up")
        return log.exists() and words in log.read_text()

    def status(self) -> int:
        try:
            url = f"http://127.0.0.1:{self.port}/healthz"
            with urllib.request.urlopen(url, timeout=5) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def wait_until_ready(self) -> set[int]:
        """Which answers were seen on the way."""
        seen = {self.status()}
        give_up_at = time.monotonic() + PATIENCE
        while 200 not in seen:
            assert self.process.poll() is None, self.process.communicate()[0]
            assert time.monotonic() < give_up_at
            time.sleep(0.05)
            seen.add(self.status())
        return seen

    def database(self) -> int:
        pid_file = DataFolder(self.folder).cluster.folder / "postmaster.pid"
        return int(pid_file.read_text().split("\n")[0])

    def pids(self) -> list[int]:
        """Everything that runs for this folder, besides the database."""
        mark = f"YILIAN_SUPERVISED={self.folder}".encode()
        return [
            int(entry.name)
            for entry in Path("/proc").iterdir()
            if entry.name.isdecimal() and mark in _environ(entry)
        ]


def _until(is_so: Callable[[], bool]) -> None:
    give_up_at = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < give_up_at
        time.sleep(0.05)


def _kill(*pids: int) -> None:
    for pid in pids:  # a killed supervisor has taken its crew along
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _environ(entry: Path) -> list[bytes]:
    try:
        return (entry / "environ").read_bytes().split(b"\0")
    except OSError:
        return []


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = Running(tmp_path_factory.mktemp("region") / "data")
    running.start()
    seen = running.wait_until_ready()
    assert 503 in seen, "while it prepares, the port already answers"
    yield running
    if running.process.poll() is None:
        running.process.terminate()
        running.process.communicate(timeout=PATIENCE)


def test_a_second_start_is_told_where_the_first_one_is(running: Running) -> None:
    second = running.command("up")
    said, _ = second.communicate(timeout=PATIENCE)
    assert second.returncode == 1
    assert f"http://localhost:{running.port}" in said
    assert str(running.process.pid) in said


def test_a_taken_port_is_named(running: Running, tmp_path: Path) -> None:
    started = []
    for port in (running.port, running.port - 1):  # the other's, or the one beside
        other = Running(tmp_path / str(port))
        other.port = port
        started.append(other.command("up"))
    for process in started:
        said, _ = process.communicate(timeout=PATIENCE)
        assert process.returncode == 1
        assert f"Port {running.port} cannot be used" in said


def test_other_commands_share_the_server_and_leave_it_running(running: Running) -> None:
    asked = running.command("manage", "showmigrations", "--plan")
    said, _ = asked.communicate(timeout=PATIENCE)
    assert "[X]  contenttypes.0001_initial" in said
    assert running.status() == 200


def test_the_doctor_finds_a_running_region_well(running: Running) -> None:
    asked = running.command("doctor")
    said, _ = asked.communicate(timeout=PATIENCE)
    assert asked.returncode == 0, said
    assert "append-only" in said
    assert "fail" not in said


def test_whoever_is_killed_comes_back(running: Running) -> None:
    before = [*running.pids(), running.database()]
    _kill(*before)
    time.sleep(0.2)
    running.wait_until_ready()
    assert not {*before} & {*running.pids(), running.database()}


def test_a_database_that_cannot_be_started_is_tried_again_until_it_can(
    running: Running,
) -> None:
    version = DataFolder(running.folder).cluster.folder / "PG_VERSION"
    right = version.read_text()
    version.write_text("99\n")
    _kill(running.database())
    _until(lambda: running.has_said("Trying again in 2 s"))
    assert running.process.poll() is None
    assert running.status() == 503
    version.write_text(right)
    running.wait_until_ready()


def test_everything_killed_at_once_starts_again(running: Running) -> None:
    _kill(running.process.pid, running.database(), *running.pids())
    running.process.communicate()
    running.start()
    running.wait_until_ready()


def test_with_nohup_it_outlives_its_terminal_and_says_into_its_log_what_happens(
    tmp_path: Path,
) -> None:
    left = Running(tmp_path / "data")
    left.start(before="nohup")
    left.wait_until_ready()
    assert left.process.stdout
    left.process.stdout.close()
    left.process.send_signal(signal.SIGHUP)
    _kill(min(left.pids()))
    _until(lambda: left.has_said("pages died; restarting it."))
    left.wait_until_ready()
    left.process.terminate()
    assert left.process.wait(PATIENCE) == 0
    assert left.has_said("已停止（SIGTERM）")


def test_pages_that_die_again_and_again_at_their_start_are_not_waited_for(
    tmp_path: Path,
) -> None:
    broken = Running(tmp_path / "data")
    broken.start(before="env GRANIAN_SSL_CERTIFICATE=/none")
    said, _ = broken.process.communicate(timeout=PATIENCE * 2)
    assert broken.process.returncode == 1
    assert str(DataFolder(broken.folder).log("pages")) in said


def test_a_note_left_by_a_killed_start_blocks_nobody(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "data")
    folder.prepare()
    folder.lock("up").touch()
    folder.lock("up.json").write_text(json.dumps({"pid": 1, "url": "http://old"}))
    (folder.path / "VERSION").write_text("99")
    process = Running(folder.path).command("up")
    said, _ = process.communicate(timeout=PATIENCE)
    assert "newer version" in said
    assert "already running" not in said


def test_ctrl_c_stops_everything(running: Running) -> None:
    running.process.send_signal(signal.SIGINT)
    said, _ = running.process.communicate(timeout=PATIENCE)
    assert running.process.returncode == 0
    assert "Stopped." in said
    assert running.pids() == []
    assert not DataFolder(running.folder).cluster.is_alive()
