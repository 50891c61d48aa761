"""Who acts: staff in a post, or a resident with those they stand for, 代办."""

from uuid import UUID

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Q

from yilian.foundation.access.actor import Actor, Reach, Role
from yilian.foundation.identity.models import Account
from yilian.foundation.identity.rules import AccountKind
from yilian.registry.directory.queries import actor_of_staff, today
from yilian.registry.population.models import Person


def actor_for(account: Account, post_id: UUID | None) -> Actor | None:
    """Named by `YILIAN_ACTOR_BUILDER`; one statement for each request."""
    if account.kind == AccountKind.RESIDENT:
        return actor_of_resident(account)
    return actor_of_staff(account, post_id)


def actor_of_resident(account: Account) -> Actor | None:
    """The dead and the locked act no more."""
    if not account.is_active:
        return None
    in_force = Q(stands_for__period__contains=today())
    found = (
        Person.objects.filter(account=account, died_at=None)
        .annotate(
            stood_for=ArrayAgg("stands_for__person", filter=in_force, default=None)
        )
        .values_list("id", "name", "stood_for")
        .first()
    )
    if found is None:
        return None
    own, name, stood_for = found
    return Actor(
        account_id=account.id,
        reach=Reach.SELF,
        roles=frozenset({Role.RESIDENT}),
        name=name,
        person_ids=frozenset({own, *(stood_for or ())}),
    )
