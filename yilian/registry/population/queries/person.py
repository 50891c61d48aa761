"""One person's page: who they are, who stands for them, on what ground."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from django.utils import timezone

from yilian.foundation.access.actor import Actor
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
    person = Person.objects.only("revision", "insured_type").get(pk=person_id)
    return PersonPage(
        card=shown,
        seen=seen,
        seen_until=_until(seen.grant_id),
        revision=person.revision,
        insured=INSURED_NAMES[person.insured_type],
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
    if grant_id is None:
        return None
    period = Grant.objects.filter(pk=grant_id).values_list("period", flat=True).first()
    return period.upper if period else None


def _numbers(person_id: UUID) -> list[NumberLine]:
    rows = PersonIdentifier.objects.filter(person=person_id, retired_at=None)
    return [
        NumberLine(KIND_NAMES[IdentityKind(kind)], masked)
        for kind, masked in rows.order_by("created_at").values_list(
            "kind", "value_masked"
        )
    ]


def _chosen(person_id: UUID) -> list[ChosenLine]:
    rows = ChosenInstitution.objects.filter(
        person=person_id, period__contains=timezone.localdate()
    ).values_list(
        "tier", "institution__short_name", "doctor__practitioner__name", "period"
    )
    lines = [
        ChosenLine(Tier(tier), place, doctor or "", period.upper)
        for tier, place, doctor, period in rows
    ]
    return sorted(lines, key=lambda line: ORDER[line.tier])


def _proxies(actor: Actor, person_id: UUID) -> list[ProxyLine]:
    rows = list(
        Proxy.objects.filter(person=person_id, period__contains=timezone.localdate())
        .order_by("relation", "id")
        .values_list("id", "proxy_id", "relation", "period")
    )
    shown = cards(actor, [proxy_id for _id, proxy_id, _relation, _period in rows])
    return [
        ProxyLine(
            id_, shown[proxy_id], RELATION_NAMES[Relation(relation)], period.upper
        )
        for id_, proxy_id, relation, period in rows
    ]
