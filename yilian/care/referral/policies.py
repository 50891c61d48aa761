"""Who may take which step: side and role from the state table.

State is not asked here; `rules.states` answers that.
"""

from yilian.care.referral.models import Referral
from yilian.care.referral.rules.states import (
    CLOSED_TO_RECEIVER,
    MOVES,
    SIDE_NAMES,
    Move,
    Side,
    State,
    Step,
)
from yilian.foundation.access.actor import ROLE_NAMES, Actor, Reach, Role
from yilian.kernel.text import Text, _

_BY_STEP = {move.step: move for move in MOVES}


def can_draft(actor: Actor) -> bool:
    """A clinician or the referral office of an institution on the ladder."""
    return (
        actor.has(Role.PHYSICIAN, Role.REFERRAL_DESK)
        and actor.reach in (Reach.INSTITUTION, Reach.DEPARTMENT)
        and actor.tier is not None
    )


def can_open_display(actor: Actor) -> bool:
    """A wall that stays lit by itself is the office's."""
    return can_draft(actor) and actor.has(Role.REFERRAL_DESK)


def can_take(actor: Actor, referral: Referral, step: Step) -> bool:
    move = _BY_STEP[step]
    if actor.reach is Reach.SYSTEM:
        return Side.SYSTEM in move.sides
    return _has_role(actor, move) and any(
        _stands_on(actor, referral, side) for side in move.sides
    )


def can_edit(actor: Actor, referral: Referral) -> bool:
    is_draft = referral.state in (State.DRAFT, State.INFO_REQUESTED)
    return can_draft(actor) and is_draft and sends(actor, referral)


def can_assign(actor: Actor, referral: Referral) -> bool:
    return actor.has(Role.REFERRAL_DESK) and receives(actor, referral)


def can_read_content(actor: Actor, referral: Referral) -> bool:
    """A declined receiver keeps the row and its reason, without clinical content."""
    if actor.reach is Reach.SELF:
        return True
    if not actor.has(Role.PHYSICIAN, Role.NURSE, Role.PHARMACIST, Role.REFERRAL_DESK):
        return False
    return sends(actor, referral) or referral.state not in CLOSED_TO_RECEIVER


def can_nudge(actor: Actor, referral: Referral) -> bool:
    """Remind whoever's turn it is; also the own colleague."""
    is_party = sends(actor, referral) or receives(actor, referral)
    return is_party and actor.has(Role.PHYSICIAN, Role.REFERRAL_DESK)


def can_explain(actor: Actor) -> bool:
    """Why a clock of this institution ran out."""
    return actor.has(Role.REFERRAL_DESK, Role.PHYSICIAN)


def can_follow_up(actor: Actor) -> bool:
    return actor.has(Role.PHYSICIAN, Role.NURSE, Role.REFERRAL_DESK)


def why_not(step: Step) -> Text:
    """403 in words: which side and which posts may."""
    move = _BY_STEP[step]
    if not move.roles:
        return Text(_("这一步由系统按期限自动进行。"))
    sides = [SIDE_NAMES[side] for side in move.sides if side is not Side.SYSTEM]
    roles = [ROLE_NAMES[Role(role)] for role in move.roles]
    words = _("只有{sides}的{roles}可以进行这项操作。")
    return Text(words, {"sides": sides, "roles": roles})


def side_of(actor: Actor, referral: Referral) -> Side | None:
    if actor.reach is Reach.SYSTEM:
        return Side.SYSTEM
    if sends(actor, referral):
        return Side.SENDER
    return Side.RECEIVER if receives(actor, referral) else None


def _has_role(actor: Actor, move: Move) -> bool:
    return actor.has(*(Role(role) for role in move.roles))


def _stands_on(actor: Actor, referral: Referral, side: Side) -> bool:
    if side is Side.SENDER:
        return sends(actor, referral)
    if side is Side.RECEIVER:
        # Outside destinations have no desk here: the sender records their answer.
        if referral.to_institution_id is None:
            return sends(actor, referral)
        return receives(actor, referral)
    return False


def sends(actor: Actor, referral: Referral) -> bool:
    return actor.institution_id == referral.from_institution_id


def receives(actor: Actor, referral: Referral) -> bool:
    return (
        actor.institution_id is not None
        and actor.institution_id == referral.to_institution_id
    )
