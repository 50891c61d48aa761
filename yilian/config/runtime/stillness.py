"""Processes that stand still: stopped by a signal, and by nobody set going again.

One that died is missed at once. A stopped one lives, answers nobody, and may hold
rows of an open transaction; only its end gives them back. Where there is no /proc
(macOS) nobody is found.
"""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

# Longer than any look with a debugger that somebody forgets to end.
PATIENCE: Final = 20.0
_STOPPED: Final = "T"  # "t" is somebody's debugger at work


@dataclass(slots=True)
class Stillness:
    """Since when each has been seen standing still."""

    since: dict[int, float] = field(default_factory=dict)

    def too_long(self, pids: Iterable[int]) -> list[int]:
        now = time.monotonic()
        still = [pid for pid in pids if _state(pid) == _STOPPED]
        self.since = {pid: self.since.get(pid, now) for pid in still}
        return [pid for pid, at in self.since.items() if now - at >= PATIENCE]


def with_children(pid: int) -> Iterator[int]:
    yield pid
    try:
        told = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:  # gone, or no Linux
        return
    for child in told.split():
        yield from with_children(int(child))


def _state(pid: int) -> str:
    """The letter behind the command, which may itself hold spaces and brackets."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return ""
