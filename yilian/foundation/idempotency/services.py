"""Do a create once, however often its form is sent."""

from collections.abc import Callable
from uuid import UUID

from django.db import connection

from yilian.foundation.access.actor import Actor
from yilian.foundation.idempotency.models import MadeOnce
from yilian.kernel.errors import Conflict
from yilian.kernel.text import _


def once(actor: Actor, key: UUID, kind: str, make: Callable[[], UUID]) -> UUID:
    """The id of what `make` made under this key, now or the first time.

    Call it inside the transaction of the create. A second sender waits at the
    unique key until the first commits, and then gets the first one's id.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO idempotency_madeonce (key, account_id, kind)"
            " VALUES (%s, %s, %s) ON CONFLICT (key) DO NOTHING",
            [key, actor.account_id, kind],
        )
        is_first = cursor.rowcount == 1
    if is_first:
        result = make()
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE idempotency_madeonce SET result_id = %s WHERE key = %s",
                [result, key],
            )
        return result
    made = MadeOnce.objects.get(key=key)
    if made.account_id != actor.account_id or made.kind != kind or not made.result_id:
        raise Conflict(_("这张表单已经失效，请重新打开页面再提交。"))
    return made.result_id


def made_before(actor: Actor, key: UUID, kind: str) -> UUID | None:
    """What this account has made under the key, where the page asks before it acts."""
    rows = MadeOnce.objects.filter(key=key, kind=kind, account_id=actor.account_id)
    return rows.values_list("result_id", flat=True).first()
