"""Nobody answers: the sender asks the next hospital with one press."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from yilian.care.referral.models import Episode, Referral, ReferralStep
from yilian.care.referral.queries.next_hospital import offer
from yilian.care.referral.rules.reasons import Urgency
from yilian.care.referral.rules.states import State
from yilian.care.referral.services import chasing, receiving
from yilian.care.referral.services.next_hospital import ask_next
from yilian.care.referral.tests import world as region
from yilian.care.referral.tests.browsing import as_actor, plain
from yilian.care.referral.tests.world import Place, World
from yilian.kernel.errors import Conflict, Invalid, NotFound, NotPermitted
from yilian.kernel.ids import new_id
from yilian.kernel.tier import Tier
from yilian.registry.consortium.tests.cast import make_agreement, make_member
from yilian.registry.population.models import Person
from yilian.registry.population.queries import sight_of
from yilian.registry.population.rules import Scope

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def second(world: World) -> Place:
    """Another county hospital of the same consortium."""
    place = region.make_place("永宁县中医院", Tier.SECONDARY)
    make_member(world.consortium, place.institution)
    make_agreement(world.township.institution, place.institution)
    return place


@pytest.fixture
def silent(township: Place, county: Place, second: Place, resident: Person) -> Referral:
    """An emergency that the county has left lying for a quarter of an hour."""
    sent = region.submitted(township, county, resident, urgency=Urgency.STAT)
    region.push_back(sent, 15 * MINUTE)
    chasing.run_ladders()
    sent.refresh_from_db()
    return sent


def ask(actor: Any, referral: Referral, to: Place, **facts: Any) -> Referral:
    told: dict[str, Any] = {
        "key": new_id(),
        "to_institution_id": to.id,
        "consent_by": "self",
    }
    return ask_next(actor, referral.id, **(told | facts))


def test_it_is_taken_back_here_and_sent_there_in_the_same_episode(
    township: Place, second: Place, silent: Referral
) -> None:
    hop = ask(township.doctor, silent, second)
    silent.refresh_from_db()
    assert (silent.state, silent.close_reason) == (State.WITHDRAWN, "no_answer")
    assert hop.state == State.SUBMITTED
    assert hop.episode_id == silent.episode_id
    assert hop.content == silent.content
    assert Episode.objects.get().closed_at is None
    taken = ReferralStep.objects.order_by("taken_at").values_list("step", flat=True)
    assert list(taken) == ["submit", "withdraw", "submit"]


def test_the_silent_hospital_sees_the_person_no_longer_and_the_next_one_does(
    township: Place, county: Place, second: Place, silent: Referral
) -> None:
    ask(township.doctor, silent, second)
    assert sight_of(county.desk, silent.person_id).scope is Scope.NONE
    assert sight_of(second.desk, silent.person_id).scope is Scope.SUMMARY
    assert sight_of(township.doctor, silent.person_id).scope is Scope.FULL


def test_the_same_form_sent_twice_asks_once(
    township: Place, second: Place, silent: Referral
) -> None:
    key = new_id()
    one = ask(township.doctor, silent, second, key=key)
    assert ask(township.doctor, silent, second, key=key) == one
    assert Referral.objects.count() == 2


def test_before_the_last_rung_nobody_is_passed_over(
    township: Place, second: Place, county: Place, resident: Person
) -> None:
    sent = region.submitted(township, county, resident)
    with pytest.raises(Conflict, match="最后一级"):
        ask(township.doctor, sent, second)
    sent.refresh_from_db()
    assert sent.state == State.SUBMITTED


def test_who_answers_at_the_last_moment_is_not_passed_over(
    township: Place, county: Place, second: Place, silent: Referral
) -> None:
    receiving.accept(county.desk, silent.id)
    with pytest.raises(Conflict):
        ask(township.doctor, silent, second)


def test_another_hospital_asks_the_patient_again(
    township: Place, second: Place, silent: Referral
) -> None:
    with pytest.raises(Invalid) as refused:
        ask(township.doctor, silent, second, consent_by="")
    assert "consent_by" in refused.value.fields
    silent.refresh_from_db()
    assert silent.state == State.SUBMITTED


def test_leaving_the_consortium_asks_for_its_reason(
    township: Place, stranger: Place, silent: Referral
) -> None:
    with pytest.raises(Invalid) as refused:
        ask(township.doctor, silent, stranger)
    assert "outside_reason" in refused.value.fields
    hop = ask(township.doctor, silent, stranger, outside_reason="emergency")
    assert hop.outside_reason == "emergency"


def test_only_the_sender_may(
    township: Place, county: Place, second: Place, stranger: Place, silent: Referral
) -> None:
    for actor in (county.desk, township.nurse):
        with pytest.raises(NotPermitted):
            ask(actor, silent, second)
    with pytest.raises(NotFound):
        ask(stranger.desk, silent, second)


def test_what_was_tried_is_not_offered_again(
    township: Place, county: Place, second: Place, silent: Referral
) -> None:
    found = [
        p.candidate.institution_id for p in offer(township.doctor, silent).proposals
    ]
    assert second.id in found
    assert county.id not in found


# --- the page -------------------------------------------------------------------------


def page_of(client: Client, referral: Referral) -> Any:
    return client.get(reverse("referral:next_hospital", args=[referral.id]))


def test_the_page_offers_the_best_and_one_press_asks_it(
    township: Place, second: Place, silent: Referral
) -> None:
    client = as_actor(township.doctor)
    page = page_of(client, silent)
    assert "永宁县中医院" in plain(page)
    assert "谁在何时被告知" in plain(page)
    answer = client.post(
        reverse("referral:next_hospital", args=[silent.id]),
        {
            "to_institution_id": f"{second.id}",
            "consent_by": "self",
            "idempotency_key": str(new_id()),
            "revision": str(silent.revision),
        },
    )
    hop = Referral.objects.get(state=State.SUBMITTED)
    assert answer.headers["Location"] == reverse("referral:detail", args=[hop.id])


def test_a_form_without_a_choice_comes_back_with_its_refusal(
    township: Place, silent: Referral
) -> None:
    client = as_actor(township.doctor)
    answer = client.post(reverse("referral:next_hospital", args=[silent.id]), {})
    assert answer.status_code == 422
    assert "请选择下一家机构" in plain(answer)


def test_the_page_says_when_it_is_not_open(
    township: Place, county: Place, resident: Person
) -> None:
    sent = region.submitted(township, county, resident)
    page = page_of(as_actor(township.doctor), sent)
    assert "现在不能改请下一家" in plain(page)


def test_the_receiver_may_not_open_it_and_a_stranger_does_not_find_it(
    county: Place, stranger: Place, silent: Referral
) -> None:
    assert page_of(as_actor(county.desk), silent).status_code == 403
    assert page_of(as_actor(stranger.desk), silent).status_code == 404


def test_the_referral_leads_there_and_shows_who_was_told_when(
    township: Place, county: Place, silent: Referral
) -> None:
    address = reverse("referral:detail", args=[silent.id])
    mine = as_actor(township.doctor).get(address)
    assert "改请下一家" in plain(mine)
    assert "催办：可改请下一家" in plain(mine)
    theirs = as_actor(county.desk).get(address)
    assert reverse("referral:next_hospital", args=[silent.id]) not in theirs.text
    assert "催办：可改请下一家" in plain(theirs)


def test_the_button_reminds_with_and_without_script(
    township: Place, county: Place, resident: Person
) -> None:
    sent = region.submitted(township, county, resident)
    client, address = (
        as_actor(township.doctor),
        reverse("referral:nudge", args=[sent.id]),
    )
    assert client.post(address).status_code == 302
    again = client.post(address, headers={"HX-Request": "true"})
    assert again.status_code == 409
    assert "已经催办过" in plain(again)
