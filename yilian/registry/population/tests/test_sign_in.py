"""Residents sign in by number and code; nobody learns who is registered."""

import re
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from yilian.foundation.audit.models import AuditEntry
from yilian.foundation.identity.models import Account, OneTimeCode
from yilian.foundation.notify.models import ShortMessage
from yilian.foundation.vault.services import encrypt, keyed_index
from yilian.kernel.resident_id import check_character
from yilian.registry.population.models import Person, PersonIdentifier

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls("yilian.registry.directory.tests.urls"),
]

NUMBER = "64012119580101002"
NUMBER += check_character(NUMBER)
UNKNOWN = "64012119580101004"
UNKNOWN += check_character(UNKNOWN)
ASK, CODE = "/account/resident", "/account/resident/code"


@pytest.fixture(autouse=True)
def demo(settings: Settings) -> None:
    settings.YILIAN_DEMO = True


@pytest.fixture
def person() -> Person:
    person = Person.objects.create(name="马秀兰", phone_cipher=encrypt("13800001234"))
    PersonIdentifier.objects.create(
        person=person,
        kind="id_card",
        value_cipher=encrypt(NUMBER),
        value_index=keyed_index("identity:id_card", NUMBER),
        value_masked="640121********0029",
    )
    return person


def words(answer: Any) -> str:
    """The page without what differs each time."""
    page = answer.content.decode()
    for pattern in (r'value="[^"]*"', r"data-now=\"[^\"]*\"", r"X-CSRFToken[^}]*"):
        page = re.sub(pattern, "", page)
    return re.sub(r"<p>\d{6}</p>", "", page)


def shown_code(answer: Any) -> str:
    found = re.search(r"<p>(\d{6})</p>", answer.content.decode())
    assert found
    return found[1]


def test_the_first_time_opens_and_links_an_account(
    client: Client, person: Person
) -> None:
    asked = client.post(ASK, {"number": f" {NUMBER.lower()} "})
    assert asked.status_code == 200
    assert "演示" in words(asked)
    assert ShortMessage.objects.count() == 1
    entered = client.post(CODE, {"code": shown_code(asked)})
    assert entered.status_code == 302
    person.refresh_from_db()
    assert person.account is not None
    assert NUMBER not in person.account.username
    entry = AuditEntry.objects.get(action="session.open")
    assert (entry.account_id, entry.detail) == (person.account_id, {"how": "code"})
    assert NUMBER not in str(list(AuditEntry.objects.values()))

    client.post("/account/sign-out")
    OneTimeCode.objects.all().delete()
    again = client.post(ASK, {"number": NUMBER})
    client.post(CODE, {"code": shown_code(again)})
    assert Account.objects.count() == 1


def test_a_wrong_code_and_an_unknown_number_are_told_the_same(
    client: Client, person: Person
) -> None:
    known = client.post(ASK, {"number": NUMBER})
    wrong = client.post(CODE, {"code": "000000"})
    other = Client()
    unknown = other.post(ASK, {"number": UNKNOWN})
    refused = other.post(CODE, {"code": shown_code(unknown)})
    assert (known.status_code, wrong.status_code) == (200, 422)
    assert words(known) == words(unknown)
    assert words(wrong) == words(refused)
    assert ShortMessage.objects.count() == 1
    assert not Account.objects.exists()
    assert AuditEntry.objects.filter(action="session.refused").count() == 2
    too_soon = [client.post(ASK, {"number": n}) for n in (NUMBER, UNKNOWN)]
    assert {answer.status_code for answer in too_soon} == {429}


def test_the_dead_and_those_without_a_phone_get_in_no_more(
    client: Client, person: Person
) -> None:
    person.phone_cipher = None
    person.save()
    asked = client.post(ASK, {"number": NUMBER})
    assert client.post(CODE, {"code": shown_code(asked)}).status_code == 422
    assert not ShortMessage.objects.exists()


@pytest.mark.parametrize(
    "number", ["", "123", NUMBER[:-1] + "5", "<b>", "\x00", "1" * 41]
)
def test_what_is_no_number_is_said_before_anything_is_sent(
    client: Client, number: str
) -> None:
    answer = client.post(ASK, {"number": number})
    assert answer.status_code == 422
    assert not OneTimeCode.objects.exists()


def test_the_second_step_needs_the_first(client: Client) -> None:
    assert client.post(CODE, {"code": "123456"})["Location"] == ASK
    assert client.get(CODE).status_code == 405


def test_outside_the_demo_the_page_shows_no_code(
    client: Client, person: Person, settings: Settings
) -> None:
    settings.YILIAN_DEMO = False
    answer = client.post(ASK, {"number": NUMBER})
    assert not re.search(r"<p>\d{6}</p>", answer.content.decode())
