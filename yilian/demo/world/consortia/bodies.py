"""The consortia of the region: every form of NX-2.1, and who leads them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Final
from zlib import crc32

from yilian.demo.world import places
from yilian.demo.world.chance import fixed_id
from yilian.demo.world.consortia.model import Consortium
from yilian.demo.world.institutions.build import by_name
from yilian.demo.world.institutions.model import Institution
from yilian.demo.world.institutions.plots import (
    commission_code,
)
from yilian.demo.world.places import REGION, Place
from yilian.registry.consortium.rules import Form

TELEMEDICINE_NETWORK: Final = "TN-64"
HIGH_LEVEL_BODY: Final = "HC-64"

# Member hospitals by name; the first is the lead (NX-2.1.1-a).
GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "宁夏医科大学总医院": (
        "宁夏医科大学总医院",
        "永宁县人民医院",
        "贺兰县人民医院",
        "红寺堡区人民医院",
        "中宁县人民医院",
        "盐池县人民医院",
        "石嘴山市第一人民医院",
        "固原市人民医院",
    ),
    "宁夏回族自治区人民医院": (
        "宁夏回族自治区人民医院",
        "平罗县人民医院",
        "同心县人民医院",
        "西吉县人民医院",
        "泾源县人民医院",
        "中卫市人民医院",
        "金凤区阅海医院",
    ),
    "宁夏回族自治区中医医院暨中医研究院": (
        "宁夏回族自治区中医医院暨中医研究院",
        "永宁县中医医院",
        "灵武市中医医院",
        "隆德县中医医院",
        "海原县中医医院",
        "吴忠市中医医院",
    ),
}
# City → (name, leads, districts), 城市医共体 (NX-2.1.2-b); one city may have several.
CITY_BODIES: Final = (
    ("6401", "银川市第一医共体", ("银川市第一人民医院",), ("640104", "640106")),
    (
        "6401",
        "银川市第二医共体",
        ("宁夏回族自治区人民医院", "银川市第三人民医院"),
        ("640105",),
    ),
    (
        "6402",
        "石嘴山市城市医共体",
        ("石嘴山市第二人民医院", "石嘴山市第一人民医院"),
        ("640202",),
    ),
    ("6403", "吴忠市城市医共体", ("吴忠市人民医院",), ("640302",)),
    ("6404", "固原市城市医共体", ("固原市人民医院",), ("640402",)),
    ("6405", "中卫市城市医共体", ("中卫市人民医院",), ("640502",)),
)


@dataclass(frozen=True, slots=True)
class Alliance:
    """`department` is what its members bring in; leads by name."""

    code: str
    alias: str
    specialties: tuple[str, ...]
    leads: tuple[str, ...]
    department: str
    reach: float


ALLIANCES: Final = (
    Alliance(
        "SA-OG",
        "宁夏妇产科专科联盟",
        ("gynaecology", "obstetrics"),
        ("宁夏医科大学总医院", "银川市妇幼保健院"),
        "obstetrics",
        0.9,
    ),
    Alliance(
        "SA-PSY",
        "宁夏精神专科联盟",
        ("psychiatry",),
        ("宁夏回族自治区宁安医院",),
        "internal",
        0.5,
    ),
    Alliance(
        "SA-DENT",
        "宁夏口腔专科联盟",
        ("stomatology",),
        ("银川市口腔医院",),
        "stomatology",
        0.8,
    ),
    Alliance(
        "SA-CP",
        "宁夏胸痛专科联盟",
        ("chest_pain",),
        ("宁夏医科大学总医院",),
        "chest_pain",
        0.85,
    ),
    Alliance(
        "SA-STR",
        "宁夏脑卒中专科联盟",
        ("stroke",),
        ("银川市第一人民医院", "宁夏医科大学总医院"),
        "stroke",
        0.8,
    ),
    Alliance(
        "SA-PED",
        "宁夏儿科专科联盟",
        ("paediatrics",),
        ("银川市妇幼保健院",),
        "paediatrics",
        0.7,
    ),
    Alliance(
        "SA-EYE",
        "宁夏眼科专科联盟",
        ("ophthalmology",),
        ("宁夏回族自治区人民医院",),
        "ophthalmology",
        0.6,
    ),
)
_COUNTY_LEADS: Final = {"640105": "银川市第三人民医院"}


@cache
def consortia() -> tuple[Consortium, ...]:
    return (
        *_groups(),
        *_city_bodies(),
        *map(_county_body, places.counties()),
        *_alliances(),
        _body(
            TELEMEDICINE_NETWORK,
            "宁夏远程医疗协作网",
            Form.TELEMEDICINE_NETWORK,
            REGION,
            date(2016, 9, 1),
        ),
        _body(
            HIGH_LEVEL_BODY,
            "宁夏高层医疗协同体",
            Form.HIGH_LEVEL_COLLABORATIVE,
            REGION,
            date(2021, 5, 1),
        ),
    )


@cache
def consortium(code: str) -> Consortium:
    return next(found for found in consortia() if found.code == code)


def county_lead(county: str) -> Institution:
    """The hospital that leads the county's health community, 龙头."""
    name = _COUNTY_LEADS.get(county, f"{places.place(county).name}人民医院")
    return by_name()[name]


def _body(  # noqa: PLR0917
    code: str,
    alias: str,
    form: Form,
    area: str,
    founded_on: date,
    specialties: tuple[str, ...] = (),
) -> Consortium:
    return Consortium(
        id=fixed_id("consortium", code),
        code=code,
        alias=alias,
        form=form,
        # Within a city, the city's commission governs (NX-5.3-h).
        governing_authority=commission_code(area[:4]),
        area_code=area,
        specialties=specialties,
        founded_on=founded_on,
    )


def _groups() -> Iterator[Consortium]:
    for number, lead in enumerate(GROUPS, start=1):
        alias = f"{by_name()[lead].legal_name.removesuffix('暨中医研究院')}医疗集团"
        founded_on = date(2015, 3 * number, 1)
        yield _body(f"HG-{number}", alias, Form.HOSPITAL_GROUP, REGION, founded_on)


def _city_bodies() -> Iterator[Consortium]:
    for number, (city, alias, _, _) in enumerate(CITY_BODIES, start=1):
        founded_on = date(2017, 6 + number // 2, 1)
        yield _body(f"CC-{number}", alias, Form.CITY_CONSORTIUM, city, founded_on)


def _county_body(county: Place) -> Consortium:
    founded_on = date(2017 + crc32(county.code.encode()) % 3, 11, 1)
    alias = f"{county.short_name}医疗健康总院（县域医共体）"
    return _body(
        f"CO-{county.code}", alias, Form.COUNTY_CONSORTIUM, county.code, founded_on
    )


def _alliances() -> Iterator[Consortium]:
    for number, alliance in enumerate(ALLIANCES):
        yield _body(
            alliance.code,
            alliance.alias,
            Form.SPECIALTY_ALLIANCE,
            REGION,
            date(2017 + number // 3, 10, 1),
            alliance.specialties,
        )
