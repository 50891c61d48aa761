"""The work lists as pages: a row is drawn as markup, escapes what people wrote, is
another one once anything in it changed, and shows each side its own steps."""

import pytest
from django.urls import reverse

from yilian.care.referral.services import receiving
from yilian.care.referral.tests import world as region
from yilian.care.referral.tests.browsing import EVIL, as_actor, plain, words
from yilian.care.referral.tests.world import UP_CONTENT, Place

pytestmark = pytest.mark.django_db
DESK, SENT = "referral:desk", "referral:sent"


def test_a_waiting_referral_is_a_row_of_the_desk(
    township: Place, county: Place
) -> None:
    hop = region.submitted(township, county, region.contracted(township, "丁桂兰"))
    page = as_actor(county.desk).get(reverse(DESK))
    assert f'<article class="card hop routine" id="referral-{hop.id}"' in words(page)
    assert "&lt;article" not in words(page)
    assert "接收" in plain(page)


def test_what_people_wrote_is_text_in_a_row(township: Place, county: Place) -> None:
    person = region.contracted(township, "丁桂兰")
    region.submitted(
        township, county, person, content={**UP_CONTENT, "complaint": EVIL}
    )
    page = words(as_actor(county.desk).get(reverse(DESK)))
    assert EVIL not in page
    assert "&lt;script&gt;" in page


def test_a_row_follows_its_referral(township: Place, county: Place) -> None:
    hop = region.submitted(township, county, region.contracted(township, "丁桂兰"))
    sender = as_actor(township.doctor)
    assert "待应答" in plain(sender.get(reverse(SENT), {"tab": "waiting"}))
    receiving.accept(county.desk, hop.id)
    coming = sender.get(reverse(SENT), {"tab": "coming"})
    assert f'id="referral-{hop.id}"' in words(coming)
    assert "已接收" in plain(coming)


def test_each_side_has_its_own_steps_in_the_same_row(
    township: Place, county: Place
) -> None:
    region.submitted(township, county, region.contracted(township, "丁桂兰"))
    sent = words(as_actor(township.doctor).get(reverse(SENT), {"tab": "waiting"}))
    received = words(as_actor(county.desk).get(reverse(DESK)))
    assert "/form/withdraw" in sent
    assert "/form/accept" not in sent
    assert "/form/accept" in received
    assert "/form/withdraw" not in received
