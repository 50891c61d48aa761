"""A region is looked after whatever goes wrong, and nobody waits for a terminal."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from yilian.config.runtime import crew as crews
from yilian.config.runtime import stillness
from yilian.config.runtime import watch as watches
from yilian.config.runtime.crew import Crew, Member
from yilian.config.runtime.database import Urls
from yilian.config.runtime.environment import Place
from yilian.config.runtime.folder import DataFolder
from yilian.config.runtime.voice import voice
from yilian.config.runtime.watch import Watch

PATIENCE = 20.0


@pytest.fixture
def crew(monkeypatch: pytest.MonkeyPatch) -> Iterator[Crew]:
    monkeypatch.setattr(crews, "FIRST_PAUSE", 0.01)
    crew = Crew()
    yield crew
    crew.stop()


def member(folder: Path, *command: str) -> Member:
    return Member("one", command, folder / "one.log", dict(os.environ), pause=0.01)


def sleeper(folder: Path) -> Member:
    return member(folder, sys.executable, "-c", "import time; time.sleep(600)")


def until(is_so: Callable[[], object], tend: Callable[[], object]) -> None:
    give_up_at = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < give_up_at
        tend()
        time.sleep(0.02)


def test_who_cannot_be_started_now_is_started_later(crew: Crew, tmp_path: Path) -> None:
    program = tmp_path / "program"
    late, other = member(tmp_path, str(program)), sleeper(tmp_path)
    crew.enlist(late, other)
    assert late.process is None
    assert other.process
    program.write_text("#!/bin/sh\nexec sleep 600\n")
    program.chmod(0o700)
    until(lambda: late.process, crew.tend)


def test_a_log_that_cannot_be_written_keeps_nobody_from_running(
    crew: Crew, tmp_path: Path
) -> None:
    (tmp_path / "one.log").mkdir()
    crew.enlist(sleeper(tmp_path))
    assert crew.members[0].process


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
@pytest.mark.parametrize("who", ["itself", "its child"])
def test_who_stands_still_is_replaced_but_not_who_paused_a_moment(
    crew: Crew, tmp_path: Path, who: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    parent = "import subprocess as s; s.run(['sleep', '600']); raise SystemExit(1)"
    crew.enlist(member(tmp_path, sys.executable, "-c", parent))
    [one] = crew.members
    until(lambda: len(one.processes()) > 1, lambda: None)
    stopped = one.processes()[0 if who == "itself" else 1]
    os.kill(stopped, signal.SIGSTOP)
    assert crew.end_still() == []
    os.kill(stopped, signal.SIGCONT)
    until(lambda: not crew.stillness.since, crew.end_still)
    monkeypatch.setattr(stillness, "PATIENCE", 0.1)
    os.kill(stopped, signal.SIGSTOP)
    until(crew.end_still, lambda: None)
    until(lambda: one.deaths and len(one.processes()) > 1, crew.tend)
    assert stopped not in one.processes()


def test_the_crew_is_looked_after_while_the_database_cannot_start(
    crew: Crew, tmp_path: Path
) -> None:
    folder = DataFolder(tmp_path)
    folder.prepare()
    folder.cluster.folder.mkdir()
    (folder.cluster.folder / "PG_VERSION").write_text("9\n")
    said: list[str] = []
    place = Place(folder, Urls(owner="", app=""), embedded=True)
    watch = Watch(place, crew, said.append)
    dying = member(tmp_path, "/bin/false")
    crew.enlist(dying)
    until(lambda: dying.deaths > 1, watch.look)
    [told] = [words for words in said if "PostgreSQL 9" in words]
    assert "Trying again in 1 s" in told, "once, and then after the pause"


def test_a_failure_is_said_and_tried_again_after_longer_and_longer_pauses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(watches, "LONGEST_PAUSE", 0.04)
    said: list[str] = []
    tries: list[float] = []

    def look() -> None:
        tries.append(time.monotonic())
        if len(tries) < 5:
            raise ValueError("with a name in it")

    duty = watches.Duty("database", look, said.append, pause=0.01)
    until(lambda: len(tries) == 5, duty.do)
    assert len(said) == 4
    assert all("ValueError" in words and "a name" not in words for words in said)
    assert tries[4] - tries[3] >= 0.04
    assert duty.pause == watches.FIRST_PAUSE


def test_what_is_said_waits_for_no_terminal_and_stands_in_the_log(
    tmp_path: Path,
) -> None:
    never_read, full = os.pipe()
    script = (
        "import sys; from pathlib import Path\n"
        "from yilian.config.runtime.voice import voice\n"
        "with voice(print, Path(sys.argv[1])) as say:\n"
        "    [say('x' * 10_000) for _ in range(100)]\n"
        "    say('the end')\n"
        "import os; os._exit(7)"
    )
    log = tmp_path / "up.log"
    done = subprocess.run(  # noqa: S603 our own program
        [sys.executable, "-u", "-c", script, str(log)],
        stdout=full,
        timeout=PATIENCE,
        check=False,
    )
    os.close(never_read)
    os.close(full)
    assert done.returncode == 7
    assert log.read_text().endswith("the end\n")


def test_a_closed_terminal_stops_nobody(tmp_path: Path) -> None:
    def closed(_line: str) -> None:
        raise ValueError("I/O operation on closed file")

    with voice(closed, tmp_path / "none" / "up.log") as say:
        say("one")
        say("two")
