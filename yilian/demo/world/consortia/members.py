"""Who joins which consortium, by which tie; many join several at once (NX-2.1)."""

from collections.abc import Iterator
from functools import cache
from typing import Final
from zlib import crc32

from yilian.demo.world import places
from yilian.demo.world.chance import fixed_id
from yilian.demo.world.consortia.bodies import (
    ALLIANCES,
    CITY_BODIES,
    GROUPS,
    HIGH_LEVEL_BODY,
    TELEMEDICINE_NETWORK,
    Alliance,
    consortium,
    county_lead,
)
from yilian.demo.world.consortia.model import Membership
from yilian.demo.world.institutions.build import by_code, by_name, institutions
from yilian.demo.world.institutions.model import Institution
from yilian.demo.world.institutions.plots import (
    center_code,
    commission_code,
    outpost_code,
)
from yilian.demo.world.places import Place
from yilian.registry.consortium.rules import MemberRole, Tie, Tightness
from yilian.registry.directory.rules import InstitutionKind, Sponsor

# Counties whose TCM hospital leads jointly (NX-2.1.3-b).
_CO_LED: Final = frozenset({"640121", "640181", "640324", "640422", "640425", "640521"})
# Townships left outside their county's consortium: coverage is not complete.
_TOWNSHIPS_OUTSIDE: Final = 0.12
_HIGH_LEVEL_MEMBERS: Final = (
    "宁夏医科大学总医院",
    "宁夏回族自治区人民医院",
    "银川市第一人民医院",
    "石嘴山市第二人民医院",
    "吴忠市人民医院",
    "固原市人民医院",
    "中卫市人民医院",
)


@cache
def memberships() -> tuple[Membership, ...]:
    return (
        *_group_members(),
        *_city_members(),
        *_county_members(),
        *_alliance_members(),
        *_network_members(),
        *_high_level_members(),
    )


def _member(
    consortium_code: str,
    institution: Institution,
    role: MemberRole,
    tie: Tie,
    tightness: Tightness,
    *,
    department: str = "",
    is_territorial: bool = False,
) -> Membership:
    founded_on = consortium(consortium_code).founded_on
    return Membership(
        id=fixed_id("membership", consortium_code, institution.code, department),
        consortium=consortium_code,
        institution=institution.code,
        department=department,
        role=role,
        tie=tie,
        tightness=tightness,
        is_territorial=is_territorial,
        starts_on=max(founded_on, institution.opened_on),
    )


def _group_members() -> Iterator[Membership]:
    ties = (Tie.TRUSTEESHIP, Tie.TECHNICAL_COOPERATION, Tie.GROUP_OPERATION)
    for number, names in enumerate(GROUPS.values(), start=1):
        for place, name in enumerate(names):
            tie = Tie.GROUP_OPERATION if place == 0 else ties[place % len(ties)]
            yield _member(
                f"HG-{number}",
                by_name()[name],
                MemberRole.LEAD if place == 0 else MemberRole.MEMBER,
                tie,
                Tightness.LOOSE
                if tie == Tie.TECHNICAL_COOPERATION
                else Tightness.SEMI_TIGHT,
            )


def _city_members() -> Iterator[Membership]:
    for number, (city, _, leads, districts) in enumerate(CITY_BODIES, start=1):
        code = f"CC-{number}"
        for place, name in enumerate(leads):
            role = MemberRole.CO_LEAD if place else MemberRole.LEAD
            yield _member(
                code,
                by_name()[name],
                role,
                Tie.GROUP_OPERATION,
                Tightness.TIGHT,
                is_territorial=by_name()[name].administrative_parent != "64-HC",
            )
        for member in _urban_members(city, districts, set(leads)):
            tie, tightness = _urban_tie(member)
            yield _member(
                code,
                member,
                MemberRole.MEMBER,
                tie,
                tightness,
                is_territorial=True,
            )


def _urban_members(
    city: str, districts: tuple[str, ...], leads: set[str]
) -> Iterator[Institution]:
    """Municipal houses, community centres and stations, nursing, rehabilitation."""
    urban = {
        InstitutionKind.COMMUNITY_CENTER,
        InstitutionKind.COMMUNITY_STATION,
        InstitutionKind.NURSING_HOSPITAL,
        InstitutionKind.REHAB_INSTITUTION,
    }
    for found in institutions():
        if found.legal_name in leads or found.closed_on is not None:
            continue
        is_here = found.county_code in districts
        is_municipal = found.administrative_parent == commission_code(city)
        if is_here and (found.kind in urban or (found.is_hospital and is_municipal)):
            yield found


