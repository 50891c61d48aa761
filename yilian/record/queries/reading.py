"""Reading by id, under row security: out of sight is not there."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection

from yilian.foundation.access.actor import Actor
from yilian.foundation.access.database import acting_as, money_sight
from yilian.kernel.canonical import parse_object
from yilian.kernel.errors import NotFound
from yilian.record.rules.asking import MOST, Asked
from yilian.record.rules.indexing import index
from yilian.registry.population.models import sight_arguments
from yilian.registry.population.queries import (
    GRANTED,
    fill_placeholders,
    granted_told,
    is_by_grant,
)


@dataclass(frozen=True, slots=True)
class Held:
    """A resource as it stands: the text with placeholders still in it."""

    person_id: UUID
    type: str
    id: str
    version: int
    institution_id: UUID | None
    clinical_at: datetime | None
    clinical_until: datetime | None
    status: str
    last_updated: datetime
    text: str

    @property
    def body(self) -> dict[str, Any]:
        return parse_object(self.text)

    @property
    def reference(self) -> str:
        return f"{self.type}/{self.id}"


@dataclass(frozen=True, slots=True)
class Told:
    """What a resource says, and who sent or made it."""

    type: str
    institution_id: UUID | None
    text: str

    @property
    def body(self) -> dict[str, Any]:
        """For names and times. Numbers lose their digits: those need `Held.body`."""
        body: dict[str, Any] = json.loads(self.text)
        return body


@dataclass(frozen=True, slots=True)
class Line:
    """A resource that a search found; its text has placeholders still in it."""

    person_id: UUID
    id: str
    text: str


@dataclass(frozen=True, slots=True)
class VersionLine:
    """Who put this version there, for which institution, when."""

    person_id: UUID
    version: int
    institution_id: UUID | None
    account_id: UUID | None
    created_at: datetime
    is_deleted: bool
    text: str


_COLUMNS: Final = (
    "r.person_id, r.type, r.id, r.version, r.institution_id, r.clinical_at,"
    " r.clinical_until, r.status, r.last_updated, r.body"
)
# The locator says whose it is; the policy says whether it is there for the actor.
_READ: Final = f"""
SELECT {_COLUMNS} FROM record_locator l
JOIN record_resource r
  ON r.person_id = l.person_id AND r.type = l.type AND r.id = l.id
WHERE l.type = %s AND l.id = %s AND NOT r.is_deleted
"""  # noqa: S608
_HISTORY: Final = """
SELECT v.person_id, v.version, v.institution_id, v.account_id, v.created_at,
       v.is_deleted, v.body
FROM record_locator l
JOIN record_version v
  ON v.person_id = l.person_id AND v.type = l.type AND v.id = l.id
WHERE l.type = %s AND l.id = %s ORDER BY v.version DESC LIMIT %s
"""
_OWNERS: Final = """
SELECT l.type, l.id, l.person_id, r.institution_id
FROM unnest(%s::text[], %s::text[]) AS asked (type, id)
JOIN record_locator l ON l.type = asked.type AND l.id = asked.id
LEFT JOIN record_resource r
  ON r.person_id = l.person_id AND r.type = l.type AND r.id = l.id
"""
# Who asks, then what: one round trip (migration 0006).
_FOUND: Final = "record_search_as(%s, %s, %s, %s, %s, %s::text[], %s, %s::jsonb, %s)"
_SEARCH: Final = f"SELECT * FROM {_FOUND}"  # noqa: S608
_LINES: Final = f"SELECT person_id, id, body FROM {_FOUND}"  # noqa: S608
# And on what ground: each line bears it, and it comes though nothing was found.
_SEEN: Final = f"""
SELECT best.ground, best.id AS grant_id, told.person_id, told.id, told.body
  FROM (SELECT) once
  LEFT JOIN LATERAL ({GRANTED}) best ON true
  LEFT JOIN LATERAL record_search_as(
      %(reach)s, %(house)s, %(who)s, %(persons)s, %(money)s,
      ARRAY[%(type)s::text], %(person)s, %(asked)s::jsonb, %(most)s) told ON true
