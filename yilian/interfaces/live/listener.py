"""The one connection that listens, for all pages together."""

import asyncio
import logging
from typing import Any, Final

import psycopg
from django.db import connection

from yilian.interfaces.live.hub import Hub, read_notice

CHANNEL: Final = "yilian_live"
LONGEST_PAUSE: Final = 5.0
# A line that only listens never notices by itself that the other end is gone.
VIGILANT: Final = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
}

logger = logging.getLogger(__name__)


async def listen(hub: Hub) -> None:
    """Until cancelled. While the database is away nothing is heard, so afterwards
    every page is sent to ask anew."""
    pause = 0.1
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(
                **_address(), autocommit=True
            ) as heard:
                await heard.execute(f"LISTEN {CHANNEL}")  # writes: only listens
                hub.is_deaf, pause = False, 0.1
                async for notification in heard.notifies():
                    notice = read_notice(notification.payload)
                    if notice:
                        hub.tell(notice)
        except Exception as error:  # whatever it is: deaf for good would be worse
            logger.warning("not listening for now: %s", type(error).__name__)
        hub.is_deaf = True
        hub.close()
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)


def _address() -> dict[str, Any]:
    params: dict[str, Any] = connection.get_connection_params()
    names = ("host", "port", "dbname", "user", "password", "sslmode", "sslrootcert")
    return VIGILANT | {name: params[name] for name in names if params.get(name)}
