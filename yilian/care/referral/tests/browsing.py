"""Signing in as somebody of the cast, and reading what a page says."""

import re
from typing import Any
from uuid import UUID

from django.test import Client

from yilian.care.referral.tests.world import UP_CONTENT, Place
from yilian.foundation.access.actor import Actor, Role
from yilian.foundation.identity.models import Account
from yilian.kernel.ids import new_id
from yilian.kernel.text import Text
from yilian.registry.directory.models import PractitionerRole
from yilian.registry.directory.tests.cast import make_authority, make_post
from yilian.registry.population.models import Person
from yilian.registry.population.tests import world as people

EVIL = "<script>alert(1)</script>"
_BACKEND = "django.contrib.auth.backends.ModelBackend"


def as_actor(actor: Actor) -> Client:
    client = Client()
    assert actor.account_id is not None
    client.force_login(Account.objects.get(pk=actor.account_id), backend=_BACKEND)
    return client


def as_resident(person: Person) -> Client:
    person.account = people.account("resident")
    person.save()
    client = Client()
    client.force_login(person.account, backend=_BACKEND)
    return client


def as_authority(role: Role, area_code: str = "640100") -> Client:
    house = make_authority(f"{role.value}{area_code}", area_code)
    return _at(make_post(house, role))


def as_consortium_office(place: Place) -> Client:
    return _at(make_post(place.institution, Role.CONSORTIUM_OFFICE))


def words(answer: Any) -> str:
    return str(answer.content.decode())


def plain(answer: Any) -> str:
    """What a reader sees: without tags, in one line."""
    text = re.sub(r"<(script|style)\b.*?</\1>", "", words(answer), flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))


def said(value: object) -> str:
    """A marked text with the texts in it, in its Chinese source."""
    if isinstance(value, Text):
        parts = {name: said(part) for name, part in value.values.items()}
        return value.template.format(**parts)
    if isinstance(value, list):
        return "、".join(said(part) for part in value)
    return str(value)


def typed(to: UUID | str = "", **changes: Any) -> dict[str, Any]:
    """What a GP types: enough to submit to `to`."""
    sheet: dict[str, Any] = {
        "idempotency_key": str(new_id()),
        "way": "up",
        "urgency": "routine",
        "care_kind": "outpatient",
        "specialty": "cardiology",
        "diagnosis_code": "I10.x00",
        "diagnosis_code_words": "高血压病",
        "reason": "血压两次随访未达标",
        "to_institution_id": str(to),
        "consent_by": "self",
        "act": "submit",
        **UP_CONTENT,
    }
    return sheet | changes


def _at(post: PractitionerRole) -> Client:
    client = Client()
    assert post.account is not None
    client.force_login(post.account, backend=_BACKEND)
    return client
