"""Who prepares parameters, who reviews and releases them, who keeps prices."""

from uuid import UUID

from yilian.foundation.access.actor import Actor, Role
from yilian.kernel.areas import lies_in


def can_read(actor: Actor) -> bool:
    """What was released, and every price, is public."""
    return actor.account_id is not None


def can_see_drafts(actor: Actor) -> bool:
    return actor.account_id is not None and actor.has(Role.INSURER)


def can_draft(actor: Actor, area_code: str) -> bool:
    """For the own area, what lies in it, and what it lies in: a city may propose."""
    lies_around = bool(actor.area_code) and lies_in(actor.area_code, area_code)
    return can_see_drafts(actor) and (_covers(actor, area_code) or lies_around)


def can_edit(actor: Actor, *, drafted_by: UUID) -> bool:
    return can_see_drafts(actor) and actor.account_id == drafted_by


def can_decide(actor: Actor, area_code: str, *, drafted_by: UUID) -> bool:
    """Review and release: the bureau of the area, and not the author."""
    return (
        can_see_drafts(actor)
        and _covers(actor, area_code)
        and actor.account_id != drafted_by
    )


def can_reject(actor: Actor, area_code: str, *, drafted_by: UUID) -> bool:
    """The bureau of the area; an author takes the own draft back."""
    is_own = can_edit(actor, drafted_by=drafted_by)
    return is_own or can_decide(actor, area_code, drafted_by=drafted_by)


def can_keep_prices(actor: Actor, area_code: str) -> bool:
    return keeps_prices(actor) and _covers(actor, area_code)


def keeps_prices(actor: Actor) -> bool:
    return (
        actor.account_id is not None and actor.is_authority and actor.has(Role.PRICING)
    )


def _covers(actor: Actor, area_code: str) -> bool:
    return bool(actor.area_code) and lies_in(area_code, actor.area_code)
