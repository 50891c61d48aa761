"""Events carry ids of persons: only who keeps the system running sees them."""

from yilian.foundation.access.actor import Actor, Role


def can_see(actor: Actor) -> bool:
    return actor.has(Role.SYSTEM_ADMIN)


can_resend = can_see
