"""Looking at the record: every look is written down with the ground it stood on.

A look changes nothing, and so it needs no transaction: its row is committed before
anything of what was looked at is shown (`audit.services.record`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar
from uuid import UUID

from yilian.foundation.access.actor import Actor
from yilian.foundation.access.database import money_sight
from yilian.foundation.access.services import ask_and_write
from yilian.foundation.audit import services as audit
from yilian.kernel.errors import NotPermitted
from yilian.kernel.ids import NIL
from yilian.kernel.text import _
from yilian.record.queries import reading
from yilian.record.queries.reading import Held, Line, VersionLine
from yilian.record.rules.asking import Asked, cursor_after
from yilian.record.rules.money import MONEY
from yilian.registry.population.queries import Seen, sight_of
from yilian.registry.population.rules import Ground, Scope

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Opened:
    """A resource as the actor may read it, and on what ground."""

    held: Held
    text: str
    seen: Seen


@dataclass(frozen=True, slots=True)
class Found:
    """A page of a search; `next` is the cursor of the following one."""

    items: Sequence[Line]
    texts: Sequence[str]
    next: str | None


def open_resource(actor: Actor, type_name: str, resource_id: str) -> Opened:
    """Raises `NotFound`, whether it is absent or out of sight."""
    held = reading.read(actor, type_name, resource_id)
    person_id = held.person_id
    seen = sight_of(actor, person_id)
    _write_down(
        actor, "record.read", seen, person_id, type_name, resource_id=resource_id
    )
    return Opened(held, reading.filled(actor, held.text), seen)


def open_history(
    actor: Actor, type_name: str, resource_id: str
) -> tuple[list[VersionLine], Seen]:
    lines = reading.history(actor, type_name, resource_id)
    person_id = lines[0].person_id
    seen = sight_of(actor, person_id)
    _write_down(
        actor, "record.history", seen, person_id, type_name, resource_id=resource_id
    )
    return lines, seen


def open_with_history(
    actor: Actor, type_name: str, resource_id: str
) -> tuple[Opened, list[VersionLine]]:
    """For a page that shows a resource and where it came from: one look."""
    opened = open_resource(actor, type_name, resource_id)
    return opened, reading.history(actor, type_name, resource_id)


def search(actor: Actor, asked: Asked) -> Found:
    if asked.person_id is not None and reading.is_of_one(actor, asked):
        rows = _search_of_one(actor, asked, asked.person_id)
    else:
        rows = reading.search(actor, asked)
        _write_down_search(actor, asked, rows[: asked.count])
    shown = rows[: asked.count]
    more = cursor_after(shown[-1].id) if len(rows) > asked.count else None
    return Found(shown, [reading.filled(actor, line.text) for line in shown], more)


def _search_of_one(actor: Actor, asked: Asked, person_id: UUID) -> list[Line]:
    """Found and written down in one statement."""
    of_money = _ground_of_money(actor, asked.type)
    ground = {"ground": _SEEN_BY} if of_money is None else {}
    statement, told = audit.noted(
        actor,
        "record.search",
        found=_TOLD | ground,
        object_kind=asked.type[:32],
        person_id=person_id,
        ground=of_money,
    )
    note = f"{statement} {_OF_FOUND}", [*told, asked.count]
    rows = ask_and_write(reading.of_one(actor, asked, person_id), note)
    return reading.lines_of(rows)


def open_part(
    actor: Actor, person_id: UUID, part: str, *, scope: Scope = Scope.SUMMARY
) -> Seen:
    """A part of a person's page is about to be shown; raises `NotPermitted` in words.

    Whoever sees nothing of the person learns no more than that.
    """
    return _open_part(actor, person_id, part, scope)


def read_part(
    actor: Actor,
    person_id: UUID,
    part: str,
    read: Callable[[], T],
    *,
    scope: Scope = Scope.SUMMARY,
) -> tuple[Seen, T]:
    """`open_part`, and what is read then."""
    seen = _open_part(actor, person_id, part, scope)
    return seen, read()


def _open_part(actor: Actor, person_id: UUID, part: str, scope: Scope) -> Seen:
    seen = sight_of(actor, person_id)
    if seen.scope < scope:
        raise NotPermitted(
            _("此部分需要依据：签约、转诊、就诊、本人授权，或紧急调阅。")
        )
    _write_down(actor, "record.view", seen, person_id, part)
    return seen


def _write_down(
    actor: Actor,
    action: str,
    seen: Seen,
    person_id: UUID,
    kind: str,
    *,
    resource_id: str = "",
) -> None:
    """What is nobody's may be read without a trace."""
    if person_id == NIL:
        return
    audit.record(
        actor,
        action,
        object_kind=kind[:32],
        object_id=_uuid(resource_id),
        person_id=person_id,
        ground=_ground(actor, kind, seen),
        grant_id=seen.grant_id,
        is_break_glass=seen.ground is Ground.EMERGENCY,
        detail={"id": resource_id} if resource_id else {},
    )


def _write_down_search(actor: Actor, asked: Asked, shown: Sequence[Line]) -> None:
    persons = {line.person_id for line in shown} - {NIL}
    one = asked.person_id if asked.person_id != NIL else None
    if one is None and not persons and asked.person_id == NIL:
        return
    seen = sight_of(actor, one) if one else None
    audit.record(
        actor,
        "record.search",
        object_kind=asked.type[:32],
        person_id=one,
        person_ids=sorted(persons),
        ground=_ground(actor, asked.type, seen),
        grant_id=seen.grant_id if seen else None,
        is_break_glass=bool(seen and seen.ground is Ground.EMERGENCY),
        detail={"count": len(shown)},
    )


_OF_MONEY = {"area": "insurer", "house": "institution"}
# What the audit row says of an answer, as SQL.
_SEEN_BY: Final = "COALESCE(seen.ground, '')"
_TOLD: Final = {
    "grant_id": "seen.grant_id",
    "is_break_glass": f"COALESCE(seen.ground = '{Ground.EMERGENCY.value}', false)",
    "person_ids": "seen.persons",
    "detail": "jsonb_build_object('count', seen.shown)",
}
_OF_FOUND: Final = """
  FROM (SELECT ground, grant_id, LEAST(count(id), %s) AS shown,
               COALESCE(array_agg(DISTINCT person_id)
                        FILTER (WHERE person_id IS NOT NULL), '{}') AS persons
          FROM found GROUP BY ground, grant_id) seen
"""


def _ground(actor: Actor, type_name: str, seen: Seen | None) -> str:
    of_money = _ground_of_money(actor, type_name)
    if of_money is not None:
        return of_money
    return seen.ground.value if seen and seen.ground else ""


def _ground_of_money(actor: Actor, type_name: str) -> str | None:
    """Money is seen on money's own ground, whatever a grant opens besides."""
    if type_name not in MONEY:
        return None
    return _OF_MONEY.get(money_sight(actor).partition(":")[0])


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
