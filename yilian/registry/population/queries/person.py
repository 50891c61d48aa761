"""One person's page: who they are, who stands for them, on what ground."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from django.utils import timezone

from yilian.foundation.access.actor import Actor
from yilian.foundation.access.composed import ComposedValues
from yilian.foundation.vault.services import decrypt
from yilian.kernel.identity_number import KIND_NAMES, IdentityKind
from yilian.kernel.tier import ORDER, Tier
from yilian.registry.population.models import (
    ChosenInstitution,
    Grant,
    Person,
    PersonIdentifier,
    Proxy,
)
from yilian.registry.population.queries.cards import PersonCard, card, cards
from yilian.registry.population.queries.sight import Seen, sight_of
from yilian.registry.population.rules import (
    GROUND_NAMES,
    INSURED_NAMES,
    RELATION_NAMES,
    SCOPE_NAMES,
    Relation,
    Scope,
)


@dataclass(frozen=True, slots=True)
class Revealed:
    """Plain numbers: shown once, kept nowhere."""

    numbers: Sequence[tuple[str, str]]
    phone: str

    @property
    def named(self) -> list[tuple[str, str]]:
        return [(KIND_NAMES[IdentityKind(kind)], value) for kind, value in self.numbers]


@dataclass(frozen=True, slots=True)
class NumberLine:
    kind: str
    masked: str


@dataclass(frozen=True, slots=True)
class ChosenLine:
    tier: Tier
    institution: str
    doctor: str
    until: date | None


@dataclass(frozen=True, slots=True)
class ProxyLine:
    id: UUID
    card: PersonCard
    relation: str
    until: date | None


@dataclass(frozen=True, slots=True)
class PersonPage:
    card: PersonCard
    seen: Seen
    seen_until: datetime | None
    revision: int
    insured: str
    numbers: list[NumberLine]
    chosen: list[ChosenLine]
    proxies: list[ProxyLine]

    @property
    def ground_words(self) -> str:
        return GROUND_NAMES[self.seen.ground] if self.seen.ground else ""

    @property
    def scope_words(self) -> str:
        return SCOPE_NAMES[self.seen.scope]

    @property
    def has_summary(self) -> bool:
        return self.seen.scope >= Scope.SUMMARY

    @property
    def has_all(self) -> bool:
        return self.seen.scope >= Scope.FULL


def person_page(actor: Actor, person_id: UUID) -> PersonPage:
    """Bounded: a handful of queries, whatever the person has been through."""
    shown = card(actor, person_id)
    seen = sight_of(actor, person_id)
    if shown.is_masked:
        return PersonPage(shown, seen, None, 0, "", [], [], [])
    [(revision, insured_type)] = _KEPT.ask(person=person_id)
    return PersonPage(
        card=shown,
        seen=seen,
        seen_until=_until(seen.grant_id),
        revision=revision,
        insured=INSURED_NAMES[insured_type],
        numbers=_numbers(person_id),
        chosen=_chosen(person_id),
        proxies=_proxies(actor, person_id),
    )


_PLACEHOLDER: Final = re.compile(r"\{\{(identity|phone):([0-9a-f-]{36})\}\}")


def fill_placeholders(text: str, actor: Actor) -> str:
    """Numbers and phones in a stored body: plain for who sees the whole record, else
    masked. Two queries at most, however many there are."""
    wanted: dict[str, set[UUID]] = {"identity": set(), "phone": set()}
    for kind, key in _PLACEHOLDER.findall(text):
        wanted[kind].add(UUID(key))
    if not any(wanted.values()):
        return text
    values = _identities(actor, wanted["identity"]) | _phones(actor, wanted["phone"])
    return _PLACEHOLDER.sub(lambda found: values.get(UUID(found[2]), ""), text)


def _identities(actor: Actor, ids: set[UUID]) -> dict[UUID, str]:
    if not ids:
        return {}
    rows = PersonIdentifier.objects.filter(pk__in=ids)
    open_to = _fully_seen(actor, rows.values_list("person_id", flat=True))
    return {
        row.id: decrypt(row.value_cipher)
        if row.person_id in open_to
        else row.value_masked
        for row in rows
    }


def _phones(actor: Actor, ids: set[UUID]) -> dict[UUID, str]:
    if not ids:
        return {}
    rows = Person.objects.filter(pk__in=ids, phone_cipher__isnull=False)
    open_to = _fully_seen(actor, ids)
    return {
        row.id: decrypt(row.phone_cipher or b"")
        if row.id in open_to
        else row.phone_masked
        for row in rows
    }


def _fully_seen(actor: Actor, ids: Iterable[UUID]) -> set[UUID]:
    seen = Person.objects.visible_to(actor, Scope.FULL).filter(pk__in=ids)
    return set(seen.values_list("pk", flat=True))


def _until(grant_id: UUID | None) -> datetime | None:
    found = _PERIOD.ask(grant=grant_id) if grant_id is not None else []
    return found[0][0].upper if found else None


def _numbers(person_id: UUID) -> list[NumberLine]:
    return [
        NumberLine(KIND_NAMES[IdentityKind(kind)], masked)
        for kind, masked in _NUMBERS.ask(person=person_id)
    ]


def _chosen(person_id: UUID) -> list[ChosenLine]:
    rows = _CHOSEN.ask(person=person_id, today=timezone.localdate())
    lines = [
        ChosenLine(Tier(tier), place, doctor or "", period.upper)
        for tier, place, doctor, period in rows
    ]
    return sorted(lines, key=lambda line: ORDER[line.tier])


def _proxies(actor: Actor, person_id: UUID) -> list[ProxyLine]:
    rows = _PROXIES.ask(person=person_id, today=timezone.localdate())
    shown = cards(actor, [proxy_id for _id, proxy_id, _relation, _period in rows])
    return [
        ProxyLine(
            id_, shown[proxy_id], RELATION_NAMES[Relation(relation)], period.upper
        )
        for id_, proxy_id, relation, period in rows
    ]


_KEPT: Final = ComposedValues(
    lambda person: Person.objects.filter(pk=person).values_list(
        "revision", "insured_type"
    )
)
_PERIOD: Final = ComposedValues(
    lambda grant: Grant.objects.filter(pk=grant).values_list("period")
)
_NUMBERS: Final = ComposedValues(
    lambda person: (
        PersonIdentifier.objects.filter(person=person, retired_at=None)
        .order_by("created_at")
        .values_list("kind", "value_masked")
    )
)
_CHOSEN: Final = ComposedValues(
    lambda person, today: ChosenInstitution.objects.filter(
        person=person, period__contains=today
    ).values_list(
        "tier", "institution__short_name", "doctor__practitioner__name", "period"
    )
)
_PROXIES: Final = ComposedValues(
    lambda person, today: (
        Proxy.objects.filter(person=person, period__contains=today)
        .order_by("relation", "id")
        .values_list("id", "proxy_id", "relation", "period")
    )
)
