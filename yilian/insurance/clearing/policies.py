"""Who may: the finance office of a party, the office of a leading house, the system.

State is not asked here; `rules.slip` and `rules.statement` answer that.
"""

from collections.abc import Collection
from uuid import UUID

from yilian.foundation.access.actor import Actor, Reach, Role
from yilian.insurance.clearing.models import SharedService
from yilian.insurance.clearing.models_statement import Dispute, Statement
from yilian.insurance.clearing.rules import slip as slips
from yilian.insurance.clearing.rules.statement import (
    MOVES,
    SIDE_NAMES,
    Side,
    State,
    Step,
)
from yilian.kernel.text import Text, _


def can_work(actor: Actor) -> bool:
    """Has a room here at all."""
    return keeps_books(actor) or is_office(actor)


def keeps_books(actor: Actor) -> bool:
    return actor.has(Role.FINANCE) and actor.institution_id is not None


def is_office(actor: Actor) -> bool:
    return actor.has(Role.CONSORTIUM_OFFICE) and actor.institution_id is not None


def can_see_sums(actor: Actor) -> bool:
    """Totals of consortia, no pairs and no rows."""
    return actor.has(Role.OFFICER) and actor.reach is Reach.AREA


def can_post(actor: Actor, pair: Collection[UUID]) -> bool:
    """Where an event happened: a house of the pair, or a clock."""
    return actor.reach is Reach.SYSTEM or actor.institution_id in pair


# --- slips --------------------------------------------------------------------


def can_record(actor: Actor) -> bool:
    return keeps_books(actor)


def can_take_slip(actor: Actor, row: SharedService, step: slips.Step) -> bool:
    side = slips.BY_STEP[step].side
    here = row.provider_id if side is slips.Side.PROVIDER else row.requester_id
    return keeps_books(actor) and actor.institution_id == here


def why_not_slip(step: slips.Step) -> Text:
    side = slips.SIDE_NAMES[slips.BY_STEP[step].side]
    return Text(_("只有{side}机构的医保财务可以进行这项操作。"), {"side": side})


# --- statements ---------------------------------------------------------------


def can_draw(actor: Actor, leads: Collection[UUID], consortium_id: UUID) -> bool:
    """The clock at the month's end; by hand the office, or a house its own."""
    if actor.reach is Reach.SYSTEM or keeps_books(actor):
        return True
    return is_office(actor) and consortium_id in leads


def can_close(actor: Actor, leads: Collection[UUID], consortium_id: UUID) -> bool:
    return is_office(actor) and consortium_id in leads


def sides_of(
    actor: Actor, row: Statement, dispute: Dispute | None, leads: Collection[UUID]
) -> frozenset[Side]:
    """Every way in which this actor stands to the statement as it is."""
    if actor.reach is Reach.SYSTEM:
        return frozenset({Side.SYSTEM})
    found: set[Side] = set()
    if is_office(actor) and row.consortium_id in leads:
        found.add(Side.OFFICE)
    here = actor.institution_id
    if keeps_books(actor) and here in (row.one_id, row.other_id):
        found.add(Side.PARTY)
        if row.half_confirmed_by_id not in (None, here):
            found.add(Side.SECOND)
        if here == payer_of(row):
            found.add(Side.PAYER)
        if dispute is not None:
            is_own = here == dispute.raised_by_id
            found.add(Side.DISPUTER if is_own else Side.ANSWERER)
    return frozenset(found)


def can_take(
    actor: Actor,
    row: Statement,
    step: Step,
    dispute: Dispute | None = None,
    leads: Collection[UUID] = (),
) -> bool:
    """In any state: the state table says afterwards whether the step is open."""
    sides = sides_of(actor, row, dispute, leads)
    wanted = {
        side
        for move in MOVES
        if move.step is step
        and (State(row.state) in move.sources or not _meets(row, step))
        for side in move.sides
    }
    return not sides.isdisjoint(wanted)


def why_not(step: Step) -> Text:
    sides = dict.fromkeys(
        SIDE_NAMES[side] for move in MOVES if move.step is step for side in move.sides
    )
    return Text(_("只有{sides}可以进行这项操作。"), {"sides": list(sides)})


def payer_of(row: Statement) -> UUID | None:
    """Who pays the net; None when nothing is left."""
    net = (row.one_owes + row.one_adjusted) - (row.other_owes + row.other_adjusted)
    if net == 0:
        return None
    return row.one_id if net > 0 else row.other_id


def _meets(row: Statement, step: Step) -> bool:
    return any(move.step is step and State(row.state) in move.sources for move in MOVES)
