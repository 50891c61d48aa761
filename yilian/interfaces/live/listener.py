"""The one connection that listens, for all pages together."""

import asyncio
import logging
from typing import Any, Final

import psycopg
from django.db import connection

from yilian.interfaces.live.hub import Hub, read_notice

CHANNEL: Final = "yilian_live"
LONGEST_PAUSE: Final = 5.0

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
                pause = 0.1
                async for notification in heard.notifies():
                    notice = read_notice(notification.payload)
                    if notice:
                        hub.tell(notice)
        except psycopg.OperationalError as error:
            logger.warning("not listening for now: %s", type(error).__name__)
        hub.close()
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)


def _address() -> dict[str, Any]:
    params: dict[str, Any] = connection.get_connection_params()
    names = ("host", "port", "dbname", "user", "password", "sslmode", "sslrootcert")
    return {name: params[name] for name in names if params.get(name)}
