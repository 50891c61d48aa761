"""A person in a list: full where the actor has a ground, masked everywhere else."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import (
    Case,
    CharField,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from yilian.foundation.access.actor import Actor
from yilian.kernel.errors import NotFound
from yilian.kernel.identity_number import IdentityKind
from yilian.kernel.names import mask_name
from yilian.registry.population.models import (
    GroupMembership,
    Person,
    PersonIdentifier,
    Sight,
)
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


def card(actor: Actor, person_id: UUID) -> PersonCard:
    found = cards(actor, [person_id])
    if person_id not in found:
        raise NotFound
    return found[person_id]


def cards(actor: Actor, ids: Iterable[UUID]) -> dict[UUID, PersonCard]:
    """One query; whom the actor has no ground to see is masked."""
    rows = card_rows(actor, Person.objects.filter(pk__in=set(ids)))
    return {row["id"]: card_of(row) for row in rows}


def card_rows(actor: Actor, persons: QuerySet[Person]) -> Any:
    """What `card_of` needs, of these persons, in one query."""
    today = timezone.localdate()
    tags = (
        GroupMembership.objects.filter(person=OuterRef("pk"), period__contains=today)
        .order_by()
        .values("person")
        .annotate(all=ArrayAgg("tag", order_by="tag"))
        .values("all")
    )
    return persons.annotate(
        sight=Sight.of(actor), identity=_identity(), tags=Subquery(tags)
    ).values(
        "id", "name", "sex", "born_on", "died_at", "area_code", "address",
        "phone_masked", "sight", "identity", "tags",
    )  # fmt: skip


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


def _identity() -> Subquery:
    """The number that tells most, as a subquery."""
    rank = Case(
        *(
            When(kind=kind.value, then=Value(at))
            for at, kind in enumerate(MOST_TELLING)
        ),
        default=Value(len(MOST_TELLING)),
        output_field=IntegerField(),
    )
    numbers = PersonIdentifier.objects.filter(
        Q(person=OuterRef("pk")), retired_at=None
    ).order_by(rank, F("created_at"))
    return Subquery(numbers.values("value_masked")[:1], output_field=CharField())
