"""A create that is sent twice is done once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID

import pytest
from django.db import connection, transaction

from yilian.foundation.access.actor import Actor, Role
from yilian.foundation.idempotency.models import MadeOnce
from yilian.foundation.idempotency.services import once
from yilian.foundation.notify.models import Notice
from yilian.kernel.errors import Conflict
from yilian.kernel.ids import new_id

pytestmark = pytest.mark.django_db
Play = Callable[..., Actor]


def make() -> UUID:
    """Something new each time it is called."""
    return Notice.objects.create(topic="x", template="x", cause=str(new_id())).id


@pytest.fixture
def doctor(play: Play) -> Actor:
    return play(Role.PHYSICIAN)


def test_the_second_sending_gets_what_the_first_has_made(doctor: Actor) -> None:
    key = new_id()
    first = once(doctor, key, "referral", make)
    assert once(doctor, key, "referral", make) == first
    assert Notice.objects.count() == 1


def test_another_key_makes_another(doctor: Actor) -> None:
    assert once(doctor, new_id(), "x", make) != once(doctor, new_id(), "x", make)


def test_a_key_belongs_to_its_sender_and_its_kind(doctor: Actor, play: Play) -> None:
    key = new_id()
    once(doctor, key, "referral", make)
    with pytest.raises(Conflict):
        once(play(Role.PHYSICIAN), key, "referral", make)
    with pytest.raises(Conflict):
        once(doctor, key, "person", make)
    assert Notice.objects.count() == 1


def test_what_was_rolled_back_may_be_sent_again(doctor: Actor) -> None:
    key = new_id()
    with transaction.atomic():
        once(doctor, key, "referral", make)
        transaction.set_rollback(True)
    assert not MadeOnce.objects.exists()
    once(doctor, key, "referral", make)
    assert Notice.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_same_form_sent_eight_times_at_once_makes_one(doctor: Actor) -> None:
    key, start = new_id(), Barrier(8)

    def send(_n: int) -> UUID:
        try:
            start.wait(10)
            with transaction.atomic():
                return once(doctor, key, "referral", make)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(send, range(8)))
    assert len(made) == 1
    assert Notice.objects.count() == 1
