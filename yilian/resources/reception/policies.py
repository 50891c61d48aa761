"""Who may receive and discharge people."""

from yilian.foundation.access.actor import Actor, Reach, Role
from yilian.resources.reception.models import Encounter


def can_receive(actor: Actor) -> bool:
    return (
        actor.has(Role.PHYSICIAN, Role.NURSE, Role.REFERRAL_DESK)
        and actor.institution_id is not None
    )


def can_discharge(actor: Actor, encounter: Encounter) -> bool:
    is_here = actor.institution_id == encounter.institution_id
    return actor.reach is Reach.SYSTEM or (can_receive(actor) and is_here)


def can_record_death_here(actor: Actor) -> bool:
    return actor.reach is Reach.SYSTEM or actor.has(Role.PHYSICIAN)
