"""After the database was away: the connections kept for the pages are looked through.

Each would fail its next user once, and only then be replaced. So the first failure
has all that lie idle tried, beside the request, and the dead ones replaced.
"""

import threading
from typing import Any, Final

from django.db import connection

ENDED: Final = frozenset({"57P01", "57P02", "57P03"})  # shutdown, crash, starting up
_looking = threading.Lock()


def look_through(error: BaseException | None) -> threading.Thread | None:
    """Begins where the error says that the line is gone; None where it does not."""
    pool = getattr(connection, "pool", None)
    if pool is None or not is_line_lost(error):
        return None
    return look_through_pool(pool)


def is_line_lost(error: BaseException | None) -> bool:
    """Told by the server as it ended, or by the line, which gives no code."""
    cause = error.__cause__ if error is not None else None
    if type(cause).__name__ in {"PoolTimeout", "TooManyRequests"}:
        return False  # all are in use: none lies idle
    return cause is not None and getattr(cause, "sqlstate", "") in {None, *ENDED}


def look_through_pool(pool: Any) -> threading.Thread:
    """In a thread of its own, one at a time: a frozen database answers nobody."""

    def check() -> None:
        if _looking.acquire(blocking=False):
            try:
                pool.check()
            finally:
                _looking.release()

    thread = threading.Thread(target=check, daemon=True, name="pool")
    thread.start()
    return thread
