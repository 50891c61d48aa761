"""Who keeps peers, and who sends a letter again."""

from yilian.foundation.access.actor import Actor, Role
from yilian.registry.directory.models import Institution
from yilian.registry.directory.policies import can_administer


def can_keep_peers(actor: Actor) -> bool:
    return actor.has(Role.SYSTEM_ADMIN)


def can_keep_peer_of(actor: Actor, institution: Institution) -> bool:
    return can_administer(actor, institution)


def can_see_letters(actor: Actor) -> bool:
    is_desk = actor.has(Role.REFERRAL_DESK) and actor.institution_id is not None
    return is_desk or can_keep_peers(actor)


can_resend = can_see_letters
