from collections import Counter

import pytest

from yilian.demo.world import places
from yilian.demo.world.institutions.build import by_code, by_name, institutions, of_kind
from yilian.kernel import codes
from yilian.kernel.tier import Tier
from yilian.registry.directory.rules import InstitutionKind, Level, Sponsor, tier_of


def test_every_township_and_street_has_one_health_centre() -> None:
    centres = Counter(
        found.area_code
        for kind in (InstitutionKind.TOWNSHIP_CENTER, InstitutionKind.COMMUNITY_CENTER)
        for found in of_kind(kind)
    )
    assert centres == Counter(found.code for found in places.townships())


def test_every_village_and_community_has_a_clinic_or_a_station() -> None:
    outposts = Counter(
        found.area_code
        for kind in (InstitutionKind.VILLAGE_CLINIC, InstitutionKind.COMMUNITY_STATION)
        for found in of_kind(kind)
    )
    assert outposts == Counter(found.code for found in places.villages())


@pytest.mark.parametrize(
    "kind", [kind for kind in InstitutionKind if kind is not InstitutionKind.OTHER]
)
def test_every_kind_of_institution_is_there(kind: InstitutionKind) -> None:
    assert of_kind(kind)


@pytest.mark.parametrize("sponsor", Sponsor)
def test_every_sponsor_is_there(sponsor: Sponsor) -> None:
    assert any(found.sponsor == sponsor for found in institutions())


def test_every_county_has_a_commission_and_a_hospital_of_its_own() -> None:
    for county in places.counties():
        here = [found for found in institutions() if found.county_code == county.code]
        assert any(found.kind == InstitutionKind.AUTHORITY for found in here)
        assert any(found.tier == Tier.SECONDARY and found.is_hospital for found in here)


def test_numbers_of_institutions_are_valid_and_given_once() -> None:
    for found in institutions():
        assert codes.check_credit_code(found.uscc) == found.uscc
        if found.kind != InstitutionKind.AUTHORITY:
            licence = codes.check_practice_licence(found.licence_number)
            assert licence.area == found.county_code
            assert licence.organisation == found.uscc[8:17]
    for numbers in (
        [found.code for found in institutions()],
        [found.uscc for found in institutions()],
        [found.legal_name for found in institutions()],
        [found.insurance_code for found in institutions() if found.insurance_code],
    ):
        assert len(numbers) == len(set(numbers))


def test_the_tier_is_the_one_of_kind_and_level() -> None:
    for found in institutions():
        assert found.tier == tier_of(found.kind, found.level)


def test_parents_exist_and_come_first() -> None:
    seen: set[str] = set()
    for found in institutions():
        assert found.administrative_parent in {"", *seen}
        seen.add(found.code)


def test_a_village_clinic_belongs_to_its_township_and_that_to_its_county() -> None:
    clinic = by_code()["640121104205-D1"]
    centre = by_code()[clinic.administrative_parent]
    commission = by_code()[centre.administrative_parent]
    assert [clinic.legal_name, centre.legal_name, commission.legal_name] == [
        "永宁县闽宁镇原隆村卫生室",
        "永宁县闽宁镇中心卫生院",
        "永宁县卫生健康委员会",
    ]


def test_one_institution_is_closed() -> None:
    assert [found.legal_name for found in institutions() if found.closed_on] == [
        "大武口区白芨沟医院"
    ]


def test_departments_are_named_once_and_hold_all_the_beds() -> None:
    for found in institutions():
        names = [department.name for department in found.departments]
        assert len(names) == len(set(names))
    assert by_name()["宁夏医科大学总医院"].beds == 3200


def test_only_tertiary_departments_take_an_infarction_on_the_table() -> None:
    county = by_name()["永宁县人民医院"].department("cardiology")
    tertiary = by_name()["宁夏医科大学总医院"].department("cardiology")
    assert county is not None
    assert tertiary is not None
    assert not any("I21".startswith(prefix) for prefix in county.treats)
    assert any("I21".startswith(prefix) for prefix in tertiary.treats)
    assert tertiary.is_national_key


def test_names_that_are_no_public_fact_are_made_from_the_place() -> None:
    for found in institutions():
        is_large = found.is_hospital and found.level == Level.TERTIARY
        assert not (is_large and found.is_named_after_place)
