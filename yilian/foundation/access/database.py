"""Telling the database who acts, so that row security can ask the sight function."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from yilian.foundation.access.actor import Actor, Reach, Role


@contextmanager
def acting_as(actor: Actor) -> Iterator[None]:
    """Inside, this connection reads with the actor's sight; the setting ends with
    the transaction, so a savepoint would add nothing but its two statements."""
    persons = "{" + ",".join(sorted(map(str, actor.person_ids))) + "}"
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('yilian.reach', %s, true),"
            " set_config('yilian.institution', %s, true),"
            " set_config('yilian.account', %s, true),"
            " set_config('yilian.persons', %s, true),"
            " set_config('yilian.money', %s, true)",
            [
                actor.reach.value,
                str(actor.institution_id or ""),
                str(actor.account_id or ""),
                persons,
                money_sight(actor),
            ],
        )
        yield


def money_sight(actor: Actor) -> str:
    """Whose claims and benefits: `all`, the actor's `own`, those charged by the
    `house`, those of persons insured in an `area:` (record's migration 0005)."""
    if actor.reach is Reach.SYSTEM:
        return "all"
    if actor.reach is Reach.SELF:
        return "own"
    if actor.reach is Reach.AREA and actor.has(Role.INSURER) and actor.area_code:
        return f"area:{actor.area_code}"
    has_house = actor.institution_id is not None
    return "house" if has_house and actor.has(Role.FINANCE) else ""


def one_at_a_time(subject: str) -> None:
    """Whoever acts on the same subject waits here until we have committed, and then
    sees what we did. For what no row stands for yet."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 1))", [subject]
        )
