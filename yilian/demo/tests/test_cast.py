"""One click signs in, in the demo and nowhere else."""

import os
import subprocess
import sys

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from yilian.demo.cast import CAST, GROUPS, lines
from yilian.demo.world.people.cast import PARTS
from yilian.foundation.access.actor import Role
from yilian.foundation.audit.models import AuditEntry
from yilian.registry.directory.tests.cast import (
    make_account,
    make_institution,
    make_post,
)

pytestmark = pytest.mark.urls("yilian.demo.tests.urls")
RESIDENTS = {"resident", "resident_child"}


@pytest.fixture(autouse=True)
def demo(settings: Settings) -> None:
    settings.YILIAN_DEMO = True


def test_the_cards_are_the_seats_of_the_world() -> None:
    assert {member.username for member in CAST} == {
        p.username for p in PARTS
    } | RESIDENTS
    assert {member.key for member in CAST} == set(GROUPS)
    assert all(any(m.username in line for line in lines()) for m in CAST)


@pytest.mark.django_db
def test_one_press_signs_in(client: Client) -> None:
    make_post(
        make_institution(), Role.PHYSICIAN, account=make_account("county_clinician")
    )
    shown = client.get(reverse("demo:cast"))
    assert "县医院心内科医生" in shown.content.decode()
    part = client.get(reverse("demo:cast"), headers={"HX-Request": "true"})
    assert "<html" not in part.content.decode()
    answer = client.post(reverse("demo:enter"), {"username": "county_clinician"})
    assert answer.status_code == 302
    assert AuditEntry.objects.get(action="session.open").detail == {"how": "cast"}
    assert client.get(reverse("identity:sign_in")).status_code == 302


@pytest.mark.django_db
def test_only_the_cast_and_only_in_the_demo(client: Client, settings: Settings) -> None:
    make_post(make_institution(), Role.PHYSICIAN, account=make_account("somebody"))
    enter = reverse("demo:enter")
    assert client.post(enter, {"username": "somebody"}).status_code == 404
    assert client.get(enter).status_code == 405
    settings.YILIAN_DEMO = False
    assert client.get(reverse("demo:cast")).status_code == 404
    answer = client.post(enter, {"username": "county_clinician"})
    assert answer.status_code == 404
    assert not AuditEntry.objects.filter(action="session.open").exists()


def test_outside_the_demo_there_is_no_such_address() -> None:
    """What `config/urls.py` itself holds, without the variable of the demo."""
    program = (
        "import django; django.setup()\n"
        "from yilian.config.urls import urlpatterns\n"
        "print([str(p.pattern) for p in urlpatterns])"
    )
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", program],
        env={
            **{k: v for k, v in os.environ.items() if k != "YILIAN_DEMO"},
            "DJANGO_SETTINGS_MODULE": "yilian.config.settings",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert "account/" in done.stdout
    assert "demo/" not in done.stdout
