"""Who works where: practitioners with their posts, by kind of institution."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Final

from yilian.demo.world import numbers
from yilian.demo.world.chance import fixed_id, likely, stream
from yilian.demo.world.institutions.build import institutions
from yilian.demo.world.institutions.model import Department, Institution
from yilian.demo.world.people import names
from yilian.demo.world.people.model import Post, Practitioner, Staff
from yilian.foundation.access.actor import Role
from yilian.kernel.tier import Tier
from yilian.registry.directory.rules import InstitutionKind

_PHYSICIAN: Final = (Role.PHYSICIAN,)
_NURSE: Final = (Role.NURSE,)
_DESK: Final = (Role.REFERRAL_DESK,)
_BUREAU_SUFFIX: Final = "-MI"
_REGION_COMMISSION: Final = "64-HC"
_REGION_BUREAU: Final = "64-MI"


@dataclass(frozen=True, slots=True)
class Seat:
    """A place on the staff before somebody is found for it."""

    department: str
    title: str
    roles: tuple[Role, ...]
    specialties: tuple[str, ...] = ()
    is_woman: bool | None = None


# Seats come last where they came later: whoever sat there before keeps the name.
_FINANCE: Final = (Seat("", "会计师", (Role.FINANCE,)),)
_CENTER: Final = (
    Seat("general", "主治医师（全科）", _PHYSICIAN, ("general",)),
    Seat("general", "主治医师（全科）", _PHYSICIAN, ("general",)),
    Seat("general", "医师（全科）", _PHYSICIAN, ("general",)),
    Seat("tcm", "中医主治医师", _PHYSICIAN, ("tcm",)),
    Seat("general", "护师", _NURSE, is_woman=True),
    Seat("public_health", "公共卫生医师", _PHYSICIAN, ("public_health",)),
    Seat("pharmacy", "药师", (Role.PHARMACIST,)),
    Seat("referral_office", "主管护师", _DESK, is_woman=True),
    Seat("referral_office", "护师", _DESK, is_woman=True),
    *_FINANCE,
)
_NURSING: Final = (
    Seat("nursing_care", "主管护师", _NURSE, is_woman=True),
    Seat("nursing_care", "护师", _NURSE, is_woman=True),
)
_BY_KIND: Final[Mapping[InstitutionKind, tuple[Seat, ...]]] = {
    InstitutionKind.TOWNSHIP_CENTER: _CENTER,
    InstitutionKind.COMMUNITY_CENTER: _CENTER,
    InstitutionKind.VILLAGE_CLINIC: (
        Seat("general", "乡村医生", _PHYSICIAN, ("general",)),
    ),
    InstitutionKind.COMMUNITY_STATION: (
        Seat("general", "医师（全科）", _PHYSICIAN, ("general",)),
    ),
    InstitutionKind.NURSING_HOSPITAL: (
        Seat("geriatrics", "副主任医师", _PHYSICIAN, ("geriatrics",)),
        Seat("rehabilitation", "主治医师", _PHYSICIAN, ("rehabilitation",)),
        *_NURSING,
        Seat("referral_office", "护师", _DESK, is_woman=True),
    ),
    InstitutionKind.REHAB_INSTITUTION: (
        Seat("rehabilitation", "副主任医师", _PHYSICIAN, ("rehabilitation",)),
        Seat("rehabilitation", "主治医师", _PHYSICIAN, ("rehabilitation",)),
        Seat("acupuncture", "中医主治医师", _PHYSICIAN, ("tcm",)),
        Seat("rehabilitation", "护师", _NURSE, is_woman=True),
        Seat("referral_office", "护师", _DESK, is_woman=True),
    ),
    InstitutionKind.ELDERLY_HOME: _NURSING,
    InstitutionKind.LAB_PROVIDER: (
        Seat("laboratory", "副主任技师", _PHYSICIAN, ("laboratory",)),
        Seat("pathology", "主任医师", _PHYSICIAN, ("pathology",)),
    ),
    InstitutionKind.EXAM_PROVIDER: (
        Seat("imaging", "主任医师", _PHYSICIAN, ("imaging",)),
        Seat("imaging", "主治医师", _PHYSICIAN, ("imaging",)),
    ),
}
_HOSPITAL_OFFICES: Final[Mapping[str, tuple[Seat, ...]]] = {
    "referral_office": (
        Seat("referral_office", "副主任护师", _DESK, is_woman=True),
        Seat("referral_office", "主管护师", _DESK, is_woman=True),
        Seat("referral_office", "主治医师", _DESK),
    ),
    "consortium_office": (
        Seat("consortium_office", "管理干部", (Role.CONSORTIUM_OFFICE,)),
        Seat("consortium_office", "管理干部", (Role.CONSORTIUM_OFFICE,)),
    ),
    "pharmacy": (
        Seat("pharmacy", "主任药师", (Role.PHARMACIST,)),
        Seat("pharmacy", "主管药师", (Role.PHARMACIST,)),
    ),
}
_WITHOUT_WARD: Final = frozenset({"imaging", "ecg", "laboratory", "pathology"})
_ADMINISTRATORS: Final = (Role.AUDIT_ADMIN, Role.SECURITY_ADMIN, Role.SYSTEM_ADMIN)


def staff(seed: int, today: date) -> Staff:
    practitioners: list[Practitioner] = []
    posts: list[Post] = []
    for institution in institutions():
        rng = stream(seed, "staff", institution.code)
        for serial, seat in enumerate(seats(institution), start=1):
            person = _practitioner(institution, seat, serial, rng)
            practitioners.append(person)
            posts.append(_post(institution, seat, person, rng, today))
    return Staff(tuple(practitioners), tuple(posts))


def seats(institution: Institution) -> Iterator[Seat]:
    if institution.closed_on is not None:
        return
    if institution.kind == InstitutionKind.AUTHORITY:
        yield from _authority_seats(institution)
    elif institution.is_hospital:
        for department in institution.departments:
            yield from _hospital_seats(institution, department)
        yield from _FINANCE
    else:
        yield from _BY_KIND[institution.kind]


def _authority_seats(institution: Institution) -> Iterator[Seat]:
    is_bureau = institution.code.endswith(_BUREAU_SUFFIX)
    role = Role.INSURER if is_bureau else Role.OFFICER
    yield Seat("", "科长", (role,))
    yield Seat("", "科员", (role,))
    if institution.code == _REGION_COMMISSION:
        for power in _ADMINISTRATORS:
            yield Seat("", "工程师", (power,))
    if institution.code == _REGION_BUREAU:
        yield Seat("", "科员", (Role.PRICING,))


def _hospital_seats(institution: Institution, department: Department) -> Iterator[Seat]:
    if department.key in _HOSPITAL_OFFICES:
        yield from _HOSPITAL_OFFICES[department.key]
        return
    is_tertiary = institution.tier == Tier.TERTIARY
    specialties = (department.specialty,)
    head = "主任医师" if is_tertiary else "副主任医师"
    yield Seat(department.key, head, _PHYSICIAN, specialties)
    yield Seat(department.key, "主治医师", _PHYSICIAN, specialties)
    if department.key not in _WITHOUT_WARD:
        yield Seat(department.key, "主管护师", _NURSE, specialties, is_woman=True)


def _practitioner(
    institution: Institution, seat: Seat, serial: int, rng: Random
) -> Practitioner:
    ethnicity = names.HUI if likely(rng, 30) else names.HAN
    is_woman = likely(rng, 50) if seat.is_woman is None else seat.is_woman
    sex = "2" if is_woman else "1"
    born_on = date(rng.randrange(1968, 1996), 1, 1)
    family = names.surname(rng, ethnicity)
    area = institution.area_code.ljust(6, "0")[:6]
    username = f"{institution.code}-{serial:02}".lower()
    return Practitioner(
        id=fixed_id("practitioner", username),
        username=username,
        name=names.full_name(rng, family, sex, born_on, ethnicity),
        sex=sex,
        title=seat.title,
        specialties=seat.specialties,
        licence_number=_licence_number(seat, area, rng),
        phone=numbers.mobile(rng),
    )


def _licence_number(seat: Seat, area: str, rng: Random) -> str:
    """执业证书编号, 15 digits; village doctors and offices have others or none."""
    if Role.PHYSICIAN in seat.roles:
        return f"110{area}{rng.randrange(1_000_000):06}"
    if Role.NURSE in seat.roles or Role.REFERRAL_DESK in seat.roles:
        return f"20{rng.randrange(8, 24):02}{area}{rng.randrange(100_000):05}"
    return ""


def _post(
    institution: Institution,
    seat: Seat,
    person: Practitioner,
    rng: Random,
    today: date,
) -> Post:
    department = institution.department(seat.department)
    return Post(
        id=fixed_id("post", person.username),
        practitioner=person.id,
        institution=institution.code,
        department=department.key if department else "",
        roles=seat.roles,
        starts_on=today - timedelta(days=rng.randrange(800, 4000)),
    )
