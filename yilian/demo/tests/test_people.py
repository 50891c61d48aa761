from collections import Counter
from datetime import date

import pytest

from yilian.demo.world import places
from yilian.demo.world.build import Region
from yilian.demo.world.institutions.build import by_code
from yilian.demo.world.people import ages, names
from yilian.demo.world.people.residents import CAST_RESIDENT, CAST_SON, residents
from yilian.foundation.access.actor import SEPARATE_POWERS, Role
from yilian.kernel import identity_number, phone
from yilian.kernel.identity_number import IdentityKind
from yilian.kernel.names import clean_name
from yilian.kernel.tier import Tier
from yilian.registry.directory.rules import DutyKind
from yilian.registry.population.rules import GroupTag, Relation


def test_there_are_as_many_residents_as_asked_for(world: Region) -> None:
    assert len(world.population.residents) == 1200


@pytest.mark.parametrize("count", [1, 2, 7, 60])
def test_a_small_region_can_be_asked_for_too(count: int, today: date) -> None:
    found = residents(count, 3, today, {}).residents
    assert len(found) == count
    assert found[0].name == "马秀兰"


def test_every_number_is_valid_and_says_what_the_person_says(
    world: Region, today: date
) -> None:
    for resident in world.population.residents:
        for given in resident.identifiers:
            checked = identity_number.check(given.kind, given.value, today=today)
            assert checked.value == given.value
            if given.kind == IdentityKind.ID_CARD:
                assert checked.born_on == resident.born_on
                assert (checked.sex == "male") == (resident.sex == "1")
                assert checked.warnings == ()


def test_no_two_people_share_a_number_or_an_id(world: Region) -> None:
    people = world.population.residents
    numbers = [given.value for one in people for given in one.identifiers]
    assert len(numbers) == len(set(numbers))
    assert len({one.id for one in people}) == len(people)


@pytest.mark.parametrize("seed", range(6))
def test_about_a_third_are_hui(seed: int, today: date) -> None:
    found = residents(800, seed, today, {}).residents
    hui = sum(one.ethnicity == names.HUI for one in found)
    assert 0.30 <= hui / len(found) <= 0.40


def test_every_resident_lives_in_an_existing_village(world: Region) -> None:
    for resident in world.population.residents:
        assert places.place(resident.area_code).level == "village"
        assert resident.address
        assert resident.registered_by in by_code()


def test_all_counties_are_lived_in(world: Region) -> None:
    lived_in = {one.county_code for one in world.population.residents}
    assert lived_in == {county.code for county in places.counties()}


def test_names_are_names_and_some_have_dots_or_rare_characters(today: date) -> None:
    found = [one.name for one in residents(3000, 1, today, {}).residents]
    assert all(clean_name(name) == name for name in found)
    assert any("·" in name for name in found)
    assert any(ord(character) > 0x20000 for name in found for character in name)


def test_the_young_and_the_old_are_about_as_many_as_in_ningxia(
    world: Region, today: date
) -> None:
    found = [one.age_on(today) for one in world.population.residents]
    assert 0.12 < sum(age < 15 for age in found) / len(found) < 0.26
    assert 0.07 < sum(age >= 65 for age in found) / len(found) < 0.20
    assert 0 <= min(found) < max(found) < 110


def test_twins_are_two_people_born_on_one_day(world: Region) -> None:
    born = Counter((one.household, one.born_on) for one in world.population.residents)
    assert max(born.values()) == 2


def test_two_women_of_one_town_have_the_same_name(world: Region) -> None:
    here = [
        one
        for one in world.population.residents
        if one.name == "马秀兰" and one.area_code.startswith("640121104")
    ]
    assert len(here) >= 2
    assert len({one.identifiers for one in here}) == len(here)


def test_some_were_perhaps_registered_twice(world: Region) -> None:
    by_id = {one.id: one for one in world.population.residents}
    twice = [one for one in by_id.values() if one.likely_same_as]
    assert twice
    for one in twice:
        assert one.likely_same_as is not None
        first = by_id[one.likely_same_as]
        assert (one.born_on, one.phone) == (first.born_on, first.phone)
        assert one.identifiers != first.identifiers


def test_somebody_has_died_and_nobody_before_being_born(world: Region) -> None:
    dead = [one for one in world.population.residents if one.died_at]
    assert dead
    assert all(one.died_at.date() > one.born_on for one in dead if one.died_at)


def test_the_tags_follow_from_age_and_illness(world: Region, today: date) -> None:
    for resident in world.population.residents:
        if resident.likely_same_as:
            continue
        tags = {tag.tag for tag in resident.tags}
        assert (GroupTag.ELDERLY in tags) == (resident.age_on(today) >= ages.ELDERLY)
        assert (GroupTag.CHILD in tags) == (resident.age_on(today) < ages.CHILD)
        has = "hypertension" in resident.conditions
        assert (GroupTag.HYPERTENSION in tags) == has
    found = {tag.tag for one in world.population.residents for tag in one.tags}
    assert found == set(GroupTag)


