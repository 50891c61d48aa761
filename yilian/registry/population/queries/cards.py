"""A person in a list: full where the actor has a ground, masked everywhere else."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from yilian.foundation.access.actor import Actor
from yilian.kernel.errors import NotFound
from yilian.kernel.identity_number import IdentityKind
from yilian.kernel.names import mask_name
from yilian.registry.population.models import Person, sight_arguments
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
_TELLING: Final = [kind.value for kind in MOST_TELLING]


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
    found = _cards(actor, _CARDS + "WHERE person.id = ANY(%s)", [wanted])
    return {line.id: line for line in found}


def cards_in_order(actor: Actor, persons: QuerySet[Person]) -> list[PersonCard]:
    """Of these persons, by pinyin, in one query."""
    try:
        inner, values = persons.values("id").query.sql_with_params()
    except EmptyResultSet:  # it can mean nobody, and Django knows
        return []
    those = f"WHERE person.id IN ({inner}) ORDER BY person.pinyin, person.id"
    return _cards(actor, _CARDS + those, values)


def _cards(actor: Actor, query: str, values: Iterable[Any]) -> list[PersonCard]:
    told = [*sight_arguments(actor), _TELLING, timezone.localdate(), *values]
    with connection.cursor() as cursor:
        cursor.execute(query, told)  # writes: reads only
        names = [column.name for column in cursor.description]
        rows = cursor.fetchall()
    return [card_of(dict(zip(names, row, strict=True))) for row in rows]


# On every page and in every step: written out, for composing it anew each time
# costs ten times what the database needs to answer.
_CARDS: Final = """
SELECT person.id, person.name, person.sex, person.born_on, person.died_at,
       person.area_code, person.address, person.phone_masked,
       population_sight(person.id, %s, %s, %s, %s) AS sight,
       (SELECT number.value_masked
          FROM population_personidentifier number
         WHERE number.person_id = person.id AND number.retired_at IS NULL
         ORDER BY array_position(%s::text[], number.kind::text), number.created_at
         LIMIT 1) AS identity,
       (SELECT array_agg(held.tag ORDER BY held.tag)
          FROM population_groupmembership held
         WHERE held.person_id = person.id AND held.period @> %s::date) AS tags
  FROM population_person person
"""


def card_of(row: Mapping[str, Any]) -> PersonCard:
    scope = Scope(row["sight"])
    is_masked = scope is Scope.NONE
    county = county_name(row["area_code"])
    sex = SEX_NAMES[row["sex"]]
    return PersonCard(
        id=row["id"],
        name=mask_name(row["name"]) if is_masked else row["name"],
        is_masked=is_masked,
        sex=gettext(sex),
        sex_code=row["sex"],
        age=age_words(row["born_on"], row["died_at"]),
        born_on=None if is_masked else row["born_on"],
        identity=row["identity"] or "",
        phone=row["phone_masked"],
        place=_place(county, "" if is_masked else row["address"]),
        tags=tuple(GroupTag(tag) for tag in row["tags"] or ()),
        died_at=row["died_at"],
        scope=scope,
    )


def age_words(born_on: date | None, died_at: datetime | None = None) -> str:
    """58 岁; small children in months, newborns in days; the dead do not age."""
    if born_on is None:
        return ""
    on = timezone.localdate(died_at) if died_at else timezone.localdate()
    months = (on.year - born_on.year) * 12 + on.month - born_on.month
    months -= on.day < born_on.day
    if months < 1:
        days = (on - born_on).days
        return ngettext("%(n)d 天龄", "%(n)d 天龄", days) % {"n": days}
    if months < 36:  # noqa: PLR2004
        return ngettext("%(n)d 月龄", "%(n)d 月龄", months) % {"n": months}
    return ngettext("%(n)d 岁", "%(n)d 岁", months // 12) % {"n": months // 12}


def _place(county: str, address: str) -> str:
    """The county, and the address where it does not name the county itself."""
    named = gettext(county) if county else ""
    if not (named and address):
        return named or address
    if county in address:
        return address
    return gettext("{county}{address}").format(county=named, address=address)
