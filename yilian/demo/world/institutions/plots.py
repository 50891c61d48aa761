"""Which institutions stand where: one `Plot` for each, before it gets its numbers."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from importlib import resources
from typing import Final
from zlib import crc32

from yilian.demo.world import places
from yilian.demo.world.places import REGION, Place
from yilian.registry.directory.rules import Grade, InstitutionKind, Level, Sponsor


@dataclass(frozen=True, slots=True)
class Plot:
    """`parent` is the code of the institution that it is subordinate to."""

    code: str
    name: str
    kind: InstitutionKind
    area: str
    profile: str
    licence_class: str = ""
    level: Level = Level.UNRATED
    grade: Grade = Grade.NONE
    beds: int = 0
    parent: str = ""
    sponsor: Sponsor = Sponsor.GOVERNMENT
    is_named_after_place: bool = True
    closed_on: date | None = None


_GRADES: Final = {"甲": Grade.A, "乙": Grade.B, "丙": Grade.C}
_HOSPITAL_CLASSES: Final = {
    InstitutionKind.GENERAL_HOSPITAL: "A100",
    InstitutionKind.TCM_HOSPITAL: "A200",
    InstitutionKind.SPECIALIST_HOSPITAL: "A500",
    InstitutionKind.MCH_INSTITUTION: "G100",
}
_CITY_SEATS: Final = {
    "6401": "640106",
    "6402": "640202",
    "6403": "640302",
    "6404": "640402",
    "6405": "640502",
}


def plots() -> Iterator[Plot]:
    """Parents come before those who are subordinate to them."""
    yield from _authorities()
    yield from _hospitals()
    yield from _care_homes()
    yield from _third_parties()
    for township in places.townships():
        center = _primary_center(township)
        yield center
        for village in places.children(township.code):
            yield _outpost(village, center)
    yield _closed_hospital()


def commission_code(area: str) -> str:
    return f"{area}-HC"


def bureau_code(area: str) -> str:
    return f"{area}-MI"


def center_code(township: str) -> str:
    """The health centre (or community centre) of a township (or street)."""
    return f"{township}-{'B1' if places.place(township).is_street else 'C1'}"


def outpost_code(village: str) -> str:
    """The clinic of a village, or the station of a community."""
    return f"{village}-{'D1' if places.place(village).is_village else 'B2'}"


def _authorities() -> Iterator[Plot]:
    for area in (places.place(REGION), *places.cities(), *places.counties()):
        above = commission_code(area.parent) if area.parent else ""
        yield _authority(commission_code(area.code), "卫生健康委员会", area, above)
    for area in (places.place(REGION), *places.cities()):
        above = bureau_code(area.parent) if area.parent else ""
        yield _authority(bureau_code(area.code), "医疗保障局", area, above)


def _authority(code: str, suffix: str, area: Place, above: str) -> Plot:
    return Plot(
        code,
        area.name + suffix,
        InstitutionKind.AUTHORITY,
        area.code,
        profile="authority",
        parent=above,
        is_named_after_place=False,
    )


def _hospitals() -> Iterator[Plot]:
    source = resources.files("yilian.demo").joinpath("data/hospitals.csv")
    serials: dict[str, int] = {}
    with source.open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            serial = serials[row["area"]] = serials.get(row["area"], 0) + 1
            yield _hospital(row, f"{row['area']}-A{serial}")


def _hospital(row: dict[str, str], code: str) -> Plot:
    kind = InstitutionKind(row["kind"])
    return Plot(
        code,
        row["name"],
        kind,
        row["area"],
        profile=row["profile"],
        licence_class=_HOSPITAL_CLASSES[kind],
        level=Level(row["level"]),
        grade=_GRADES[row["grade"]],
        beds=int(row["beds"]),
        parent=commission_code(row["parent"]),
        sponsor=Sponsor(row["sponsor"]),
        is_named_after_place=row["name_source"] == "place",
    )


def _care_homes() -> Iterator[Plot]:
    for city in places.cities():
        seat = places.place(_CITY_SEATS[city.code])
        yield Plot(
            f"{seat.code}-N1",
            f"{city.short_name}{seat.short_name}护理院",
            InstitutionKind.NURSING_HOSPITAL,
            seat.code,
            profile="nursing_hospital",
            licence_class="A700",
            level=Level.PRIMARY,
            beds=100,
            parent=commission_code(city.code),
            sponsor=Sponsor.SOCIAL if city.code == "6401" else Sponsor.GOVERNMENT,
        )
    for county in places.counties():
        yield Plot(
            f"{county.code}-E1",
            f"{county.short_name}养老服务中心",
            InstitutionKind.ELDERLY_HOME,
            county.code,
            profile="elderly_home",
            licence_class="D900",
            beds=80,
            parent=commission_code(county.code),
        )
    yield from _rehabilitation()


def _rehabilitation() -> Iterator[Plot]:
    for area, name, beds in (
        ("640105", "西夏区康复医院", 200),
        ("640402", "原州区康复医院", 120),
    ):
        yield Plot(
            f"{area}-R1",
            name,
            InstitutionKind.REHAB_INSTITUTION,
            area,
            profile="rehab_institution",
            licence_class="A600",
            level=Level.SECONDARY,
            grade=Grade.B,
            beds=beds,
            parent=commission_code(area),
        )


def _third_parties() -> Iterator[Plot]:
    for code, name, kind in (
        ("640106-L1", "金凤区阅海医学检验实验室", InstitutionKind.LAB_PROVIDER),
        ("640106-L2", "金凤区阅海医学影像诊断中心", InstitutionKind.EXAM_PROVIDER),
        ("640302-L1", "利通区金积医学检验实验室", InstitutionKind.LAB_PROVIDER),
    ):
        yield Plot(
            code,
            name,
            kind,
            code[:6],
            profile=kind.value,
            licence_class="M100",
            parent=commission_code(code[:4]),
            sponsor=Sponsor.SOCIAL,
        )


def _primary_center(township: Place) -> Plot:
    county = places.place(township.parent)
    if township.is_street:
        return Plot(
            center_code(township.code),
            f"{county.short_name}{township.name.removesuffix('街道')}社区卫生服务中心",
            InstitutionKind.COMMUNITY_CENTER,
            township.code,
            profile="community_center",
            licence_class="B100",
            level=Level.PRIMARY,
            grade=Grade.A,
            beds=10,
            parent=commission_code(county.code),
        )
    is_central = _is_central(township)
    return Plot(
        center_code(township.code),
        f"{county.short_name}{township.name}{'中心' if is_central else ''}卫生院",
        InstitutionKind.TOWNSHIP_CENTER,
        township.code,
        profile="township_center",
        licence_class="C100" if is_central else "C200",
        level=Level.PRIMARY,
        grade=Grade.A if is_central else Grade.B,
        beds=50 if is_central else 20,
        parent=commission_code(county.code),
    )


def _is_central(township: Place) -> bool:
    is_town = township.code[6] == "1"
    return township.code == "640121104" or (
        is_town and crc32(township.code.encode()) % 3 == 0
    )


def _outpost(village: Place, center: Plot) -> Plot:
    township = places.place(village.parent)
    county = places.place(township.parent)
    where = f"{county.short_name}{township.name}{village.short_name}"
    if village.is_village:
        name, kind, licence_class = (
            f"{where}卫生室",
            InstitutionKind.VILLAGE_CLINIC,
            "D100",
        )
    else:
        name = f"{where}卫生服务站"
        kind, licence_class = InstitutionKind.COMMUNITY_STATION, "B200"
    return Plot(
        outpost_code(village.code),
        name,
        kind,
        village.code,
        profile=kind.value,
        licence_class=licence_class,
        level=Level.PRIMARY,
        parent=center.code,
    )


def _closed_hospital() -> Plot:
    return Plot(
        "640202-X1",
        "大武口区白芨沟医院",
        InstitutionKind.GENERAL_HOSPITAL,
        "640202006",
        profile="private_general",
        licence_class="A100",
        level=Level.SECONDARY,
        grade=Grade.C,
        beds=60,
        parent=commission_code("640202"),
        sponsor=Sponsor.OTHER_PUBLIC,
        closed_on=date(2024, 7, 1),
    )