def _urban_tie(member: Institution) -> tuple[Tie, Tightness]:
    if member.sponsor == Sponsor.SOCIAL:
        return Tie.COOPERATION, Tightness.LOOSE
    if member.kind in {
        InstitutionKind.COMMUNITY_CENTER,
        InstitutionKind.COMMUNITY_STATION,
    }:
        ties = (Tie.RUN_BY, Tie.JOINT_RUN, Tie.TRUSTEESHIP)
        return ties[crc32(member.county_code.encode()) % len(ties)], Tightness.TIGHT
    return Tie.COOPERATION, Tightness.SEMI_TIGHT


def _county_members() -> Iterator[Membership]:
    for county in places.counties():
        code = f"CO-{county.code}"
        yield _county_member(code, county_lead(county.code), MemberRole.LEAD)
        tcm = by_name().get(f"{county.name}中医医院")
        if tcm is not None:
            is_joint = county.code in _CO_LED
            role = MemberRole.CO_LEAD if is_joint else MemberRole.MEMBER
            yield _county_member(code, tcm, role)
        mch = by_name().get(f"{county.name}妇幼保健院")
        if mch is not None:
            yield _county_member(code, mch, MemberRole.MEMBER)
        for township in places.children(county.code):
            if not township.is_street and _joins(township):
                yield from _township_members(code, township)


def _county_member(code: str, institution: Institution, role: MemberRole) -> Membership:
    tie = Tie.JOINT_RUN if role != MemberRole.MEMBER else Tie.COOPERATION
    return _member(code, institution, role, tie, Tightness.TIGHT, is_territorial=True)


def _township_members(code: str, township: Place) -> Iterator[Membership]:
    is_tight = crc32(township.code.encode()) % 5 != 0
    tie = Tie.TRUSTEESHIP if is_tight else Tie.COOPERATION
    tightness = Tightness.TIGHT if is_tight else Tightness.SEMI_TIGHT
    codes = [center_code(township.code)]
    codes += [outpost_code(village.code) for village in places.children(township.code)]
    for institution in codes:
        yield _member(
            code,
            by_code()[institution],
            MemberRole.MEMBER,
            tie,
            tightness,
            is_territorial=True,
        )


def _joins(township: Place) -> bool:
    if township.parent == "640121":
        return township.code != "640121401"
    return _share("outside", township.code) >= _TOWNSHIPS_OUTSIDE


def _alliance_members() -> Iterator[Membership]:
    for alliance in ALLIANCES:
        for found in _candidates(alliance):
            is_lead = found.legal_name in alliance.leads
            role = MemberRole.MEMBER
            if is_lead:
                first = found.legal_name == alliance.leads[0]
                role = MemberRole.LEAD if first else MemberRole.CO_LEAD
            yield _member(
                alliance.code,
                found,
                role,
                Tie.TECHNICAL_COOPERATION,
                Tightness.SEMI_TIGHT if is_lead else Tightness.LOOSE,
                department=_department_key(alliance, found),
            )


def _candidates(alliance: Alliance) -> Iterator[Institution]:
    """Leads, and the hospitals that have such a department and wish to join."""
    for found in institutions():
        if not found.is_hospital or found.closed_on is not None:
            continue
        wishes = _share(alliance.code, found.code) < alliance.reach
        has_department = found.department(alliance.department) is not None
        if found.legal_name in alliance.leads or (wishes and has_department):
            yield found


def _department_key(alliance: Alliance, institution: Institution) -> str:
    for key in (*alliance.specialties, alliance.department):
        department = institution.department(key)
        if department is not None:
            return department.key
    return ""


def _network_members() -> Iterator[Membership]:
    """Every level joins the telemedicine network (NX-2.1.5-a), stations do not."""
    left_out = {
        InstitutionKind.AUTHORITY,
        InstitutionKind.VILLAGE_CLINIC,
        InstitutionKind.COMMUNITY_STATION,
        InstitutionKind.ELDERLY_HOME,
    }
    for found in institutions():
        if found.kind in left_out or found.closed_on is not None:
            continue
        is_lead = found.legal_name == "宁夏回族自治区人民医院"
        yield _member(
            TELEMEDICINE_NETWORK,
            found,
            MemberRole.LEAD if is_lead else MemberRole.MEMBER,
            Tie.TECHNICAL_COOPERATION,
            Tightness.LOOSE,
        )


def _high_level_members() -> Iterator[Membership]:
    for place, name in enumerate(_HIGH_LEVEL_MEMBERS):
        yield _member(
            HIGH_LEVEL_BODY,
            by_name()[name],
            MemberRole.MEMBER if place else MemberRole.LEAD,
            Tie.TECHNICAL_COOPERATION,
            Tightness.LOOSE,
        )


def _share(*subject: str) -> float:
    """A fixed number from 0 to 1 for a subject."""
    return crc32("/".join(subject).encode()) / 0xFFFFFFFF
