"""Who may do what to the register. Sight is another question (`queries/sight.py`)."""

from uuid import UUID

from yilian.foundation.access.actor import Actor, Reach, Role
from yilian.registry.population.rules import REVIEWERS

CARE = (Role.PHYSICIAN, Role.NURSE, Role.REFERRAL_DESK)


def can_search(actor: Actor) -> bool:
    return actor.has(*CARE) and actor.institution_id is not None


can_register = can_search
can_correct = can_search
can_take_paper_consent = can_search


def can_break_glass(actor: Actor) -> bool:
    """Those who treat: a desk has nothing to look up in an emergency."""
    return actor.has(Role.PHYSICIAN, Role.NURSE) and actor.institution_id is not None


def can_review_break_glass(actor: Actor) -> bool:
    return actor.has(*REVIEWERS)


def can_record_death(actor: Actor) -> bool:
    return actor.reach is Reach.SYSTEM or actor.has(Role.PHYSICIAN)


def can_load(actor: Actor) -> bool:
    return actor.reach is Reach.SYSTEM


def is_resident(actor: Actor) -> bool:
    return actor.reach is Reach.SELF


def can_withdraw_on_paper(actor: Actor, institution_id: UUID) -> bool:
    """A paper handed to the house that was allowed to read."""
    is_here = actor.institution_id == institution_id
    return is_here and can_take_paper_consent(actor)


def stands_for(actor: Actor, person_id: UUID) -> bool:
    """The resident, or whoever stands for them."""
    return actor.reach is Reach.SELF and person_id in actor.person_ids
