"""Telling the database who acts, so that row security can ask the sight function."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from yilian.foundation.access.actor import Actor


@contextmanager
def acting_as(actor: Actor) -> Iterator[None]:
    """Inside, this connection reads with the actor's sight; the setting ends with
    the transaction."""
    persons = "{" + ",".join(sorted(map(str, actor.person_ids))) + "}"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('yilian.reach', %s, true),"
            " set_config('yilian.institution', %s, true),"
            " set_config('yilian.account', %s, true),"
            " set_config('yilian.persons', %s, true)",
            [
                actor.reach.value,
                str(actor.institution_id or ""),
                str(actor.account_id or ""),
                persons,
            ],
        )
        yield


def one_at_a_time(subject: str) -> None:
    """Whoever acts on the same subject waits here until we have committed, and then
    sees what we did. For what no row stands for yet."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 1))", [subject]
        )
