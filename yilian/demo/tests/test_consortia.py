from datetime import date

import pytest

from yilian.demo.world import places
from yilian.demo.world.build import Region
from yilian.demo.world.consortia.model import Agreement
from yilian.demo.world.institutions.build import by_code
from yilian.registry.consortium.rules import (
    AgreementKind,
    Form,
    MemberRole,
    SignatureState,
    Tie,
    Tightness,
)
from yilian.registry.directory.rules import InstitutionKind

PRIORITY = {
    "stroke",
    "chest_pain",
    "paediatrics",
    "gynaecology",
    "obstetrics",
    "ophthalmology",
    "psychiatry",
    "stomatology",
}


@pytest.mark.parametrize("form", Form)
def test_every_form_of_consortium_is_there_and_led(form: Form, world: Region) -> None:
    bodies = [found for found in world.consortia if found.form == form]
    assert bodies
    for body in bodies:
        members = [one for one in world.memberships if one.consortium == body.code]
        assert [one.role for one in members].count(MemberRole.LEAD) == 1
        assert len(members) > 1


def test_the_three_groups_are_those_of_the_policy(world: Region) -> None:
    leads = {
        by_code()[one.institution].legal_name
        for one in world.memberships
        if one.consortium.startswith("HG-") and one.role == MemberRole.LEAD
    }
    assert leads == {
        "宁夏医科大学总医院",
        "宁夏回族自治区人民医院",
        "宁夏回族自治区中医医院暨中医研究院",
    }


def test_the_alliances_cover_the_eight_priority_specialties(world: Region) -> None:
    covered = {code for body in world.consortia for code in body.specialties}
    assert covered == PRIORITY


def test_alliances_have_departments_as_members(world: Region) -> None:
    alliances = [one for one in world.memberships if one.consortium.startswith("SA-")]
    assert alliances
    for one in alliances:
        assert by_code()[one.institution].department(one.department) is not None


def test_every_county_has_a_health_community_and_some_townships_outside(
    world: Region,
) -> None:
    inside = {
        one.institution for one in world.memberships if one.consortium.startswith("CO-")
    }
    for county in places.counties():
        assert any(by_code()[code].county_code == county.code for code in inside)
    townships = {
        found.code
        for found in world.institutions
        if found.kind == InstitutionKind.TOWNSHIP_CENTER
    }
    assert 0.7 < len(townships & inside) / len(townships) < 1


def test_ties_and_tightness_of_every_kind_that_the_forms_know(world: Region) -> None:
    assert {one.tightness for one in world.memberships} == set(Tightness)
    assert {one.tie for one in world.memberships} >= set(Tie) - {Tie.COUNTERPART_AID}


def test_some_belong_to_several_consortia_at_once(world: Region) -> None:
    joined = [one for one in world.memberships if one.institution == "640121-A1"]
    assert {one.consortium[:2] for one in joined} >= {"HG", "CO", "SA", "TN"}


def test_nobody_is_a_member_twice_or_while_closed(world: Region) -> None:
    keys = [
        (one.consortium, one.institution, one.department) for one in world.memberships
    ]
    assert len(keys) == len(set(keys))
    assert all(
        by_code()[one.institution].closed_on is None for one in world.memberships
    )


def test_most_agreements_are_in_force_some_are_not(world: Region, today: date) -> None:
    in_force = [one for one in world.agreements if one.is_in_force(today)]
    assert 0.7 < len(in_force) / len(world.agreements) < 0.95
    assert {one.state for one in world.agreements} == set(SignatureState)
    assert {one.kind for one in in_force} == set(AgreementKind)
    assert any(one.ends_on <= today for one in world.agreements)


def test_some_pairs_of_a_county_never_signed(world: Region) -> None:
    signed = {
        frozenset(party.institution for party in one.parties)
        for one in world.agreements
        if one.kind == AgreementKind.REFERRAL
    }
    missing = [
        one.institution
        for one in world.memberships
        if one.consortium.startswith("CO-")
        and one.role == MemberRole.MEMBER
        and one.institution.endswith("-C1")
        and not any(one.institution in pair for pair in signed)
    ]
    assert missing


def test_the_corridor_of_the_cast_is_a_green_lane(world: Region, today: date) -> None:
    for pair in ({"640121104-C1", "640121-A1"}, {"640121-A1", "640104-A1"}):
        assert any(_joins(one, pair, today) for one in world.agreements)


def test_who_has_not_signed_has_no_day_of_signing(world: Region) -> None:
    for one in world.agreements:
        days = [party.signed_on for party in one.parties]
        if one.state == SignatureState.SIGNED:
            assert None not in days
        if one.state == SignatureState.PARTLY_SIGNED:
            assert days.count(None) == 1
        if one.state == SignatureState.DRAFT:
            assert days == [None, None]


def test_agreements_are_numbered_once(world: Region) -> None:
    numbers = [one.number for one in world.agreements]
    assert len(numbers) == len(set(numbers))


def _joins(agreement: Agreement, pair: set[str], day: date) -> bool:
    parties = {party.institution for party in agreement.parties}
    is_referral = agreement.kind == AgreementKind.REFERRAL
    return is_referral and parties == pair and agreement.is_in_force(day)
