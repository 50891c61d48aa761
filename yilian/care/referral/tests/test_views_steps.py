"""A step taken on a row: what was filled in badly comes back with its words."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from yilian.care.referral.models import Referral
from yilian.care.referral.rules.states import State
from yilian.care.referral.tests import world as region
from yilian.care.referral.tests.browsing import as_actor, words
from yilian.care.referral.tests.world import Place
from yilian.foundation.access.actor import Actor
from yilian.registry.population.models import Person

pytestmark = pytest.mark.django_db


def take(actor: Actor, hop: Referral, step: str, **told: str) -> Any:
    address = reverse("referral:take", args=[hop.id, step])
    return as_actor(actor).post(address, {"shown": "row"} | told)


def test_for_an_outside_answer_the_evidence_is_asked_for_at_its_field(
    township: Place, resident: Person
) -> None:
    hop = region.submitted(
        township, None, resident, outside_name="西京医院", outside_reason="no_bed"
    )
    bare = take(township.doctor, hop, "accept", place="later")
    assert bare.status_code == 422
    assert "外部机构没有接入，请写明依据" in words(bare)
    assert bare["HX-Retarget"] == f"#form-{hop.id}-accept"
    told = take(township.doctor, hop, "accept", place="later", note="电话告知")
    assert told.status_code == 200
    hop.refresh_from_db()
    assert hop.state == State.ACCEPTED


def test_what_only_the_service_knows_is_said_at_its_field_too(
    county: Place, waiting: Referral
) -> None:
    past = f"{timezone.localtime() - timedelta(days=1):%Y-%m-%dT%H:%M}"
    answer = take(county.desk, waiting, "accept", place="time", visit_at=past)
    assert answer.status_code == 422
    assert "就诊时间已经过去" in words(answer)
    assert past in words(answer)
    waiting.refresh_from_db()
    assert waiting.state == State.SUBMITTED


@pytest.mark.parametrize("place", ["later", "nonsense"])
def test_whoever_does_not_see_the_hop_is_told_so_and_nothing_else(
    stranger: Place, waiting: Referral, place: str
) -> None:
    assert take(stranger.desk, waiting, "accept", place=place).status_code == 404


def test_right_comes_before_state(township: Place, waiting: Referral) -> None:
    assert take(township.doctor, waiting, "accept", place="later").status_code == 403


def test_where_the_patient_goes_outside_the_pages_say_so(
    township: Place, resident: Person
) -> None:
    hop = region.submitted(
        township, None, resident, outside_name="西京医院", outside_reason="no_bed"
    )
    for address in (
        reverse("referral:sent") + "?tab=waiting",
        reverse("referral:detail", args=[hop.id]),
    ):
        answer = as_actor(township.doctor).get(address)
        assert 'class="ladder outside"' in words(answer)
        assert "西京医院" in words(answer)
