"""The trail is read by the auditor alone, 三员分立: not by those it is about."""

from yilian.foundation.access.actor import Actor, Reach, Role


def can_search(actor: Actor) -> bool:
    return actor.reach == Reach.AUDIT and actor.has(Role.AUDIT_ADMIN)


can_export = can_verify = can_search


def can_see_who_looked(actor: Actor) -> bool:
    return actor.reach == Reach.SELF and actor.has(Role.RESIDENT)
