"""Who acts: staff in a post, or a resident with those they stand for, 代办."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection

from yilian.foundation.access.actor import Actor, Reach, Role
from yilian.foundation.identity.models import Account
from yilian.foundation.identity.ports import Hint, SessionRead
from yilian.foundation.identity.rules import AccountKind
from yilian.registry.directory.queries import (
    POST_OF_ACCOUNT,
    Post,
    actor_in,
    actor_of_staff,
    today,
)

# The living person of an account and those they stand for; `account` says where its id
# comes from.
_PERSON: Final = """
SELECT person.id, person.name,
       ARRAY(SELECT proxy.person_id
               FROM population_proxy proxy
              WHERE proxy.proxy_id = person.id
                AND proxy.period @> %(today)s::date) AS stood_for
  FROM population_person person
 WHERE person.account_id = {account} AND person.died_at IS NULL
"""
_PERSON_OF: Final = _PERSON.format(account="%(account)s")


def actor_for(account: Account, post_id: UUID | None) -> Actor | None:
    """Named by `YILIAN_ACTOR_BUILDER`; one statement."""
    if account.kind == AccountKind.RESIDENT:
        return actor_of_resident(account)
    return actor_of_staff(account, post_id)


def actor_of_resident(account: Account) -> Actor | None:
    """The dead and the locked act no more."""
    found = _first(_PERSON_OF, {"account": account.id, "today": today()})
    return _actor(account, *found) if found else None


def signed_in(key: str, now: datetime, hint: Hint) -> SessionRead | None:
    """Named by `YILIAN_SESSION_READER`: session, account and actor in the one statement
    that opens every page."""
    told = {
        "key": key,
        "now": now,
        "today": today(),
        "account": hint.account,
        "post": hint.post,
    }
    found = _first(_STAFF if hint.post else _RESIDENT, told)
    if found is None:
        return None
    data, expires_at, *rest = found
    columns, who = rest[: len(_FIELDS)], rest[len(_FIELDS) :]
    if columns[_KEY_AT] is None:
        return SessionRead(data, expires_at, None, None)
    account = Account.from_db(connection.alias, _FIELDS, columns)
    actor = None if who[0] is None else _acting(account, who)
    return SessionRead(data, expires_at, account, actor)


def _acting(account: Account, who: Sequence[Any]) -> Actor | None:
    """Only as what the account is, whatever the hint said."""
    is_resident = account.kind == AccountKind.RESIDENT
    if is_resident is (len(who) == len(Post._fields)):
        return None
    return _actor(account, *who) if is_resident else actor_in(account, Post(*who))


def _actor(
    account: Account, own: UUID, name: str, stood_for: Sequence[UUID]
) -> Actor | None:
    if not account.is_active:
        return None
    return Actor(
        account_id=account.id,
        reach=Reach.SELF,
        roles=frozenset({Role.RESIDENT}),
        name=name,
        person_ids=frozenset({own, *stood_for}),
    )


def _first(statement: str, told: Mapping[str, Any]) -> tuple[Any, ...] | None:
    with connection.cursor() as cursor:
        cursor.execute(statement, told)  # writes: reads only
        found: tuple[Any, ...] | None = cursor.fetchone()
        return found


_FIELDS: Final = [field.attname for field in Account._meta.concrete_fields]
_KEY_AT: Final = _FIELDS.index("id")
_ACCOUNT: Final = ", ".join(
    f'account."{field.column}"' for field in Account._meta.concrete_fields
)
_READ: Final = f"""
SELECT session.session_data, session.expire_date, {_ACCOUNT}, who.*
  FROM django_session session
  LEFT JOIN identity_account account ON account.id = %(account)s
  LEFT JOIN LATERAL ({{who}}) who ON true
 WHERE session.session_key = %(key)s AND session.expire_date > %(now)s
"""  # noqa: S608 names of columns
_STAFF: Final = _READ.format(who=POST_OF_ACCOUNT)
_RESIDENT: Final = _READ.format(who=_PERSON.format(account="account.id"))
