"""Destinations of a patient: who is offered, in what order, with which words."""

from datetime import date
from decimal import Decimal

import pytest
from pytest_django.fixtures import DjangoAssertNumQueries

from yilian.care.referral.queries import prefill
from yilian.care.referral.queries.advice import proposals
from yilian.care.referral.rules.destination import Proposal
from yilian.care.referral.rules.reasons import Urgency
from yilian.care.referral.tests import world as region
from yilian.care.referral.tests.world import Place, World
from yilian.foundation.access.actor import Actor
from yilian.kernel.errors import NotFound
from yilian.kernel.tier import Direction, Tier
from yilian.record.services.writing import put
from yilian.record.tests.examples import blood_pressure, condition
from yilian.registry.directory.models import Department
from yilian.registry.population.models import Person
from yilian.resources.scheduling.rules import Quota


def _offered(
    actor: Actor,
    person: Person,
    *,
    specialty: str = "cardiology",
    urgency: Urgency = Urgency.ROUTINE,
    way: Direction = Direction.UP,
) -> list[Proposal]:
    return proposals(
        actor,
        person.id,
        diagnosis_code="I10.x00",
        urgency=urgency,
        specialty=specialty,
        way=way,
    )


def _names(found: list[Proposal]) -> list[str]:
    return [one.candidate.name for one in found]


def _words(one: Proposal) -> str:
    return " ".join(str(because.text) for because in one.because)


def test_up_from_a_township_the_own_county_comes_before_the_top_and_the_strangers(
    world: World,
) -> None:
    found = _offered(world.township.doctor, world.resident)
    assert _names(found) == ["永宁县人民医院", "自治区总医院", "平罗县人民医院"]
    county, tertiary, stranger = found
    assert county.has_green_lane
    assert not county.needs_skip_reason
    assert tertiary.needs_skip_reason
    assert not tertiary.has_green_lane  # its agreement has expired
    assert stranger.needs_outside_reason


def test_a_department_that_treats_the_code_is_capable_whatever_its_name(
    world: World,
) -> None:
    Department.objects.update(specialty="internal")
    ward = world.county.ward
    ward.specialty, ward.treats = "internal", ["I1", "E"]
    ward.save()
    found = _offered(world.township.doctor, world.resident)
    [county] = [one for one in found if one.candidate.name == "永宁县人民医院"]
    assert county.candidate.department_id == ward.id
    assert found[0] == county
    others = [one.candidate.department_id for one in found[1:]]
    assert others == [None]  # of the consortium, though not capable; no strangers


@pytest.mark.parametrize(
    ("asked", "treats", "proposed"),
    [
        pytest.param("surgery", ["I1"], "心内科", id="both as nearly"),
        pytest.param("surgery", ["I10"], "中医科", id="more nearly than another"),
        pytest.param("cardiology", ["I10"], "心内科", id="another is asked for"),
        pytest.param("tcm", ["I1"], "中医科", id="it is asked for itself"),
    ],
)
def test_of_those_that_treat_the_code_traditional_medicine_comes_last(
    world: World, asked: str, treats: list[str], proposed: str
) -> None:
    """Of equally near ones, though it is renowned."""
    house = world.county.institution
    Department.objects.filter(pk=world.county.ward.pk).update(
        name="心内科", specialty="cardiology", treats=["I1"]
    )
    Department.objects.create(
        institution=house, name="中医科", specialty="tcm", treats=treats,
        is_regional_key=True,
    )  # fmt: skip
    found = _offered(world.township.doctor, world.resident, specialty=asked)
    [county] = [one for one in found if one.candidate.institution_id == house.pk]
    assert county.candidate.department_name == proposed


def test_free_beds_and_the_way_there_are_said(world: World) -> None:
    region.beds(world.county, Quota.OPEN, Quota.REFERRAL)
    for place, longitude in ((world.township, "106.20"), (world.county, "106.40")):
        place.institution.longitude = Decimal(longitude)
        place.institution.latitude = Decimal("38.30")
        place.institution.save()
    county = _offered(world.township.doctor, world.resident)[0]
    assert county.candidate.free_beds == 2
    assert county.candidate.minutes is not None
    assert "空床 2 张" in _words(county)
    assert "公里" in _words(county)


def test_down_the_place_where_the_person_lives_comes_first(world: World) -> None:
    world.township.institution.area_code = "640121100000"
    world.township.institution.save()
    other = region.make_place("杨和镇卫生院", Tier.PRIMARY)
    other.institution.area_code = "640121101000"
    other.institution.save()
    region.accepted(world.township, world.county, world.resident)
    found = _offered(world.county.doctor, world.resident, way=Direction.DOWN)
    assert _names(found)[0] == "望远镇卫生院"
    assert found[0].candidate.is_home
    assert found[0].candidate.is_chosen
    assert "自治区总医院" not in _names(found)


def test_a_closed_house_and_ones_own_are_not_offered(world: World) -> None:
    world.county.institution.closed_on = date(2020, 1, 2)
    world.county.institution.save()
    names = _names(_offered(world.township.doctor, world.resident))
    assert "永宁县人民医院" not in names
    assert "望远镇卫生院" not in names


def test_a_stranger_gets_no_destinations_for_a_person(world: World) -> None:
    with pytest.raises(NotFound):
        _offered(world.stranger.doctor, world.resident)


def test_a_named_house_is_explained_wherever_it_stands(world: World) -> None:
    [found] = proposals(
        world.township.doctor,
        world.resident.id,
        diagnosis_code="I10.x00",
        urgency=Urgency.ROUTINE,
        specialty="cardiology",
        only=[world.village.id],
    )
    assert found.direction is Direction.DOWN


def test_however_many_houses_the_queries_stay_few(
    world: World, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(20):
        region.make_place(f"第{number}医院", Tier.SECONDARY)
    with django_assert_max_num_queries(10):
        found = _offered(world.township.doctor, world.resident)
    assert len(found) == 8


@pytest.fixture
def with_history(world: World) -> Person:
    """Known hypertension and a reading, in the record."""
    for resource in (
        condition(world.resident.id),
        blood_pressure(world.resident.id),
    ):
        put(region.SYSTEM, resource, person_id=world.resident.id)
    return world.resident


def test_the_hand_over_begins_with_what_the_record_knows(
    township: Place, with_history: Person
) -> None:
    begun = prefill.content(township.doctor, with_history.id, Direction.UP)
    assert "高血压" in begun["history"]
    assert "152" in begun["exam"]
    assert "complaint" not in begun


def test_going_down_the_upper_doctor_is_named(
    township: Place, county: Place, with_history: Person
) -> None:
    region.accepted(township, county, with_history)
    begun = prefill.content(county.doctor, with_history.id, Direction.DOWN)
    assert county.doctor.name in begun["upper_contact"]
    assert "exam" not in begun


def test_the_rules_are_asked_on_the_record(
    township: Place, with_history: Person
) -> None:
    said = prefill.advice(township.doctor, with_history.id)
    assert all(one.outcome != "not" for one in said)
    assert any(one.rule_id.startswith("HTN") for one in said)
