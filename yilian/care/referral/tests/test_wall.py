"""The desk on the wall: no names, the oldest on top, and an end in its time."""

from datetime import timedelta
from time import time
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from yilian.care.referral.models import Referral
from yilian.care.referral.queries.wall import wall
from yilian.care.referral.rules.reasons import Urgency
from yilian.care.referral.services import chasing, receiving
from yilian.care.referral.tests import world as region
from yilian.care.referral.tests.browsing import (
    as_actor,
    as_authority,
    as_resident,
    plain,
    words,
)
from yilian.care.referral.tests.world import Place
from yilian.foundation.access.actor import Role
from yilian.foundation.identity.middleware import SEEN_KEY
from yilian.registry.population.models import Person
from yilian.resources.scheduling.rules import Quota

pytestmark = pytest.mark.django_db
HX = {"HX-Request": "true"}


@pytest.fixture
def busy(township: Place, county: Place, resident: Person) -> list[Referral]:
    """An emergency that is late, one that waits, one that was asked for more."""
    hops = [
        region.submitted(township, county, who, urgency=urgency)
        for who, urgency in (
            (region.contracted(township, "丁小兰"), Urgency.ROUTINE),
            (resident, Urgency.STAT),
            (region.contracted(township, "马文"), Urgency.URGENT),
        )
    ]
    region.push_back(hops[1], timedelta(minutes=11))
    chasing.run_ladders()
    receiving.request_info(county.desk, hops[2].id, question="心电图？")
    return hops


def test_it_counts_by_urgency_and_shows_the_oldest_clocks_first(
    county: Place, busy: list[Referral]
) -> None:
    region.beds(county, Quota.OPEN, Quota.REFERRAL)
    shown = wall(county.desk, timezone.now())
    counted = [(c.urgency, c.waiting, c.overdue) for c in shown.counts]
    assert counted == [
        (Urgency.STAT, 1, 1),
        (Urgency.URGENT, 0, 0),
        (Urgency.ROUTINE, 1, 0),
    ]
    assert (shown.asked, shown.free_beds, shown.beds) == (1, 2, 2)
    assert shown.lines[0].urgency is Urgency.STAT
    assert shown.lines[0].reminded == "超时，报值班"


def test_nobody_is_named_on_the_wall(county: Place, busy: list[Referral]) -> None:
    page = words(as_actor(county.desk).get(reverse("referral:wall")))
    for hop in busy:
        assert hop.person.name not in page
        assert hop.diagnosis_name not in page
        assert hop.reason not in page
    assert "丁*兰" in page


def test_more_than_the_wall_holds_is_said(
    township: Place, county: Place, resident: Person
) -> None:
    for number in range(10):
        person = region.contracted(township, f"马{'文武兰英秀梅芳军刚强'[number]}")
        region.submitted(township, county, person)
    shown = wall(county.desk, timezone.now())
    assert (len(shown.lines), shown.more) == (8, 2)


def test_a_quiet_desk_says_so(county: Place) -> None:
    page = as_actor(county.desk).get(reverse("referral:wall"))
    assert "没有待应答的转诊" in plain(page)
    assert "本机构没有登记床位" in plain(page)


def test_the_screen_asks_by_live_updates_and_by_the_clock(county: Place) -> None:
    page = words(as_actor(county.desk).get(reverse("referral:wall")))
    assert "live:referral from:body" in page
    assert "every 30s" in page
    assert 'data-live-topics="referral places"' in page


def seen_minutes_ago(client: Client, minutes: int) -> None:
    session = client.session
    session[SEEN_KEY] = int(time()) - minutes * 60
    session.save()


def test_refreshing_by_itself_keeps_no_session_open(county: Place) -> None:
    client, board = as_actor(county.desk), reverse("referral:wall_board")
    client.get(reverse("referral:wall"))
    seen_minutes_ago(client, settings.YILIAN_IDLE_MINUTES - 1)
    assert client.get(board, headers=HX).status_code == 200
    seen_minutes_ago(client, settings.YILIAN_IDLE_MINUTES + 1)
    assert client.get(board, headers=HX).status_code == 401


def test_the_page_of_the_end_shows_nothing_and_leads_back() -> None:
    page = Client().get(reverse("referral:wall_ended"))
    assert page.status_code == 200
    assert "大屏已停止显示" in plain(page)
    assert f"next={reverse('referral:displays')}" in words(page)


@pytest.mark.parametrize("name", ["wall", "wall_board"])
def test_who_may_open_it(county: Place, resident: Person, name: str) -> None:
    address = reverse(f"referral:{name}")

    def status(client: Client) -> Any:
        return client.get(address).status_code

    assert status(as_actor(county.desk)) == 200
    assert status(as_actor(county.doctor)) == 200
    assert status(as_actor(county.nurse)) == 403
    assert status(as_authority(Role.OFFICER)) == 403
    assert status(as_resident(resident)) == 403
    assert status(Client()) == 302


def test_the_wall_of_another_house_shows_nothing_of_this_one(
    stranger: Place, busy: list[Referral]
) -> None:
    assert wall(stranger.desk, timezone.now()).waiting == 0
