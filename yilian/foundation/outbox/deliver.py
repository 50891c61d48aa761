"""The deliverer: a process that looks for new events ten times a second.

Where a look finds many, the next comes later: as many jobs as before then carry more,
and a job costs more than a delivery.

`yilian deliver` runs it beside the pages; several may run, one works at a time.
"""

import logging
import signal
import threading
import time
from types import FrameType
from typing import Final

from django.db import DatabaseError, connection

from yilian.foundation.jobs.services import rescue_stalled
from yilian.foundation.outbox.services import BATCH, dispatch

EVERY: Final = 0.1
MANY: Final = 8
AFTER_MANY: Final = 0.4
RESCUE_EVERY: Final = 5.0
LONGEST_PAUSE: Final = 5.0

logger = logging.getLogger(__name__)


def run_forever() -> None:
    """Until SIGTERM or SIGINT; a database that is away is waited for."""
    stopping = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    pause, rescued_at = EVERY, 0.0
    while not stopping.wait(pause):
        try:
            if time.monotonic() - rescued_at > RESCUE_EVERY:
                rescue_stalled()
                rescued_at = time.monotonic()
            pause = pause_after(dispatch())
        except DatabaseError as error:
            logger.warning("no delivery for now: %s", type(error).__name__)
            connection.close()
            pause = min(max(pause, EVERY) * 2, LONGEST_PAUSE)
    connection.close()


def pause_after(found: int) -> float:
    if found == BATCH:
        return 0.0
    return AFTER_MANY if found >= MANY else EVERY
