"""Who keeps feeds, who mends messages, who reads them as they came."""

from yilian.foundation.access.actor import Actor, Reach, Role
from yilian.interfaces.exchange.intake.models import Feed, Received
from yilian.registry.directory.models import Institution
from yilian.registry.directory.policies import can_administer


def can_keep_feeds(actor: Actor) -> bool:
    return actor.has(Role.SYSTEM_ADMIN)


def can_keep_feed_of(actor: Actor, institution: Institution) -> bool:
    return can_administer(actor, institution)


def can_see_list(actor: Actor) -> bool:
    is_desk = actor.has(Role.REFERRAL_DESK) and actor.institution_id is not None
    return is_desk or can_keep_feeds(actor)


def can_read_content(actor: Actor, message: Received) -> bool:
    """The patient and the hand-over: for the two desks alone."""
    if not actor.has(Role.REFERRAL_DESK):
        return False
    return actor.institution_id in (
        message.feed.institution_id,
        message.to_institution_id,
    )


def can_mend(actor: Actor, message: Received) -> bool:
    return can_read_content(actor, message)


def can_map(actor: Actor, feed: Feed) -> bool:
    """Say what a code means: the desk of the house, or who keeps its systems."""
    is_own_desk = (
        actor.has(Role.REFERRAL_DESK) and actor.institution_id == feed.institution_id
    )
    return is_own_desk or can_keep_feed_of(actor, feed.institution)


def can_set_aside(actor: Actor, message: Received) -> bool:
    is_own = actor.institution_id == message.feed.institution_id
    return actor.reach is Reach.SYSTEM or (is_own and can_mend(actor, message))
