"""The cast of the foundation's tests: roles, and a browser for each."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from django.test import Client
from pytest_django import Settings

from yilian.foundation.access.actor import Actor, Reach, Role
from yilian.foundation.identity.models import Account
from yilian.foundation.identity.rules import AccountKind
from yilian.foundation.tests import stage
from yilian.kernel.ids import new_id

Play = Callable[..., Actor]
Browse = Callable[[Actor], Client]


@pytest.fixture
def play(db: None) -> Play:
    """An actor with an account, in the roles given."""

    def of(
        *roles: Role, reach: Reach = Reach.INSTITUTION, name: str = "马晓燕"
    ) -> Actor:
        account = Account.objects.create(
            username=f"u{new_id().hex[-10:]}", kind=AccountKind.STAFF
        )
        return Actor(
            account_id=account.pk,
            reach=reach,
            roles=frozenset(roles),
            name=name,
            institution_id=new_id(),
            institution_name="西吉县人民医院",
        )

    return of


@pytest.fixture
def browse(settings: Settings) -> Browse:
    """A browser in which this actor is signed in."""
    settings.YILIAN_ACTOR_BUILDER = f"{stage.__name__}.actor_for"
    settings.YILIAN_INSTITUTIONS = f"{stage.__name__}.institution_lines"

    def of(actor: Actor) -> Client:
        account = Account.objects.get(pk=actor.account_id or "")
        stage.act_as(account, actor)
        client = Client()
        client.force_login(account)
        return client

    return of


@pytest.fixture
def auditor(play: Play) -> Actor:
    return play(Role.AUDIT_ADMIN, reach=Reach.AUDIT, name="杨审计")


@pytest.fixture
def resident(play: Play) -> Actor:
    actor = play(Role.RESIDENT, reach=Reach.SELF)
    return replace(actor, person_ids=frozenset({new_id()}), institution_id=None)
