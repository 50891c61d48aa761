"""Dead letters on their page."""

from collections.abc import Callable

import pytest
from django.test import Client

from yilian.foundation.access.actor import Actor, Role
from yilian.foundation.outbox import services
from yilian.foundation.outbox.models import Delivery
from yilian.foundation.outbox.tests.conftest import dispatch
from yilian.foundation.outbox.tests.events import Happened

pytestmark = pytest.mark.django_db(transaction=True)
Play = Callable[..., Actor]
Browse = Callable[[Actor], Client]


def test_a_dead_letter_is_shown_and_sent_again(play: Play, browse: Browse) -> None:
    client = browse(play(Role.SYSTEM_ADMIN))
    assert "没有未送达的事件" in client.get("/events/").content.decode()
    services.publish(Happened(1))
    dispatch()
    delivery = Delivery.objects.get(handler__endswith="write_down")
    services.give_up(delivery.id)
    page = client.get("/events/").content.decode()
    assert "Happened" in page
    assert "重新发送" in page
    row = client.post(f"/events/{delivery.id}/resend").content.decode()
    assert "已重新发送" in row
    assert client.post(f"/events/{delivery.id}/resend").status_code == 409


def test_a_doctor_may_not_look(play: Play, browse: Browse) -> None:
    assert browse(play(Role.PHYSICIAN)).get("/events/").status_code == 403
