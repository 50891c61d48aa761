"""The processes beside the supervisor: started, watched, restarted, stopped."""

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

from yilian.config.runtime.postgres import BIG_LOG
from yilian.config.runtime.stillness import Stillness, with_children

# Every process of a crew carries this with its data folder as value, so that a
# later start finds those whose supervisor was killed.
MARK: Final = "YILIAN_SUPERVISED"
FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 10.0
STEADY: Final = 10.0  # after so long a life, a death counts as the first again
PATIENCE: Final = 12.0

_PARENT_DEATH_SIGNAL: Final = 1
_PRCTL: Final = getattr(ctypes.CDLL(None), "prctl", None)


@dataclass(slots=True)
class Member:
    """One process that must always run."""

    name: str
    command: Sequence[str]
    log: Path
    environment: Mapping[str, str]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    pause: float = FIRST_PAUSE
    not_before: float = 0.0
    deaths: int = 0

    def start(self) -> None:
        with self._open_log() as log:
            self.process = subprocess.Popen(  # noqa: S603 commands of ours
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=dict(self.environment),
                start_new_session=True,  # Ctrl-C reaches us alone; we stop the rest
                preexec_fn=_end_with_parent,
            )
        self.started_at = time.monotonic()

    def try_to_start(self) -> bool:
        """False when the machine had no room for it: tried again after the pause."""
        try:
            self.start()
        except (OSError, subprocess.SubprocessError):
            self._wait()
            return False
        return True

    def died(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def processes(self) -> list[int]:
        return [] if self.process is None else list(with_children(self.process.pid))

    def bury(self) -> None:
        """Its own children go with it; the next life waits for the pause."""
        self.end()
        self.deaths += 1
        if time.monotonic() - self.started_at > STEADY:
            self.pause = FIRST_PAUSE
        self._wait()

    def end(self) -> None:
        if self.process is not None:
            _kill_group(self.process.pid)
            self.process.wait()
        self.process = None

    def _wait(self) -> None:
        self.not_before = time.monotonic() + self.pause
        self.pause = min(self.pause * 2, LONGEST_PAUSE)

    def _open_log(self) -> BinaryIO:
        """A disk without room for a log is no reason not to run."""
        try:
            if self.log.exists() and self.log.stat().st_size > BIG_LOG:
                self.log.replace(self.log.with_suffix(".old"))
            return self.log.open("ab")
        except OSError:
            return Path(os.devnull).open("ab")


@dataclass(slots=True)
class Crew:
    members: list[Member] = field(default_factory=list)
    stillness: Stillness = field(default_factory=Stillness)

    def enlist(self, *members: Member) -> None:
        for member in members:
            self.members.append(member)
            member.try_to_start()

    def tend(self) -> list[Member]:
        """Restart whoever died and has waited; the answer names the newly dead, and
        those that could not be started."""
        dead = [member for member in self.members if member.died()]
        for member in dead:
            member.bury()
        now = time.monotonic()
        due = [m for m in self.members if m.process is None and now >= m.not_before]
        return dead + [member for member in due if not member.try_to_start()]

    def end_still(self) -> list[Member]:
        """Whoever has long stood still is ended, and so replaced; whose they were."""
        whose = {pid: member for member in self.members for pid in member.processes()}
        still = self.stillness.too_long(whose)
        for pid in still:
            _kill(pid)
        return [whose[pid] for pid in still]

    def stop(self) -> None:
        """Ask politely, wait, and end whoever stays."""
        running = [m.process for m in self.members if m.process is not None]
        for process in running:
            process.terminate()
        give_up_at = time.monotonic() + PATIENCE
        while _any_alive(running) and time.monotonic() < give_up_at:
            time.sleep(0.05)
        for member in self.members:
            member.end()


def end_leftovers(folder: Path) -> int:
    """End processes of a supervisor of this folder that was killed.

    Only to be called while holding the folder's lock, when no supervisor lives.
    """
    mark = f"{MARK}={folder}".encode()
    left = [pid for pid in _all_pids() if mark in _environment_of(pid)]
    for pid in left:
        _kill(pid)
    give_up_at = time.monotonic() + 5
    while any(mark in _environment_of(pid) for pid in left):
        if time.monotonic() > give_up_at:
            break
        time.sleep(0.02)
    return len(left)


def _end_with_parent() -> None:
    """Where the system can (Linux), a killed supervisor takes its crew along."""
    if _PRCTL is not None:
        _PRCTL(_PARENT_DEATH_SIGNAL, signal.SIGTERM)


def _any_alive(processes: Sequence[subprocess.Popen[bytes]]) -> bool:
    return any(process.poll() is None for process in processes)


def _all_pids() -> list[int]:
    proc = Path("/proc")
    if not proc.exists():
        return []
    numbers = (int(entry.name) for entry in proc.iterdir() if entry.name.isdecimal())
    return [pid for pid in numbers if pid != os.getpid()]


def _environment_of(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:  # gone, or somebody else's
        return []


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _kill_group(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):  # macOS: nobody but zombies left
        return
