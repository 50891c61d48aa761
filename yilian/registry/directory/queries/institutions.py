"""What an institution is, and its departments."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q, QuerySet
from django.db.models.functions import Length

from yilian.kernel.names import pinyin_prefix
from yilian.kernel.page import Page
from yilian.registry.directory.models import Department, Equipment, Institution
from yilian.registry.directory.queries.actors import today
from yilian.registry.directory.queries.lines import InstitutionLine, line_of
from yilian.registry.directory.rules import (
    FUNDING_NAMES,
    GRADE_NAMES,
    LEVEL_NAMES,
    OWNERSHIP_NAMES,
    SERVICE_NAMES,
    SPECIALTY_NAMES,
    InstitutionKind,
)


@dataclass(frozen=True, slots=True)
class DepartmentLine:
    id: UUID
    institution_id: UUID
    name: str
    specialty: str
    phone: str
    has_ward: bool
    treats: tuple[str, ...]
    is_national_key: bool
    is_regional_key: bool
    hosts_quality_centre: bool
    hosts_treatment_centre: bool

    @property
    def specialty_name(self) -> str:
        return SPECIALTY_NAMES.get(self.specialty, self.specialty)


def departments_of(institution_id: UUID) -> list[DepartmentLine]:
    """Those open, in the order of their names."""
    return departments_of_many([institution_id]).get(institution_id, [])


def departments_of_many(ids: Iterable[UUID]) -> dict[UUID, list[DepartmentLine]]:
    found: dict[UUID, list[DepartmentLine]] = {}
    rows = Department.objects.filter(
        Q(closed_on=None) | Q(closed_on__gt=today()), institution__in=set(ids)
    ).order_by("name", "pk")
    for row in rows:
        line = DepartmentLine(
            id=row.pk,
            institution_id=row.institution_id,
            name=row.name,
            specialty=row.specialty,
            phone=row.phone,
            has_ward=row.has_ward,
            treats=tuple(row.treats),
            is_national_key=row.is_national_key,
            is_regional_key=row.is_regional_key,
            hosts_quality_centre=row.hosts_quality_centre,
            hosts_treatment_centre=row.hosts_treatment_centre,
        )
        found.setdefault(row.institution_id, []).append(line)
    return found


@dataclass(frozen=True, slots=True)
class InstitutionFacts:
    """What the page of one institution says besides its line."""

    line: InstitutionLine
    parent: InstitutionLine | None
    funding: str
    ownership: str
    uscc: str
    licence_number: str
    insurance_code: str
    departments: list[DepartmentLine]
    equipment: list[tuple[str, int]]
    service_names: list[str]

    @property
    def rank(self) -> list[str]:
        return [LEVEL_NAMES[self.line.level], GRADE_NAMES[self.line.grade]]


def institution_facts(row: Institution) -> InstitutionFacts:
    parent = row.administrative_parent
    owned = Equipment.objects.filter(institution=row).order_by("kind", "name")
    return InstitutionFacts(
        line=line_of(row),
        parent=line_of(parent) if parent else None,
        funding=FUNDING_NAMES.get(row.funding_channel, row.funding_channel),
        ownership=OWNERSHIP_NAMES.get(row.ownership, row.ownership),
        uscc=row.uscc,
        licence_number=row.licence_number,
        insurance_code=row.insurance_code,
        departments=departments_of(row.pk),
        equipment=list(owned.values_list("name", "count")),
        service_names=[SERVICE_NAMES.get(code, code) for code in row.services],
    )


@dataclass(frozen=True, slots=True)
class HelpDesk:
    """Whom to ask how the pages are used."""

    name: str
    phone: str


@dataclass(frozen=True, slots=True)
class Numbers:
    """Under which a house answers: its desk's, where it has one, and any."""

    name: str
    of_desk: str
    any: str

    def desk(self) -> HelpDesk | None:
        return HelpDesk(self.name, self.of_desk) if self.of_desk else None

    def whoever_answers(self) -> HelpDesk | None:
        phone = self.of_desk or self.any
        return HelpDesk(self.name, phone) if phone else None


def numbers_of(ids: Iterable[UUID]) -> dict[UUID, Numbers]:
    """One statement, however many."""
    rows = Institution.objects.filter(pk__in=set(ids))
    return {
        row.pk: Numbers(row.short_name, row.help_phone, row.phone or row.referral_phone)
        for row in rows
    }


def desk_of_region(area_code: str) -> HelpDesk | None:
    """The region's own commission, for whoever is not signed in."""
    houses = _open_today().filter(kind=InstitutionKind.AUTHORITY.value)
    ranked = houses.filter(area_code__startswith=area_code).order_by(
        Length("area_code"), "code"
    )
    for row in ranked[:4]:
        if phone := row.help_phone or row.phone:
            return HelpDesk(row.short_name, phone)
    return None


PAGE_SIZE = 50


def institutions(
    *,
    text: str = "",
    kind: str = "",
    tier: str = "",
    area_code: str = "",
    with_closed: bool = False,
    cursor: str = "",
) -> Page[InstitutionLine]:
    """By code, which keeps those of one area together; the cursor is a code."""
    rows = Institution.objects.all() if with_closed else _open_today()
    if text:
        rows = rows.filter(_named(text))
    given = {"kind": kind, "tier": tier, "area_code__startswith": area_code}
    rows = rows.filter(**{name: value for name, value in given.items() if value})
    shown = list(rows.filter(code__gt=cursor).order_by("code")[: PAGE_SIZE + 1])
    has_more = len(shown) > PAGE_SIZE
    lines = [line_of(row) for row in shown[:PAGE_SIZE]]
    return Page(lines, lines[-1].code if has_more else None)


def institutions_to_pick(text: str, most: int = 12) -> list[InstitutionLine]:
    """Medical institutions open today, for a picker: the shortest name first.

    Here pinyin may begin anywhere: most names begin with that of their county.
    """
    rows = _open_today().exclude(kind=InstitutionKind.AUTHORITY.value)
    letters = pinyin_prefix(text)
    named = _named(text) | (Q(pinyin__contains=letters) if letters else Q())
    found = rows.filter(named).order_by(Length("legal_name"), "code")
    return [line_of(row) for row in found[:most]]


def _open_today() -> QuerySet[Institution]:
    return Institution.objects.open_on(today())


def _named(text: str) -> Q:
    """A part of a name, the beginning of its pinyin or initials, or of its code."""
    found = Q(legal_name__icontains=text) | Q(short_name__icontains=text)
    found |= Q(code__istartswith=text)
    letters = pinyin_prefix(text)
    if letters:
        found |= Q(pinyin__startswith=letters) | Q(initials__startswith=letters)
    return found
