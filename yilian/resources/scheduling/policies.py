"""Who keeps the beds and appointments of an institution."""

from uuid import UUID

from yilian.foundation.access.actor import Actor, Role


def can_keep_places(actor: Actor, institution_id: UUID) -> bool:
    return can_keep_own_places(actor) and actor.institution_id == institution_id


def can_keep_own_places(actor: Actor) -> bool:
    return (
        actor.has(Role.REFERRAL_DESK, Role.NURSE) and actor.institution_id is not None
    )
