"""The application as a server runs it, with actors that need no registry."""

from uuid import UUID

from yilian.foundation.access.actor import Actor, Reach
from yilian.foundation.identity.models import Account

HOUSE = UUID(int=77)


def actor_for(account: Account, post_id: UUID | None) -> Actor | None:
    return Actor(account.pk, Reach.INSTITUTION, institution_id=HOUSE)
