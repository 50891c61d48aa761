"""One person's page: who they are, who stands for them, on what ground."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection

from yilian.foundation.access.actor import Actor, Reach
from yilian.foundation.vault.services import decrypt
from yilian.kernel.errors import NotFound
from yilian.kernel.identity_number import KIND_NAMES, IdentityKind
from yilian.kernel.tier import ORDER, Tier
from yilian.registry.population.models import Person, PersonIdentifier
from yilian.registry.population.queries.cards import (
    CARD,
    PersonCard,
    card_of,
    card_told,
)
from yilian.registry.population.queries.sight import UNSEEN, Seen, best_grant
from yilian.registry.population.rules import (
    GROUND_NAMES,
    GROUP_NAMES,
    INSURED_NAMES,
    RELATION_NAMES,
    SCOPE_NAMES,
    Ground,
    GroupTag,
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
class GroupLine:
    tag: GroupTag
    since: date | None
    source: str

    @property
    def name(self) -> str:
        return GROUP_NAMES[self.tag]


@dataclass(frozen=True, slots=True)
class ConsentLine:
    """A consent in force: who may read, how much, until when."""

    id: UUID
    institution: str
    scope: Scope
    given_at: datetime
    until: datetime | None

    @property
    def scope_words(self) -> str:
        return SCOPE_NAMES[self.scope]


@dataclass(frozen=True, slots=True)
class PersonPage:
    """`consents`: to the actor's own house; of other houses nothing is said."""

    card: PersonCard
    seen: Seen
    seen_until: datetime | None
    revision: int
    insured: str
    numbers: list[NumberLine]
    chosen: list[ChosenLine]
    proxies: list[ProxyLine]
    groups: list[GroupLine]
    consents: list[ConsentLine]

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
    """One question, whatever the person has been through; bounded."""
    told: dict[str, Any] = {
        "person": person_id,
        "institution": actor.institution_id,
        "account": actor.account_id,
    }
    with connection.cursor() as cursor:
        cursor.execute(_PAGE, told | card_told(actor))  # writes: reads only
        row = cursor.fetchone()
    if row is None:
        raise NotFound
    return _page(actor, row)


def _page(actor: Actor, row: tuple[Any, ...]) -> PersonPage:
    card, kept, best, lists = row[:11], row[11:14], row[14:18], row[18:]
    shown = card_of(card)
    revision, insured_type, account_id = kept
    numbers, chosen, proxies, groups, consents = (found or [] for found in lists)
    return PersonPage(
        card=shown,
        seen=_seen(actor, shown, best, account_id),
        seen_until=best[3],
        revision=0 if shown.is_masked else revision,
        insured="" if shown.is_masked else INSURED_NAMES[insured_type],
        numbers=[NumberLine(KIND_NAMES[IdentityKind(k)], said) for k, said in numbers],
        chosen=sorted(map(_chosen, chosen), key=lambda line: ORDER[line.tier]),
        proxies=[_proxy(*one) for one in proxies],
        groups=[_group(*one) for one in groups],
        consents=[_consent(*one) for one in consents],
    )


def _seen(
    actor: Actor, shown: PersonCard, best: tuple[Any, ...], account_id: UUID | None
) -> Seen:
    """As `sight_of` says."""
    scope, ground, grant_id, _until = best
    if shown.is_masked:
        return UNSEEN
    if actor.reach is Reach.SYSTEM:
        return Seen(shown.scope, Ground.SYSTEM)
    if actor.reach is Reach.SELF:
        is_self = account_id is not None and account_id == actor.account_id
        return Seen(shown.scope, Ground.SELF if is_self else Ground.PROXY)
    return Seen(Scope(scope), Ground(ground), grant_id) if ground else UNSEEN


def _chosen(found: list[Any]) -> ChosenLine:
    tier, institution, doctor, until = found
    return ChosenLine(Tier(tier), institution, doctor or "", _day(until))


def _proxy(
    key: str, relation: str, until: str | None, card: Mapping[str, Any]
) -> ProxyLine:
    id_, name, sex, born_on, died_at, *others = card.values()
    told = (UUID(id_), name, sex, _day(born_on), _moment(died_at), *others)
    words = RELATION_NAMES[Relation(relation)]
    return ProxyLine(UUID(key), card_of(told), words, _day(until))


def _group(tag: str, since: str | None, source: str) -> GroupLine:
    return GroupLine(GroupTag(tag), _day(since), source)


def _consent(
    key: str, institution: str, scope: int, given_at: str, until: str | None
) -> ConsentLine:
    return ConsentLine(
        id=UUID(key),
        institution=institution,
        scope=Scope(scope),
        given_at=datetime.fromisoformat(given_at),
        until=_moment(until),
    )


def _day(said: str | None) -> date | None:
    return date.fromisoformat(said) if said else None


def _moment(said: str | None) -> datetime | None:
    return datetime.fromisoformat(said) if said else None


# The person once, with their sight; then what stands beside them, where it is seen.
# Without its indentation: the driver reads anew whatever is longer than 4096 letters.
_PAGE: Final = " ".join(
    f"""
SELECT shown.*, best.*,
       CASE WHEN shown.sight > 0 THEN (
           SELECT json_agg(json_build_array(held.kind, held.value_masked)
                           ORDER BY held.created_at)
             FROM population_personidentifier held
            WHERE held.person_id = shown.id AND held.retired_at IS NULL) END,
       CASE WHEN shown.sight > 0 THEN (
           SELECT json_agg(json_build_array(one.tier, house.short_name, doctor.name,
                                            upper(one.period)))
             FROM population_choseninstitution one
             JOIN directory_institution house ON house.id = one.institution_id
             LEFT JOIN directory_practitionerrole post ON post.id = one.doctor_id
             LEFT JOIN directory_practitioner doctor
                    ON doctor.id = post.practitioner_id
            WHERE one.person_id = shown.id AND one.period @> %(today)s::date) END,
       CASE WHEN shown.sight > 0 THEN (
           SELECT json_agg(proxy.line ORDER BY proxy.relation, proxy.id)
             FROM (SELECT stands.relation, stands.id, json_build_array(
                       stands.id, stands.relation, upper(stands.period), other) AS line
                     FROM population_proxy stands
                    CROSS JOIN LATERAL (
                          SELECT {CARD} FROM population_person person
                           WHERE person.id = stands.proxy_id) other
                    WHERE stands.person_id = shown.id
                      AND stands.period @> %(today)s::date) proxy) END,
       CASE WHEN shown.sight > 0 THEN (
           SELECT json_agg(json_build_array(held.tag, lower(held.period), held.source)
                           ORDER BY held.tag)
             FROM population_groupmembership held
            WHERE held.person_id = shown.id AND held.period @> %(today)s::date) END,
       (SELECT json_agg(json_build_array(
                   given.evidence_id, house.legal_name, given.scope, given.created_at,
                   upper(given.period)) ORDER BY given.created_at DESC)
          FROM population_grant given
          JOIN directory_institution house ON house.id = given.institution_id
         WHERE given.person_id = shown.id AND given.ground = '{Ground.CONSENT.value}'
           AND given.institution_id = %(institution)s
           AND given.period @> statement_timestamp())
  FROM (SELECT {CARD}, person.revision, person.insured_type, person.account_id
          FROM population_person person WHERE person.id = %(person)s OFFSET 0) shown
  LEFT JOIN LATERAL ({best_grant("shown.sight")}) best ON true
""".split()  # noqa: S608 - words of ours
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
