"""Institutions, consortia, agreements, beds and appointment slots."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db.backends.postgresql.psycopg_any import DateRange

from yilian.demo.world.build import Region
from yilian.demo.world.chance import fixed_id
from yilian.demo.world.institutions.build import by_code
from yilian.demo.world.institutions.model import Institution as Planned
from yilian.foundation.access.actor import Actor
from yilian.registry.consortium import services as consortium
from yilian.registry.consortium.models import (
    Agreement,
    AgreementParty,
    Consortium,
    Membership,
)
from yilian.registry.directory import services as directory
from yilian.registry.directory.models import Department, Equipment, Institution
from yilian.registry.directory.services.institutions import fill_in_reading
from yilian.resources.scheduling import services as scheduling
from yilian.resources.scheduling.models import Bed, Slot

Houses = Callable[[str], bool]


def institution_id(code: str) -> UUID:
    return by_code()[code].id


def department_id(code: str, key: str) -> UUID | None:
    """None where the institution has no such department, or none is meant."""
    found = by_code()[code].department(key) if key else None
    return found.id if found else None


def ward_id(code: str, key: str) -> UUID:
    found = department_id(code, key)
    if found is None:
        raise LookupError(f"{code} has no {key}")
    return found


@dataclass(frozen=True, slots=True)
class Rows:
    """Institutions as they are loaded: made while the tables are."""

    institutions: list[Institution]
    departments: list[Department]
    equipment: list[Equipment]


def rows_of(region: Region) -> Rows:
    institutions = [_institution(one) for one in region.institutions]
    for institution in institutions:
        fill_in_reading(institution)
    return Rows(
        institutions=institutions,
        departments=[row for one in region.institutions for row in _departments(one)],
        equipment=[row for one in region.institutions for row in _equipment(one)],
    )


def load_institutions(actor: Actor, rows: Rows) -> None:
    directory.load_many(
        actor,
        institutions=rows.institutions,
        departments=rows.departments,
        equipment=rows.equipment,
    )


def load_consortia(actor: Actor, region: Region) -> None:
    bodies = {body.code: body.id for body in region.consortia}
    consortium.load_many(
        actor,
        consortia=[
            Consortium(
                id=body.id,
                code=body.code,
                alias=body.alias,
                form=body.form.value,
                governing_authority_id=institution_id(body.governing_authority),
                area_code=body.area_code,
                specialties=list(body.specialties),
                founded_on=body.founded_on,
                ended_on=body.ended_on,
            )
            for body in region.consortia
        ],
        memberships=[
            Membership(
                id=one.id,
                consortium_id=bodies[one.consortium],
                institution_id=institution_id(one.institution),
                department_id=department_id(one.institution, one.department),
                role=one.role.value,
                tie=one.tie.value,
                tightness=one.tightness.value,
                is_territorial=one.is_territorial,
                period=DateRange(one.starts_on, one.ends_on),
            )
            for one in region.memberships
        ],
        agreements=[
            Agreement(
                id=one.id,
                number=one.number,
                consortium_id=bodies.get(one.consortium),
                kind=one.kind.value,
                title=one.title,
                validity=DateRange(one.starts_on, one.ends_on),
                state=one.state.value,
                ended_on=one.ended_on,
                end_reason=one.end_reason,
            )
            for one in region.agreements
        ],
        parties=list(_parties(region)),
    )


@dataclass(frozen=True, slots=True)
class Room:
    beds: list[Bed]
    slots: list[Slot]


def room_of(region: Region, is_meant: Houses) -> Room:
    """Of these houses, named by code."""
    return Room(
        beds=[
            Bed(
                id=plan.id,
                institution_id=institution_id(plan.institution),
                department_id=ward_id(plan.institution, plan.department),
                label=plan.label,
                quota=plan.quota.value,
            )
            for plan in region.beds()
            if is_meant(plan.institution)
        ],
        slots=[
            Slot(
                id=plan.id,
                institution_id=institution_id(plan.institution),
                department_id=ward_id(plan.institution, plan.department),
                quota=plan.quota.value,
                starts_at=plan.starts_at,
                ends_at=plan.ends_at,
            )
            for plan in region.slots()
            if is_meant(plan.institution)
        ],
    )


def load_room(actor: Actor, room: Room) -> None:
    scheduling.load_many(actor, beds=room.beds, slots=room.slots)


def _institution(one: Planned) -> Institution:
    parent = by_code().get(one.administrative_parent)
    return Institution(
        id=one.id,
        code=one.code,
        legal_name=one.legal_name,
        short_name=one.short_name,
        kind=one.kind.value,
        tier=one.tier.value if one.tier else None,
        level=one.level.value,
        grade=one.grade.value,
        sponsor=one.sponsor.value,
        ownership=one.ownership,
        administrative_parent_id=parent.id if parent else None,
        funding_channel=one.funding_channel,
        area_code=one.area_code,
        address=one.address,
        longitude=Decimal(str(one.longitude)),
        latitude=Decimal(str(one.latitude)),
        phone=one.phone,
        referral_phone=one.referral_phone,
        uscc=one.uscc,
        licence_number=one.licence_number,
        insurance_code=one.insurance_code,
        services=list(one.services),
        opened_on=one.opened_on,
        closed_on=one.closed_on,
    )


def _departments(one: Planned) -> Iterator[Department]:
    for department in one.departments:
        yield Department(
            id=department.id,
            institution_id=one.id,
            name=department.name,
            specialty=department.specialty,
            phone=one.referral_phone if department.key == "referral_office" else "",
            has_ward=department.beds > 0,
            treats=list(department.treats),
            is_national_key=department.is_national_key,
            is_regional_key=department.is_regional_key,
            hosts_quality_centre=department.hosts_quality_centre,
            hosts_treatment_centre=department.hosts_treatment_centre,
        )


def _equipment(one: Planned) -> Iterator[Equipment]:
    for piece in one.equipment:
        yield Equipment(
            id=fixed_id("equipment", one.code, piece.kind),
            institution_id=one.id,
            kind=piece.kind,
            name=piece.name,
            count=piece.count,
        )


def _parties(region: Region) -> Iterator[AgreementParty]:
    for agreement in region.agreements:
        for party in agreement.parties:
            yield AgreementParty(
                id=fixed_id("party", agreement.id, party.institution),
                agreement_id=agreement.id,
                institution_id=institution_id(party.institution),
                signed_on=party.signed_on,
                signed_by=party.signed_by,
            )
