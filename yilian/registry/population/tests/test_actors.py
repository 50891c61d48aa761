"""A resident acts for themself and for those they stand for, and nobody else."""

from datetime import date

import pytest
from django.utils import timezone
from pytest_django.fixtures import DjangoAssertNumQueries

from yilian.foundation.access.actor import Reach, Role
from yilian.foundation.identity.models import Account
from yilian.foundation.identity.rules import AccountKind
from yilian.registry.directory.tests.cast import SINCE, days_ago
from yilian.registry.population.actors import actor_for
from yilian.registry.population.models import Person, Proxy
from yilian.registry.population.rules import Relation

pytestmark = pytest.mark.django_db


@pytest.fixture
def resident() -> Person:
    account = Account.objects.create(username="r-1", kind=AccountKind.RESIDENT)
    return Person.objects.create(name="马秀兰", account=account)


def stands_for(proxy: Person, name: str, end: date | None = None) -> Person:
    person = Person.objects.create(name=name)
    Proxy.objects.create(
        person=person, proxy=proxy, relation=Relation.PARENT, period=(SINCE, end)
    )
    return person


def test_alone_and_with_those_they_stand_for(
    resident: Person, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    assert resident.account is not None
    actor = actor_for(resident.account, None)
    assert actor is not None
    assert (actor.reach, actor.roles) == (Reach.SELF, frozenset({Role.RESIDENT}))
    assert actor.person_ids == {resident.pk}

    child = stands_for(resident, "马小军")
    stands_for(resident, "马小红", end=days_ago(1))
    Person.objects.create(name="邻居")
    with django_assert_num_queries(1):
        actor = actor_for(resident.account, None)
    assert actor is not None
    assert actor.person_ids == {resident.pk, child.pk}


def test_the_dead_the_locked_and_the_unlinked_do_not_act(resident: Person) -> None:
    account = resident.account
    assert account is not None
    account.is_active = False
    assert actor_for(account, None) is None
    account.is_active = True
    resident.died_at = timezone.now()
    resident.save()
    assert actor_for(account, None) is None
    alone = Account.objects.create(username="r-2", kind=AccountKind.RESIDENT)
    assert actor_for(alone, None) is None
