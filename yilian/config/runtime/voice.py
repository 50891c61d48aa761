"""What the supervisor says: on the terminal, and in a log that outlives it.

A terminal may be gone, stopped with Ctrl-S, or a pipe that nobody reads. The work
must not wait for any of them, so a thread of its own does the talking.
"""

import contextlib
import queue
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

Say = Callable[[str], None]
MOST_WAITING: Final = 1000
LAST_WORDS: Final = 2.0  # seconds for what is still to be said at the end


@contextlib.contextmanager
def voice(say: Say, log: Path) -> Iterator[Say]:
    """A `say` that returns at once and never fails."""
    waiting: queue.Queue[str | None] = queue.Queue(MOST_WAITING)
    thread = threading.Thread(target=_talk, args=(waiting, say), daemon=True)
    thread.start()

    def tell(line: str) -> None:
        _note(log, line)
        with contextlib.suppress(queue.Full):  # nobody has listened for a long time
            waiting.put_nowait(line)

    try:
        yield tell
    finally:
        with contextlib.suppress(queue.Full):
            waiting.put_nowait(None)
        thread.join(LAST_WORDS)


def _note(log: Path, line: str) -> None:
    with contextlib.suppress(OSError), log.open("a", encoding="utf-8") as file:
        file.write(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} {line}\n")


def _talk(waiting: "queue.Queue[str | None]", say: Say) -> None:
    while (line := waiting.get()) is not None:
        with contextlib.suppress(Exception):  # closed, or in a poorer alphabet
            say(line)
