"""A person in a list: full where the actor has a ground, masked everywhere else."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.utils import timezone
from django.utils.translation import get_language, gettext, ngettext

from yilian.foundation.access.actor import Actor
from yilian.kernel.errors import NotFound
from yilian.kernel.identity_number import IdentityKind
from yilian.kernel.names import mask_name
from yilian.registry.population.queries.sight import SIGHT, sight_told
from yilian.registry.population.rules import SEX_NAMES, GroupTag, Scope, county_name


@dataclass(frozen=True, slots=True)
class PersonCard:
    """`sex` and `age` are words to show. Birth date and address only with a ground."""

    id: UUID
    name: str
    is_masked: bool
    sex: str
    sex_code: str
    age: str
    born_on: date | None
    identity: str  # always masked
    phone: str  # always masked
    place: str
    tags: tuple[GroupTag, ...]
    died_at: datetime | None
    scope: Scope


MOST_TELLING: Final = (
    IdentityKind.ID_CARD,
    IdentityKind.HMT_RESIDENCE,
    IdentityKind.FOREIGNER_RESIDENCE,
    IdentityKind.PASSPORT,
    IdentityKind.HKM_PERMIT,
    IdentityKind.TAIWAN_PERMIT,
    IdentityKind.OFFICER_CARD,
    IdentityKind.HOUSEHOLD_BOOK,
    IdentityKind.BIRTH_CERTIFICATE,
    IdentityKind.INSURANCE_NUMBER,
    IdentityKind.TEMPORARY,
)
_TELLING: Final = ",".join(kind.value for kind in MOST_TELLING)
# Columns of `card_of`, of a row called `person`. On every page and in every step:
# written out, for composing it anew each time costs ten times what the database
# needs to answer.
CARD: Final = f"""
       person.id, person.name, person.sex, person.born_on, person.died_at,
       person.area_code, person.address, person.phone_masked,
       {SIGHT.format("person.id")} AS sight,
       (SELECT number.value_masked
          FROM population_personidentifier number
         WHERE number.person_id = person.id AND number.retired_at IS NULL
         ORDER BY array_position('{{{_TELLING}}}'::text[], number.kind::text),
                  number.created_at
         LIMIT 1) AS identity,
       (SELECT array_agg(held.tag ORDER BY held.tag)
          FROM population_groupmembership held
         WHERE held.person_id = person.id AND held.period @> %(today)s::date) AS tags
"""  # noqa: S608 - words of ours
_CARDS: Final = f"SELECT {CARD} FROM population_person person WHERE "  # noqa: S608


def card(actor: Actor, person_id: UUID) -> PersonCard:
    found = cards(actor, [person_id])
    if person_id not in found:
        raise NotFound
    return found[person_id]


def cards(actor: Actor, ids: Iterable[UUID]) -> dict[UUID, PersonCard]:
    """One query; whom the actor has no ground to see is masked."""
    wanted = list(set(ids))
    if not wanted:
        return {}
    said, told = _one_of(wanted)
    return {line.id: line for line in cards_where(actor, said, told)}


def _one_of(wanted: list[UUID]) -> tuple[str, dict[str, Any]]:
    """Of a single one the database keeps its plan; a list it reckons to be long, and
    plans anew each time."""
    if len(wanted) == 1:
        return "person.id = %(wanted)s", {"wanted": wanted[0]}
    return "person.id = ANY(%(wanted)s)", {"wanted": wanted}


def cards_where(actor: Actor, said: str, told: Mapping[str, Any]) -> list[PersonCard]:
    """`said` is SQL of ours about `person`; what was typed comes in `told`."""
    with connection.cursor() as cursor:
        cursor.execute(
            _CARDS + said, {**card_told(actor), **told}
        )  # writes: reads only
        return [card_of(row) for row in cursor.fetchall()]


def card_told(actor: Actor) -> dict[str, Any]:
    """The values that `CARD` names."""
    return sight_told(actor) | {"today": timezone.localdate()}


def card_of(row: Sequence[Any]) -> PersonCard:
    """Of the columns of `CARD`, in their order."""
    id_, name, sex_code, born_on, died_at, area_code, address, phone = row[:8]
    sight, identity, held = row[8:]
    scope = Scope(sight)
    is_masked = scope is Scope.NONE
    return PersonCard(
        id=id_,
        name=mask_name(name) if is_masked else name,
        is_masked=is_masked,
        sex=_said(SEX_NAMES[sex_code], get_language() or ""),
        sex_code=sex_code,
        age=age_words(born_on, died_at),
        born_on=None if is_masked else born_on,
        identity=identity or "",
        phone=phone,
        place=_place(county_name(area_code), "" if is_masked else address),
        tags=tuple(GroupTag(tag) for tag in held or ()),
        died_at=died_at,
        scope=scope,
    )


def age_words(born_on: date | None, died_at: datetime | None = None) -> str:
    """58 岁; small children in months, newborns in days; the dead do not age."""
    if born_on is None:
        return ""
    on = timezone.localdate(died_at) if died_at else timezone.localdate()
    months = (on.year - born_on.year) * 12 + on.month - born_on.month
    months -= on.day < born_on.day
    days = (on - born_on).days if months < 1 else 0
    return _age(months, days, get_language() or "")


@lru_cache(maxsize=5_000)
def _age(months: int, days: int, _language: str) -> str:
    if months < 1:
        return ngettext("%(n)d 天龄", "%(n)d 天龄", days) % {"n": days}
    if months < 36:  # noqa: PLR2004
        return ngettext("%(n)d 月龄", "%(n)d 月龄", months) % {"n": months}
    return ngettext("%(n)d 岁", "%(n)d 岁", months // 12) % {"n": months // 12}


@lru_cache(maxsize=1_000)
def _said(words: str, _language: str) -> str:
    """A page has the same few words for each of its persons."""
    return gettext(words) if words else ""


def _place(county: str, address: str) -> str:
    """The county, and the address where it does not name the county itself."""
    named = _said(county, get_language() or "")
    if not (named and address):
        return named or address
    if county in address:
        return address
    return gettext("{county}{address}").format(county=named, address=address)