"""  # noqa: S608 - words of ours
_SEEN_NAMES: Final = re.findall(r"%\((\w+)\)s", _SEEN)
_SEEN_PLACES: Final = re.sub(r"%\(\w+\)s", "%s", _SEEN)
_TEXTS: Final = f"SELECT type, institution_id, body FROM {_FOUND}"  # noqa: S608
_NEWEST: Final = {"newest_first": True}


def read(actor: Actor, type_name: str, resource_id: str) -> Held:
    """Raises `NotFound`. Callers that show it go through `services.reading`."""
    rows = _rows(actor, _READ, [type_name, resource_id])
    if not rows:
        raise NotFound
    return Held(*rows[0])


def history(actor: Actor, type_name: str, resource_id: str) -> list[VersionLine]:
    """Newest first, the last hundred."""
    rows = _rows(actor, _HISTORY, [type_name, resource_id, MOST])
    if not rows:
        raise NotFound
    return [VersionLine(*row) for row in rows]


def search(actor: Actor, asked: Asked) -> list[Line]:
    """One row more than a page, so that the caller knows whether there is a next."""
    if asked.is_nowhere or asked.ids == ():
        return []
    facts = [[asked.type], asked.person_id, _json(asked.as_json()), asked.count + 1]
    return [Line(*row) for row in _found(actor, _LINES, facts)]


def is_of_one(actor: Actor, asked: Asked) -> bool:
    """Whether the search is of one person whom the actor sees by a grant."""
    person_id = asked.person_id
    is_empty = asked.is_nowhere or asked.ids == ()
    return person_id is not None and not is_empty and is_by_grant(actor, person_id)


def of_one(actor: Actor, asked: Asked, person_id: UUID) -> tuple[str, list[Any]]:
    """The question of such a search, and its values; `lines_of` reads the answer."""
    told = granted_told(actor, person_id) | {
        "money": money_sight(actor),
        "type": asked.type,
        "asked": _json(asked.as_json()),
        "most": asked.count + 1,
    }
    return _SEEN_PLACES, [told[name] for name in _SEEN_NAMES]


def lines_of(rows: Iterable[Sequence[Any]]) -> list[Line]:
    return [Line(*row[2:]) for row in rows if row[2] is not None]


def resources_of(
    actor: Actor,
    person_id: UUID,
    types: Iterable[str],
    *,
    since: datetime | None = None,
    limit: int = 500,
    tokens: Sequence[str] = (),
) -> list[Held]:
    """Of one person, newest first; what the actor's scope does not open is left out.

    `tokens`: any of these, such as `category=laboratory`.
    """
    asked: dict[str, Any] = dict(_NEWEST)
    if since is not None:
        moment = since.isoformat()
        asked["spans"] = [{"op": "ge", "start": moment, "end": moment}]
    if tokens:
        asked["tokens"] = [list(tokens)]
    facts = [sorted(set(types)), person_id, _json(asked), limit]
    return [Held(*row) for row in _found(actor, _SEARCH, facts)]


def texts_of(
    actor: Actor, person_id: UUID, types: Sequence[str], *, limit: int
) -> list[Told]:
    """As `resources_of`, for a page that reads nothing but what the texts say."""
    facts = [list(types), person_id, _json(_NEWEST), limit]
    return [Told(*row) for row in _found(actor, _TEXTS, facts)]


def owners(
    actor: Actor, names: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], tuple[UUID, UUID | None]]:
    """Whose these ids (type, id) are already, and which institution wrote them."""
    rows = _rows(actor, _OWNERS, [[t for t, _i in names], [i for _t, i in names]])
    return {(row[0], row[1]): (row[2], row[3]) for row in rows}


def with_identifiers(
    actor: Actor, type_name: str, tokens: Sequence[str]
) -> dict[str, list[str]]:
    """Ids by identifier (`system|value`), among what the actor sees."""
    asked = {"tokens": [[f"identifier={token}" for token in tokens]]}
    facts = [[type_name], None, _json(asked), 10 * len(tokens)]
    rows = _found(actor, _SEARCH, facts)
    found: dict[str, list[str]] = {}
    for held in (Held(*row) for row in rows):
        for token in index(held.body).tokens:
            name, _equals, value = token.partition("=")
            if name == "identifier" and value in tokens:
                found.setdefault(value, []).append(held.id)
    return found


def filled(actor: Actor, text: str) -> str:
    """Numbers and phones in a text, as far as the actor may read them."""
    return fill_placeholders(text, actor)


def _found(actor: Actor, statement: str, facts: list[Any]) -> list[tuple[Any, ...]]:
    """By the one function that searches: it is told who asks as well."""
    told = [*sight_arguments(actor), money_sight(actor), *facts]
    with connection.cursor() as cursor:
        cursor.execute(statement, told)  # writes: nothing, the SELECTs above
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _rows(actor: Actor, statement: str, values: list[Any]) -> list[tuple[Any, ...]]:
    with acting_as(actor), connection.cursor() as cursor:
        cursor.execute(statement, values)  # writes: nothing, the SELECTs above
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False)
