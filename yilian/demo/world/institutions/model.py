"""What is known of an institution, 医疗卫生机构, in the demonstration region."""

from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from yilian.kernel.tier import Tier
from yilian.registry.directory.rules import Grade, InstitutionKind, Level, Sponsor

HOSPITALS: Final = frozenset(
    {
        InstitutionKind.GENERAL_HOSPITAL,
        InstitutionKind.TCM_HOSPITAL,
        InstitutionKind.SPECIALIST_HOSPITAL,
        InstitutionKind.MCH_INSTITUTION,
    }
)


@dataclass(frozen=True, slots=True)
class Department:
    """`key` is unique in its institution; `specialty` may come twice."""

    id: UUID
    key: str
    specialty: str
    name: str
    beds: int
    treats: tuple[str, ...]
    is_national_key: bool = False
    is_regional_key: bool = False
    hosts_quality_centre: bool = False
    hosts_treatment_centre: bool = False


@dataclass(frozen=True, slots=True)
class Equipment:
    kind: str
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Institution:
    """`administrative_parent` is a code, "" for the region's own authorities."""

    id: UUID
    code: str
    legal_name: str
    short_name: str
    kind: InstitutionKind
    tier: Tier | None
    level: Level
    grade: Grade
    sponsor: Sponsor
    ownership: str
    administrative_parent: str
    funding_channel: str
    area_code: str
    address: str
    longitude: float
    latitude: float
    uscc: str
    licence_number: str
    insurance_code: str
    phone: str
    referral_phone: str
    opened_on: date
    closed_on: date | None
    is_named_after_place: bool
    departments: tuple[Department, ...]
    services: tuple[str, ...]
    equipment: tuple[Equipment, ...]

    @property
    def beds(self) -> int:
        return sum(department.beds for department in self.departments)

    @property
    def county_code(self) -> str:
        return self.area_code[:6]

    @property
    def city_code(self) -> str:
        return self.area_code[:4]

    @property
    def is_hospital(self) -> bool:
        return self.kind in HOSPITALS

    def department(self, key: str) -> Department | None:
        """The department with this key, otherwise the first of this specialty."""
        for found in self.departments:
            if found.key == key:
                return found
        for found in self.departments:
            if found.specialty == key:
                return found
        return None
