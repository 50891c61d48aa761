"""Who is to come, told where people are received."""

import re
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from yilian.care.referral.models import Referral
from yilian.care.referral.rules.states import State
from yilian.care.referral.services import receiving
from yilian.care.referral.tests import world as region
from yilian.care.referral.tests.browsing import EVIL, as_actor, plain, words
from yilian.care.referral.tests.world import Place
from yilian.foundation.access.actor import Role
from yilian.kernel.ids import new_id
from yilian.registry.population.models import Person
from yilian.registry.population.tests import world as people
from yilian.resources.reception.models import Encounter

pytestmark = pytest.mark.django_db
EXPECTED = "referral:expected"


@pytest.fixture
def coming(township: Place, county: Place, resident: Person) -> Referral:
    hop = region.accepted(township, county, resident)
    Referral.objects.filter(pk=hop.pk).update(visit_at=region.in_days(1))
    hop.refresh_from_db()
    return hop


def list_of(client: Client) -> Any:
    return client.get(reverse(EXPECTED))


def about(client: Client, person_id: UUID) -> Any:
    return client.get(reverse("referral:expected_of", args=[person_id]))


def arrive(client: Client, hop: Referral) -> Any:
    typed = {"shown": "reception", "revision": hop.revision}
    address = reverse("referral:take", args=[hop.id, "arrive"])
    return client.post(address, typed, headers={"HX-Request": "true"})


def test_who_comes_is_listed_with_from_where_and_when(
    coming: Referral, county: Place
) -> None:
    said = plain(list_of(as_actor(county.nurse)))
    assert "马秀英" in said
    assert "望远镇卫生院转来" in said
    visit = timezone.localtime(coming.visit_at)
    assert f"{visit:%H:%M}" in said
    assert "登记到诊" in said
    page = words(list_of(as_actor(county.desk)))
    assert reverse("referral:detail", args=[coming.id]) in page


def test_arriving_from_the_list_opens_the_encounter_and_shows_who_is_here(
    coming: Referral, county: Place
) -> None:
    client = as_actor(county.nurse)
    answer = arrive(client, coming)
    assert answer.status_code == 204
    assert answer["HX-Redirect"] == reverse("reception:today")
    coming.refresh_from_db()
    assert coming.state == State.ARRIVED
    assert coming.encounter_id is not None
    assert Encounter.objects.filter(pk=coming.encounter_id).exists()
    assert "马秀英" in plain(client.get(answer["HX-Redirect"]))
    assert "现在没有人要转来" in plain(list_of(client))
    assert arrive(client, coming).status_code == 409


def test_who_did_not_come_is_still_expected(coming: Referral, county: Place) -> None:
    receiving.mark_no_show(county.desk, coming.id, note="未到")
    said = plain(list_of(as_actor(county.nurse)))
    assert "未到" in said
    assert "登记到诊" in said


def test_the_soonest_visit_stands_first_and_the_list_is_short(
    township: Place,
    county: Place,
    django_assert_max_num_queries: Any,
) -> None:
    for n in range(14):
        person = region.contracted(township, f"马小{chr(0x4E00 + n)}")
        hop = region.accepted(township, county, person)
        at = region.in_days(20 - n) if n else None
        Referral.objects.filter(pk=hop.pk).update(visit_at=at)
    client = as_actor(county.nurse)
    list_of(client)
    with django_assert_max_num_queries(8):
        answer = list_of(client)
    assert words(answer).count("登记到诊") == 12
    assert "最先到的 12 位" in plain(answer)
    shown = re.findall(r'id="expected-([0-9a-f-]+)"', words(answer))
    soonest = Referral.objects.exclude(visit_at=None).order_by("visit_at")
    assert shown == [str(hop.pk) for hop in soonest[:12]]


@pytest.mark.parametrize("role", list(Role))
def test_only_those_who_receive_are_offered_the_step(
    role: Role, coming: Referral, county: Place
) -> None:
    client = as_actor(people.staff(county.institution, role))
    answer = list_of(client)
    assert answer.status_code == 200
    may = role in {Role.PHYSICIAN, Role.NURSE, Role.REFERRAL_DESK}
    assert ("登记到诊" in plain(answer)) is may
    assert arrive(client, coming).status_code in ({204} if may else {403, 404})
    coming.refresh_from_db()
    assert (coming.state == State.ARRIVED) is may


def test_other_houses_expect_nobody_of_ours(
    coming: Referral, township: Place, stranger: Place, resident: Person
) -> None:
    for place in (township, stranger):
        client = as_actor(place.nurse)
        assert "现在没有人要转来" in plain(list_of(client))
        assert plain(about(client, resident.id)).strip() == ""
        assert arrive(client, coming).status_code in {403, 404}


def test_receiving_says_first_that_a_referral_waits(
    coming: Referral, county: Place, resident: Person
) -> None:
    client = as_actor(county.nurse)
    form = words(client.get(reverse("reception:receive", args=[resident.id])))
    slot = reverse("referral:expected_of", args=[resident.id])
    assert form.index(slot) < form.index('<form class="form" method="post"')
    said = plain(about(client, resident.id))
    assert "此人有一张待到诊的转诊单" in said
    assert coming.number in said
    assert "登记到诊" in said
    assert plain(about(client, people.person("丁桂兰").id)).strip() == ""
    assert about(client, new_id()).status_code == 200


def test_a_waiting_or_closed_referral_is_not_expected(
    waiting: Referral, county: Place, resident: Person
) -> None:
    assert "现在没有人要转来" in plain(list_of(as_actor(county.nurse)))
    receiving.decline(county.desk, waiting.id, reason_code="no_bed")
    assert plain(about(as_actor(county.nurse), resident.id)).strip() == ""


def test_names_of_places_stay_text(
    coming: Referral, township: Place, county: Place, resident: Person
) -> None:
    township.institution.short_name = EVIL
    township.institution.save()
    client = as_actor(county.nurse)
    for answer in (list_of(client), about(client, resident.id)):
        assert EVIL not in words(answer)
        assert "alert(1)" in words(answer)
