"""Each page begins with one statement: the session, its account and who acts. What is
remembered between two pages only says where to look; who may act is asked each time."""

from typing import Any
from uuid import UUID

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from yilian.foundation.access.actor import Actor, Role
from yilian.foundation.access.middleware import POST_KEY
from yilian.foundation.identity import session_store
from yilian.foundation.identity.middleware import BY_NAME
from yilian.foundation.identity.models import Account
from yilian.foundation.identity.ports import Hint
from yilian.foundation.identity.session_store import SessionStore
from yilian.kernel.ids import NIL
from yilian.registry.directory.models import Institution, PractitionerRole
from yilian.registry.population.models import Person
from yilian.registry.population.tests import world

pytestmark = pytest.mark.django_db
PAGE = "/notices/count"
OF_EVERY_PAGE = ("django_session", "identity_account", "directory_practitionerrole")


def browser(account_id: UUID | None, post_id: UUID | None = None) -> Client:
    """Signed in, and one page seen."""
    client = Client()
    client.force_login(Account.objects.get(pk=account_id or NIL), backend=BY_NAME)
    if post_id:
        session = client.session
        session[POST_KEY] = str(post_id)
        session.save()
    assert client.get(PAGE).status_code == 200
    return client


def of(actor: Actor) -> Client:
    return browser(actor.account_id, actor.post_id)


def statements(client: Client) -> list[str]:
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert client.get(PAGE).status_code == 200
    said = [one["sql"] for one in asked.captured_queries]
    return [one for one in said if any(name in one for name in OF_EVERY_PAGE)]


def asked_by(client: Client) -> Any:
    return client.get(PAGE).wsgi_request


def is_in(client: Client) -> bool:
    return client.get(PAGE).status_code == 200


def test_who_acts_is_read_in_one_statement(doctor: Actor, resident: Person) -> None:
    assert len(statements(of(doctor))) == 1
    resident.account = world.account("resident")
    resident.save()
    assert len(statements(browser(resident.account.pk))) == 1


def test_in_another_process_it_is_asked_one_by_one(doctor: Actor) -> None:
    client = of(doctor)
    session_store._HINTS.clear()
    assert len(statements(client)) == 3
    assert len(statements(client)) == 1


def test_leaving_the_post_locks_at_once(doctor: Actor) -> None:
    client = of(doctor)
    PractitionerRole.objects.filter(pk=doctor.post_id or NIL).update(
        left_at=timezone.now()
    )
    assert not is_in(client)


def test_a_locked_account_is_out_at_once(doctor: Actor) -> None:
    client = of(doctor)
    Account.objects.filter(pk=doctor.account_id or NIL).update(is_active=False)
    assert not is_in(client)


def test_another_password_ends_the_session_for_good(doctor: Actor) -> None:
    client = of(doctor)
    account = Account.objects.get(pk=doctor.account_id or NIL)
    before = account.password
    account.set_password("another one, and long")
    account.save()
    assert not is_in(client)
    Account.objects.filter(pk=account.pk).update(password=before)
    assert not is_in(client)


def test_who_is_out_is_out(doctor: Actor) -> None:
    client = of(doctor)
    key = client.cookies["yilian_session"].value
    client.post("/account/sign-out")
    client.cookies["yilian_session"] = key
    assert not is_in(client)


def test_a_session_that_has_run_out_opens_nothing(doctor: Actor) -> None:
    client = of(doctor)
    Session.objects.update(expire_date=timezone.now())
    assert not is_in(client)


def test_a_session_that_was_tampered_with_opens_nothing(
    doctor: Actor, stranger: Actor
) -> None:
    """Though its signature was found right a moment ago."""
    client, other = of(doctor), of(stranger)
    key, others = (one.cookies["yilian_session"].value for one in (client, other))
    data = Session.objects.get(pk=key).session_data
    payload, _colon, signature = data.partition(":")
    theirs = Session.objects.get(pk=others).session_data.partition(":")[0]
    Session.objects.filter(pk=key).update(session_data=f"{theirs}:{signature}")
    assert not is_in(client)
    Session.objects.filter(pk=key).update(session_data=f"{payload}:{signature}")
    assert is_in(client)


def test_what_a_page_puts_into_its_session_is_not_seen_by_the_next(
    doctor: Actor,
) -> None:
    client = of(doctor)
    [row] = Session.objects.all()
    first, second = (SessionStore(row.session_key) for _n in range(2))
    first["list"] = [1]
    assert "list" not in second
    first.save()
    SessionStore(row.session_key)["list"].append(2)
    assert SessionStore(row.session_key)["list"] == [1]
    assert is_in(client)


def test_the_dead_resident_is_out_and_the_ended_proxy_counts_no_more(
    resident: Person,
) -> None:
    resident.account = world.account("resident")
    resident.save()
    client = browser(resident.account.pk)
    resident.died_at = timezone.now()
    resident.save()
    assert not is_in(client)


def test_the_actor_is_the_same_either_way(doctor: Actor, county: Institution) -> None:
    """In the post that the session has chosen, not in the first."""
    other = PractitionerRole.objects.create(
        practitioner_id=doctor.practitioner_id or NIL,
        account_id=doctor.account_id,
        institution=county,
        roles=[Role.NURSE],
        period=("2021-01-01", None),
    )
    client = of(doctor)
    session_store._HINTS.clear()
    alone = asked_by(client).actor
    along = asked_by(client).actor
    assert alone == along
    assert (along.post_id, along.has_other_posts) == (doctor.post_id, True)
    client.post("/account/post", {"post": str(other.pk)})
    for _again in range(2):
        actor = asked_by(client).actor
        assert (actor.post_id, actor.institution_id) == (other.pk, county.pk)


def test_a_wrong_hint_opens_nothing(doctor: Actor, stranger: Actor) -> None:
    client = of(doctor)
    key = client.cookies["yilian_session"].value
    wrong = [
        Hint(str(stranger.account_id), str(stranger.post_id)),
        Hint(str(doctor.account_id), str(stranger.post_id)),
        Hint(str(doctor.account_id), None),
        Hint(str(stranger.account_id), str(doctor.post_id)),
    ]
    for hint in wrong:
        session_store._HINTS[key] = hint
        request = asked_by(client)
        assert (request.user.pk, request.actor.post_id) == (
            doctor.account_id,
            doctor.post_id,
        )


def test_a_resident_never_acts_in_a_post(resident: Person, doctor: Actor) -> None:
    """Whatever stands in the session."""
    account = world.account("resident")
    resident.account = account
    resident.save()
    PractitionerRole.objects.filter(pk=doctor.post_id or NIL).update(account=account)
    client = browser(account.pk, doctor.post_id)
    for _again in range(2):
        actor = asked_by(client).actor
        assert (actor.post_id, actor.person_ids) == (None, {resident.pk})
