"""Who may add, open and take back a paper: side, post, state and sight."""

from yilian.care.referral.models import Attachment, Referral
from yilian.care.referral.policies import can_read_content, receives, sends
from yilian.care.referral.rules.attachments import ADDED_IN, Part, Standing
from yilian.care.referral.rules.states import State
from yilian.foundation.access.actor import Actor, Reach, Role
from yilian.registry.population.rules import Scope


def can_attach(actor: Actor, referral: Referral, part: Part) -> bool:
    return writes(actor, referral, part) and referral.state in ADDED_IN[part]


def writes(actor: Actor, referral: Referral, part: Part) -> bool:
    is_of_house = actor.reach in (Reach.INSTITUTION, Reach.DEPARTMENT)
    may_write = actor.has(Role.PHYSICIAN, Role.REFERRAL_DESK, Role.NURSE)
    return is_of_house and may_write and _stands_for(actor, referral, part)


def can_take_back(actor: Actor, referral: Referral, attachment: Attachment) -> bool:
    """Who added it, or whoever may add such papers for the same house."""
    is_current = attachment.standing == Standing.CURRENT
    is_own = attachment.institution_id == actor.institution_id
    return is_current and is_own and writes(actor, referral, Part(attachment.part))


def is_out(referral: Referral, part: Part) -> bool:
    """Whether others have had it before them; until then it can be taken away."""
    if part is Part.HANDOVER:
        return referral.submitted_at is not None
    return referral.state == State.COMPLETED


def may_know_of(actor: Actor, referral: Referral, attachment: Attachment) -> bool:
    """Its title in the list. What was taken away before it went out was never there."""
    if attachment.standing == Standing.REMOVED:
        return False
    is_own = attachment.institution_id == actor.institution_id
    went_out = is_out(referral, Part(attachment.part))
    return (is_own or went_out) and can_read_content(actor, referral)


def may_open(
    actor: Actor, referral: Referral, attachment: Attachment, scope: Scope
) -> bool:
    """Summary first, all on acceptance: so the papers open with the whole record.

    Whose paper it is needs no more than the sight it was written with.
    """
    if attachment.standing != Standing.CURRENT:
        return False
    if attachment.institution_id == actor.institution_id:
        return _is_of_care(actor) and scope >= Scope.SUMMARY
    went_out = is_out(referral, Part(attachment.part))
    return is_reader(actor) and went_out and scope >= Scope.FULL


def is_reader(actor: Actor) -> bool:
    """Papers are for those who care for the person, and for the person."""
    return actor.reach is Reach.SELF or _is_of_care(actor)


def _stands_for(actor: Actor, referral: Referral, part: Part) -> bool:
    """An outside destination has no desk here: the sender keeps its papers too."""
    if part is Part.HANDOVER or referral.to_institution_id is None:
        return sends(actor, referral)
    return receives(actor, referral)


def _is_of_care(actor: Actor) -> bool:
    return actor.has(
        Role.PHYSICIAN, Role.NURSE, Role.PHARMACIST, Role.REFERRAL_DESK
    ) and actor.reach in (Reach.INSTITUTION, Reach.DEPARTMENT)
