"""The referrals behind a bill, each with the page where the one who asks may read it.

The insurer has the list of arrived referrals, residents their own letters, clinical
staff the referral itself. Who would be told that there is none gets no link.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from yilian.care.referral.models import Referral, ReferralQuerySet
from yilian.care.referral.queries.compliance import arrived_in, may_check
from yilian.foundation.access.actor import Actor, Reach


@dataclass(frozen=True, slots=True)
class HopLink:
    id: UUID
    number: str
    page: str  # the name of its address


def hops_to_open(actor: Actor, ids: Iterable[UUID | None]) -> dict[UUID, HopLink]:
    """One question for all; what this actor may not see is left out."""
    wanted = {one for one in ids if one is not None}
    rows = _in_sight(actor).filter(id__in=wanted).values_list("id", "number")
    page = _page(actor)
    return {hop_id: HopLink(hop_id, number, page) for hop_id, number in rows}


def _in_sight(actor: Actor) -> ReferralQuerySet:
    """As the page itself asks."""
    if may_check(actor):
        return arrived_in(actor)
    return Referral.objects.visible_to(actor)


def _page(actor: Actor) -> str:
    if may_check(actor):
        return "referral:compliance_steps"
    if actor.reach is Reach.SELF:
        return "referral:mine_detail"
    return "referral:detail"
