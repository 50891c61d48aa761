"""Who acts when a message does: the house whose system sent it."""

from uuid import UUID

from yilian.foundation.access.actor import Actor, Reach, Role
from yilian.interfaces.exchange.intake.models import Feed
from yilian.kernel.ids import NIL
from yilian.kernel.text import _
from yilian.kernel.tier import Tier
from yilian.registry.directory.models import Institution

NAME = _("接口 {name}")


def feed_actor(feed: Feed, post_id: UUID | None = None) -> Actor:
    """Never a person at a screen. `post_id`: the referring doctor's, where known."""
    house = feed.institution
    return Actor(
        account_id=feed.account_id,
        reach=Reach.INSTITUTION,
        roles=frozenset({Role.REFERRAL_DESK}),
        name=NAME.format(name=feed.name)[:60],
        post_id=post_id,
        institution_id=house.id,
        institution_name=house.short_name,
        tier=Tier(house.tier) if house.tier else None,
        origin=f"feed:{feed.name}"[:64],
    )


def house_actor(house: Institution) -> Actor:
    """Anybody of the house's desk: how much the house itself sees of somebody.

    The account is nobody's: what rests on one account's word alone counts, what is
    open to one account alone does not.
    """
    return Actor(
        account_id=NIL,
        reach=Reach.INSTITUTION,
        roles=frozenset({Role.REFERRAL_DESK}),
        name=house.short_name,
        institution_id=house.id,
        institution_name=house.short_name,
        tier=Tier(house.tier) if house.tier else None,
        origin="exchange",
    )
