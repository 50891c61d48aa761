"""A sign of life for systemd: who stands still is killed and begun anew (WatchdogSec).

Said by a thread of its own, so it means that the process gets to run, not that its
work is well: that is what `yilian doctor` and the measures tell.
"""

import contextlib
import os
import socket
import threading
import time
from typing import Final

_OFTEN: Final = 3  # times within what systemd waits
_WORDS: Final = b"WATCHDOG=1"


def begin() -> None:
    """Nothing where nobody asks for it."""
    address, waits = os.environ.get("NOTIFY_SOCKET"), os.environ.get("WATCHDOG_USEC")
    is_ours = os.environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    if not address or not waits or not is_ours:
        return
    every = int(waits) / 1_000_000 / _OFTEN
    name = address.replace("@", "\0", 1) if address.startswith("@") else address
    threading.Thread(target=_say, args=(name, every), daemon=True).start()


def _say(address: str, every: float) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        while True:
            # While systemd is being renewed it does not listen.
            with contextlib.suppress(OSError):
                line.sendto(_WORDS, address)
            time.sleep(every)
