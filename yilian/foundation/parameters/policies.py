"""Four eyes: whoever proposes a value does not release it."""

from uuid import UUID

from yilian.foundation.access.actor import Actor, Role


def can_propose(actor: Actor) -> bool:
    return actor.account_id is not None and actor.has(Role.OFFICER, Role.SYSTEM_ADMIN)


def can_decide(actor: Actor, *, proposed_by: UUID) -> bool:
    return can_propose(actor) and actor.account_id != proposed_by
