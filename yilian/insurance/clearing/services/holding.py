"""Holding a consortium's books: together while posting, alone while closing.

The trigger `entry_admitted` takes the same lock, so that what is posted past these
services waits as well.
"""

from uuid import UUID

from django.db import connection

from yilian.foundation.access.database import one_at_a_time


def hold_together(consortium_id: UUID) -> None:
    """Many may post at once; whoever draws, signs or closes waits for them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock_shared(hashtextextended(%s, 1))",
            [_name(consortium_id)],
        )


def hold_alone(consortium_id: UUID) -> None:
    one_at_a_time(_name(consortium_id))


def _name(consortium_id: UUID) -> str:
    return f"clearing:{consortium_id}"
