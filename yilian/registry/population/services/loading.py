"""Residents by the thousand, for imports and the demo (decisions 33)."""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from django.db import models, transaction
from django.db.backends.postgresql.psycopg_any import DateRange, DateTimeTZRange

from yilian.foundation.access.actor import Actor
from yilian.foundation.access.scope import require
from yilian.foundation.audit.services import record
from yilian.kernel.names import pinyin_of
from yilian.kernel.text import _
from yilian.registry.directory.services.loading import copy_in
from yilian.registry.population import fhir, policies
from yilian.registry.population.models import (
    ChosenInstitution,
    Grant,
    GroupMembership,
    Person,
    PersonIdentifier,
    Proxy,
)
from yilian.registry.ports import Resource, record_sink


@transaction.atomic
def load_many(
    actor: Actor,
    *,
    persons: Sequence[Person] = (),
    identifiers: Sequence[PersonIdentifier] = (),
    groups: Sequence[GroupMembership] = (),
    chosen: Sequence[ChosenInstitution] = (),
    proxies: Sequence[Proxy] = (),
    grants: Sequence[Grant] = (),
) -> None:
    """Unsaved rows by COPY; numbers come from `new_identifier`, phones from
    `phone_columns`. Readings in pinyin are filled in, and each person's Patient goes
    to the record. One audit row a batch.
    """
    require(policies.can_load(actor), _("批量载入只由系统执行。"))
    for person in persons:
        _fill_in_reading(person)
    dated: tuple[Any, ...] = (*groups, *chosen, *proxies)
    for row in dated:
        row.period = _as_range(row.period, DateRange)
    for grant in grants:
        grant.period = _as_range(grant.period, DateTimeTZRange)
    batches: tuple[Sequence[models.Model], ...] = (
        persons, identifiers, groups, chosen, proxies, grants,
    )  # fmt: skip
    for rows in batches:
        copy_in(rows)
    record_sink().put_many(actor, _patients(persons, identifiers))
    counts = {rows[0]._meta.model_name or "": len(rows) for rows in batches if rows}
    record(actor, "person.load", detail=counts)


def _fill_in_reading(person: Person) -> None:
    if not person.pinyin:
        read = pinyin_of(person.name)
        person.pinyin, person.initials = read.full[:240], read.initials[:60]


def _as_range(period: Any, kind: type) -> Any:
    return kind(*period) if isinstance(period, tuple) else period


def _patients(
    persons: Sequence[Person], identifiers: Sequence[PersonIdentifier]
) -> Iterator[tuple[Resource, UUID]]:
    numbers: dict[UUID, list[PersonIdentifier]] = {}
    for identifier in identifiers:
        numbers.setdefault(identifier.person_id, []).append(identifier)
    for person in persons:
        yield fhir.patient(person, numbers.get(person.id, ())), person.id
