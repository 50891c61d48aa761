"""All institutions of the region, each with its numbers, in a fixed order."""

from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache
from random import Random
from typing import Final

from yilian.demo.world import numbers, places
from yilian.demo.world.chance import fixed_id, stream
from yilian.demo.world.institutions import profiles
from yilian.demo.world.institutions.model import (
    Department,
    Institution,
)
from yilian.demo.world.institutions.plots import Plot, plots
from yilian.demo.world.specialties import DEPARTMENTS, treats
from yilian.registry.directory.rules import (
    Grade,
    InstitutionKind,
    Level,
    Sponsor,
    tier_of,
)

# Prime to 10 ** 7: no organisation code comes twice.
_CODE_STRIDE: Final = 2_345_677
_REGISTERED_BY: Final = {
    Sponsor.GOVERNMENT: "12",
    Sponsor.OTHER_PUBLIC: "12",
    Sponsor.SOCIAL: "91",
}
_OWNERSHIP: Final = {
    Sponsor.GOVERNMENT: "state_owned",
    Sponsor.OTHER_PUBLIC: "state_enterprise",
    Sponsor.SOCIAL: "private",
}
# 国家级、自治区级临床重点专科 (NX-2.1.4-a), invented but for the plausible houses.
_KEY_SPECIALTIES: Final[Mapping[str, str]] = {
    "宁夏医科大学总医院": "neurosurgery:national cardiology:national "
    "gynaecology:regional obstetrics:regional icu:national neurology:regional "
    "respiratory:regional oncology:regional",
    "宁夏回族自治区人民医院": "ophthalmology:regional emergency:regional "
    "cardiology:regional paediatrics:regional",
    "宁夏回族自治区中医医院暨中医研究院": "tcm:national acupuncture:regional",
    "宁夏回族自治区宁安医院": "psychiatry:regional",
    "银川市第一人民医院": "neurology:regional",
    "银川市妇幼保健院": "obstetrics:regional paediatrics:regional",
    "银川市口腔医院": "stomatology:regional",
    "固原市人民医院": "surgery:regional",
}


@cache
def institutions() -> tuple[Institution, ...]:
    return tuple(_institution(plot, serial) for serial, plot in enumerate(plots()))


@cache
def by_code() -> Mapping[str, Institution]:
    return {found.code: found for found in institutions()}


@cache
def by_name() -> Mapping[str, Institution]:
    return {found.legal_name: found for found in institutions()}


@cache
def of_kind(kind: InstitutionKind) -> tuple[Institution, ...]:
    return tuple(found for found in institutions() if found.kind == kind)


def _institution(plot: Plot, serial: int) -> Institution:
    rng = stream("institution", plot.code)
    area = plot.area.ljust(6, "0")[:6]
    organisation = numbers.organisation_code(
        f"4{(serial + 1) * _CODE_STRIDE % 10_000_000:07}"
    )
    longitude, latitude = _position(plot, rng)
    phone = numbers.landline(_dialling_city(plot.area), rng)
    return Institution(
        id=fixed_id("institution", plot.code),
        code=plot.code,
        legal_name=plot.name,
        short_name=_short_name(plot.name),
        kind=plot.kind,
        tier=tier_of(plot.kind, plot.level),
        level=plot.level,
        grade=plot.grade,
        sponsor=plot.sponsor,
        ownership=_OWNERSHIP[plot.sponsor],
        administrative_parent=plot.parent,
        funding_channel=_funding_channel(plot),
        area_code=plot.area,
        address=_address(plot, rng),
        longitude=longitude,
        latitude=latitude,
        uscc=numbers.credit_code(_registered_by(plot), area, organisation),
        licence_number=_licence(plot, organisation, area),
        insurance_code=f"H{area}{serial:05}" if plot.licence_class else "",
        phone=phone,
        referral_phone=_extension(phone, plot),
        opened_on=_opened_on(plot, rng),
        closed_on=plot.closed_on,
        is_named_after_place=plot.is_named_after_place,
        departments=_departments(plot),
        services=profiles.services(plot.profile),
        equipment=profiles.equipment(plot.profile),
    )


def _departments(plot: Plot) -> tuple[Department, ...]:
    flags = dict(
        entry.split(":") for entry in _KEY_SPECIALTIES.get(plot.name, "").split()
    )
    given = profiles.beds_by_department(plot.profile, plot.beds)
    return tuple(
        _department(plot, key, beds, flags.get(key, "")) for key, beds in given.items()
    )


def _department(plot: Plot, key: str, beds: int, flag: str) -> Department:
    specialty, name = DEPARTMENTS[key]
    return Department(
        id=fixed_id("department", plot.code, key),
        key=key,
        specialty=specialty,
        name=name,
        beds=beds,
        treats=treats(key, is_tertiary=plot.level == Level.TERTIARY),
        is_national_key=flag == "national",
        is_regional_key=flag == "regional",
        hosts_quality_centre=bool(flag) and plot.grade == Grade.A,
        hosts_treatment_centre=flag == "national",
    )


def _position(plot: Plot, rng: Random) -> tuple[float, float]:
    centre = places.place(plot.area)
    return (
        round(centre.longitude + rng.uniform(-0.012, 0.012), 6),
        round(centre.latitude + rng.uniform(-0.009, 0.009), 6),
    )


def _address(plot: Plot, rng: Random) -> str:
    where = places.full_name(plot.area)
    if places.place(plot.area).level != "village":
        road = rng.choice(("人民路", "健康路", "文化街", "团结路", "利民街", "长城路"))
        return f"{where}{road}{rng.randint(1, 399)}号"
    return where


def _dialling_city(area: str) -> str:
    return area[:4] if len(area) >= len("6401") else "6401"


def _registered_by(plot: Plot) -> str:
    return (
        "11" if plot.kind == InstitutionKind.AUTHORITY else _REGISTERED_BY[plot.sponsor]
    )


def _licence(plot: Plot, organisation: str, area: str) -> str:
    if not plot.licence_class:
        return ""
    is_for_profit = plot.sponsor == Sponsor.SOCIAL
    return numbers.practice_licence(
        organisation, area, plot.licence_class, profit=is_for_profit
    )


def _funding_channel(plot: Plot) -> str:
    """财政投入渠道: whose treasury pays; joining a consortium never changes it."""
    if plot.sponsor == Sponsor.SOCIAL:
        return "self_funded"
    if plot.sponsor == Sponsor.OTHER_PUBLIC:
        return "enterprise"
    if plot.kind == InstitutionKind.VILLAGE_CLINIC:
        return "county_subsidy"
    is_authority = plot.kind == InstitutionKind.AUTHORITY
    owner = plot.area if is_authority else plot.parent.partition("-")[0]
    return {2: "region", 4: "city"}.get(len(owner), "county")


def _extension(phone: str, plot: Plot) -> str:
    has_office = "referral_office" in profiles.PROFILES[plot.profile].departments
    return f"{phone[:-2]}{(int(phone[-2:]) + 9) % 100:02}" if has_office else ""


def _opened_on(plot: Plot, rng: Random) -> date:
    if plot.kind == InstitutionKind.AUTHORITY:
        return date(2018, 11, 1) + timedelta(days=rng.randrange(60))
    return date(1952, 1, 1) + timedelta(days=rng.randrange(15_000))


def _short_name(name: str) -> str:
    for long, short in (
        ("宁夏医科大学总医院", "宁医大总院"),
        ("宁夏回族自治区中医医院暨中医研究院", "自治区中医医院"),
        ("宁夏回族自治区", "自治区"),
    ):
        if name.startswith(long):
            return short + name.removeprefix(long)
    return name
