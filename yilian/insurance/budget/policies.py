"""Who does what with a pool. Sight is asked before (`visible_to`), state after."""

from uuid import UUID

from yilian.foundation.access.actor import Actor, Reach, Role
from yilian.insurance.budget.models import Pool


def can_open(actor: Actor, area_code: str) -> bool:
    """The insurer of the covered people's area."""
    return _insures(actor, area_code)


def can_open_some(actor: Actor) -> bool:
    return actor.has(Role.INSURER) and bool(actor.area_code)


def can_revise(actor: Actor, pool: Pool) -> bool:
    return _insures(actor, pool.area_code)


def can_decide_revision(actor: Actor, pool: Pool, proposed_by: UUID | None) -> bool:
    return _insures(actor, pool.area_code) and actor.account_id != proposed_by


can_pay = can_revise
can_refuse = can_revise
can_score = can_revise
can_clear = can_revise


def can_roll_up(actor: Actor, pool: Pool) -> bool:
    return actor.reach is Reach.SYSTEM or _insures(actor, pool.area_code)


def can_confirm_as_insurer(actor: Actor, pool: Pool, made_by: UUID | None) -> bool:
    return _insures(actor, pool.area_code) and actor.account_id != made_by


def can_confirm_as_consortium(actor: Actor, pool: Pool) -> bool:
    is_office = actor.has(Role.CONSORTIUM_OFFICE)
    return is_office and pool.consortium_id in actor.consortium_ids


def can_return(actor: Actor, pool: Pool) -> bool:
    return _insures(actor, pool.area_code) or can_confirm_as_consortium(actor, pool)


def can_distribute(actor: Actor, pool: Pool) -> bool:
    """What is kept is the consortium's to share."""
    return can_confirm_as_consortium(actor, pool)


def can_see_members(actor: Actor, pool: Pool) -> bool:
    """Officers see sums; a member's finance office sees its own lines only."""
    return (
        actor.reach is Reach.SYSTEM
        or _insures(actor, pool.area_code)
        or can_confirm_as_consortium(actor, pool)
    )


def can_see_sums(actor: Actor, pool: Pool) -> bool:
    of_area = actor.has(Role.OFFICER) and bool(actor.area_code)
    is_in_area = of_area and pool.area_code.startswith(actor.area_code)
    return is_in_area or can_see_members(actor, pool)


def can_open_bills(actor: Actor, pool: Pool) -> bool:
    """The insurer all, a member's finance office its own; an office sees no persons."""
    return _insures(actor, pool.area_code) or actor.has(Role.FINANCE)


def can_simulate(actor: Actor, pool: Pool) -> bool:
    return can_see_sums(actor, pool)


def can_see_pools(actor: Actor) -> bool:
    return actor.has(Role.INSURER, Role.OFFICER, Role.CONSORTIUM_OFFICE, Role.FINANCE)


can_see_clearings = can_see_pools


def can_keep_subsidies(actor: Actor, area_code: str) -> bool:
    """The health commission over the house's area (NX-3.1-b)."""
    is_officer = actor.is_authority and actor.has(Role.OFFICER)
    return is_officer and bool(actor.area_code) and _lies_in(area_code, actor)


def can_keep_income(actor: Actor, institution_id: UUID) -> bool:
    """Each house's finance office its own (NX-3.3)."""
    return actor.has(Role.FINANCE) and actor.institution_id == institution_id


def can_see_ledgers(actor: Actor) -> bool:
    return actor.has(Role.FINANCE, Role.CONSORTIUM_OFFICE, Role.OFFICER)


def can_see_points(actor: Actor, institution_id: UUID) -> bool:
    """Who earned how much is the house's own affair."""
    return can_keep_income(actor, institution_id)


def _insures(actor: Actor, area_code: str) -> bool:
    return can_open_some(actor) and _lies_in(area_code, actor)


def _lies_in(area_code: str, actor: Actor) -> bool:
    return area_code.startswith(actor.area_code)
