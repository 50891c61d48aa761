"""Any actor at a browser: the registry, which builds actors, stands above.

And patience: other tests share the server, and what looks for 'what is new' stops
before any transaction still running there.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db import connection

from yilian.foundation.access.actor import Actor
from yilian.foundation.identity.models import Account

PATIENCE: Final = 60
_ACTORS: Final[dict[UUID, Actor]] = {}


@dataclass(frozen=True, slots=True)
class House:
    name: str


def act_as(account: Account, actor: Actor) -> None:
    _ACTORS[account.pk] = actor


def actor_for(account: Account, post_id: UUID | None) -> Actor | None:
    return _ACTORS.get(account.pk)


def institution_lines(ids: Iterable[UUID]) -> dict[UUID, House]:
    return dict.fromkeys(ids, House("西吉县人民医院"))


def let_others_finish() -> None:
    """Until every transaction begun before now has ended."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text::bigint")
        (now,) = cursor.fetchone()
        give_up_at = time.monotonic() + PATIENCE
        while time.monotonic() < give_up_at:
            cursor.execute(
                "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint > %s",
                [now],
            )
            if cursor.fetchone()[0]:
                return
            time.sleep(0.02)
    raise TimeoutError("another test does not end its transaction")