def test_two_of_three_key_persons_have_a_contract(world: Region) -> None:
    key = [one for one in world.population.residents if one.tags]
    share = sum(one.contract is not None for one in key) / len(key)
    assert 0.58 < share < 0.73


def test_a_contract_names_one_house_of_each_tier(world: Region, today: date) -> None:
    posts = {post.id: post for post in world.staff.posts}
    for resident in world.population.residents:
        contract = resident.contract
        if contract is None:
            continue
        assert contract.starts_on <= today < contract.ends_on
        for tier, code in contract.chosen:
            assert by_code()[code].tier == tier
        chosen = dict(contract.chosen)
        assert contract.doctor is not None
        assert posts[contract.doctor].institution == chosen[Tier.PRIMARY]


def test_children_have_somebody_who_stands_for_them(world: Region, today: date) -> None:
    people = {one.id: one for one in world.population.residents}
    stood_for = {one.person for one in world.population.proxies}
    minors = [
        one
        for one in people.values()
        if one.age_on(today) < ages.ADULT and not one.likely_same_as
    ]
    assert sum(one.id in stood_for for one in minors) / len(minors) > 0.97
    for proxy in world.population.proxies:
        assert proxy.person != proxy.proxy
        assert people[proxy.proxy].age_on(today) >= ages.ADULT
    assert {one.relation for one in world.population.proxies} >= {
        Relation.PARENT,
        Relation.CHILD,
        Relation.SPOUSE,
    }


def test_phones_are_phones(world: Region) -> None:
    for resident in world.population.residents:
        if resident.phone:
            assert phone.check_mobile(resident.phone) == resident.phone


def test_houses_have_telephones(world: Region) -> None:
    for found in world.institutions:
        assert phone.check_phone(found.phone).value == found.phone
        if found.referral_phone:
            assert phone.check_phone(found.referral_phone).value


def test_every_open_house_that_treats_has_staff(world: Region) -> None:
    staffed = {post.institution for post in world.staff.posts}
    for found in world.institutions:
        assert (found.code in staffed) == (found.closed_on is None)


def test_posts_point_at_departments_that_exist(world: Region) -> None:
    for post in world.staff.posts:
        if post.department:
            assert by_code()[post.institution].department(post.department)
    held = [(one.practitioner, one.institution) for one in world.staff.posts]
    assert len(held) == len(set(held))


def test_every_role_of_staff_is_filled_and_powers_are_separate(world: Region) -> None:
    roles = {role for post in world.staff.posts for role in post.roles}
    assert roles == set(Role) - {Role.RESIDENT}
    for post in world.staff.posts:
        assert len(SEPARATE_POWERS & set(post.roles)) <= 1


def test_user_names_are_given_once(world: Region) -> None:
    given = [one.username for one in world.staff.practitioners]
    assert len(given) == len(set(given))


def test_the_cast_is_one_corridor(world: Region) -> None:
    posts = {post.id: post for post in world.staff.posts}
    seats = {
        one.username: posts[one.posts[0]].institution for one in world.cast if one.posts
    }
    assert seats["village_doctor"] == "640121104205-D1"
    assert seats["township_gp"] == seats["township_desk"] == "640121104-C1"
    assert seats["county_clinician"] == seats["county_desk"] == "640121-A1"
    assert seats["tertiary_specialist"] == seats["tertiary_desk"] == "640104-A1"
    assert len(world.cast) == 21
    specialist = next(
        one for one in world.cast if one.username == "tertiary_specialist"
    )
    assert len(specialist.posts) == 2


def test_the_resident_of_the_cast_has_a_son_who_stands_for_her(world: Region) -> None:
    people = {one.id: one for one in world.population.residents}
    mother, son = people[CAST_RESIDENT], people[CAST_SON]
    assert (mother.name, son.name) == ("马秀兰", "马建国")
    assert mother.contract is not None
    assert mother.area_code == "640121104205"
    assert any(
        (one.person, one.proxy) == (mother.id, son.id)
        for one in world.population.proxies
    )


def test_somebody_answers_at_every_referral_desk_now(world: Region) -> None:
    desks = {
        post.institution
        for post in world.staff.posts
        if Role.REFERRAL_DESK in post.roles
    }
    answering = {
        shift.institution
        for shift in world.shifts
        if shift.kind == DutyKind.REFERRAL_OFFICE
        and shift.starts_at <= world.now < shift.ends_at
    }
    assert answering == desks
    assert {shift.kind for shift in world.shifts} >= {
        DutyKind.CHEST_PAIN,
        DutyKind.STROKE,
    }
