"""Residents with their numbers, tags, proxies and contracts."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange, DateTimeTZRange

from yilian.demo.loading.places import institution_id
from yilian.demo.world.build import Region
from yilian.demo.world.chance import fixed_id
from yilian.demo.world.people.model import Contract, Resident
from yilian.foundation.access.actor import Actor
from yilian.foundation.identity import services as identity
from yilian.foundation.identity.models import Account
from yilian.foundation.identity.rules import AccountKind
from yilian.kernel.calendar import start_of_day
from yilian.kernel.ids import new_id
from yilian.registry.population import services as population
from yilian.registry.population.models import (
    ChosenInstitution,
    Grant,
    GroupMembership,
    Person,
    PersonIdentifier,
    Proxy,
)
from yilian.registry.population.rules import Ground, Scope
from yilian.registry.population.services.numbers import new_identifier, phone_columns

PORTION: Final = 5000


@transaction.atomic
def open_accounts(actor: Actor, region: Region) -> dict[UUID, Account]:
    """For the residents of the cast."""
    return {
        member.resident: identity.open_account(
            actor, username=member.username, kind=AccountKind.RESIDENT
        )
        for member in region.cast
        if member.resident is not None
    }


def load_people(
    actor: Actor,
    region: Region,
    accounts: Mapping[UUID, Account],
    tell: Callable[[float], object] = lambda part: None,
) -> None:
    """Portion by portion; who stands for whom last, when both are there."""
    residents = region.population.residents
    for first in range(0, len(residents), PORTION):
        _load_portion(actor, residents[first : first + PORTION], accounts)
        tell(min(1.0, (first + PORTION) / len(residents)))
    population.load_many(actor, proxies=list(_proxies(region)))


def _load_portion(
    actor: Actor, residents: Sequence[Resident], accounts: Mapping[UUID, Account]
) -> None:
    contracted = [(one.id, one.contract) for one in residents if one.contract]
    population.load_many(
        actor,
        persons=[_person(one, accounts.get(one.id)) for one in residents],
        identifiers=[row for one in residents for row in _identifiers(one)],
        groups=[row for one in residents for row in _groups(one)],
        chosen=[row for pair in contracted for row in _chosen(*pair)],
        grants=[
            *(_contract_grant(*pair) for pair in contracted),
            *(_registration_grant(one) for one in residents),
        ],
    )


def grant(
    person: UUID,
    institution: UUID,
    ground: Ground,
    evidence: tuple[str, UUID],
    period: tuple[datetime, datetime | None],
    *,
    scope: Scope = Scope.FULL,
) -> Grant:
    """An unsaved row; it always says on what evidence it rests."""
    kind, evidence_id = evidence
    return Grant(
        id=fixed_id("grant", person, institution, kind, evidence_id),
        person_id=person,
        institution_id=institution,
        ground=ground.value,
        scope=int(scope),
        evidence_kind=kind,
        evidence_id=evidence_id,
        period=DateTimeTZRange(*period),
    )


def _person(one: Resident, account: Account | None) -> Person:
    return Person(
        id=one.id,
        name=one.name,
        sex=one.sex,
        born_on=one.born_on,
        died_at=one.died_at,
        ethnicity=one.ethnicity,
        area_code=one.area_code,
        address=one.address,
        insured_type=one.insured_type,
        insured_area=one.insured_area,
        account=account,
        registered_by_id=institution_id(one.registered_by),
        **(phone_columns(one.phone) if one.phone else {}),
    )


def _identifiers(one: Resident) -> Iterator[PersonIdentifier]:
    for identifier in one.identifiers:
        yield new_identifier(one.id, identifier.kind, identifier.value)


def _groups(one: Resident) -> Iterator[GroupMembership]:
    for tag in one.tags:
        yield GroupMembership(
            id=new_id(),
            person_id=one.id,
            tag=tag.tag.value,
            period=DateRange(tag.starts_on, tag.ends_on),
            source="家庭医生签约" if one.contract else "健康体检",
        )


def _chosen(person: UUID, contract: Contract) -> Iterator[ChosenInstitution]:
    """The doctor is the one of the lowest tier, who signs."""
    for rank, (tier, code) in enumerate(contract.chosen):
        yield ChosenInstitution(
            id=new_id(),
            person_id=person,
            tier=tier.value,
            institution_id=institution_id(code),
            doctor_id=contract.doctor if rank == 0 else None,
            period=DateRange(contract.starts_on, contract.ends_on),
            contract_id=contract.id,
        )


def _contract_grant(person: UUID, contract: Contract) -> Grant:
    """For the house that signs, as `population.services.note_contract` gives it."""
    _tier, signing = contract.chosen[0]
    return grant(
        person,
        institution_id(signing),
        Ground.CONTRACT,
        ("contract", contract.id),
        (start_of_day(contract.starts_on), start_of_day(contract.ends_on)),
    )


def _registration_grant(one: Resident) -> Grant:
    return grant(
        one.id,
        institution_id(one.registered_by),
        Ground.REGISTRATION,
        ("registration", one.id),
        (one.registered_at, None),
        scope=Scope.IDENTITY,
    )


def _proxies(region: Region) -> Iterator[Proxy]:
    for one in region.population.proxies:
        yield Proxy(
            id=new_id(),
            person_id=one.person,
            proxy_id=one.proxy,
            relation=one.relation.value,
            period=DateRange(one.starts_on, one.ends_on),
            evidence="户口簿",
        )
