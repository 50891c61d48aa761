"""The next hospital for a hop that its receiver leaves lying, 改请下一家."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from yilian.care.referral.models import Referral, Reminder
from yilian.care.referral.queries.advice import proposals
from yilian.care.referral.queries.redirecting import redirect_targets
from yilian.care.referral.rules.destination import Proposal
from yilian.care.referral.rules.ladder import NEXT, Clock
from yilian.care.referral.rules.reasons import Urgency
from yilian.care.referral.rules.states import State
from yilian.foundation.access.actor import Actor
from yilian.kernel.tier import Direction
from yilian.registry.population.queries import sight_of
from yilian.registry.population.rules import Scope

MOST: Final = 5
_LOOKED_AT: Final = 12


@dataclass(frozen=True, slots=True)
class Offer:
    """Explained where the actor may see the person, else by name alone."""

    proposals: tuple[Proposal, ...] = ()
    names: tuple[tuple[UUID, str], ...] = ()

    @property
    def needs_reason(self) -> bool:
        return any(
            one.needs_skip_reason or one.needs_outside_reason for one in self.proposals
        )


def is_offered(referral: Referral) -> bool:
    """The ladder has come to its last rung, and nobody has answered yet."""
    if referral.state != State.SUBMITTED:
        return False
    top = Reminder.objects.filter(
        referral=referral, clock=Clock.ANSWER.value, rung=NEXT
    )
    return top.exists()


def offer(actor: Actor, referral: Referral) -> Offer:
    """The best of the same direction; none that this illness was sent to before."""
    tried = set(
        Referral.objects.filter(
            episode=referral.episode_id, to_institution__isnull=False
        ).values_list("to_institution_id", flat=True)
    )
    if sight_of(actor, referral.person_id).scope < Scope.SUMMARY:
        known = redirect_targets(referral)
        return Offer(names=tuple(one for one in known if one[0] not in tried)[:MOST])
    found = proposals(
        actor,
        referral.person_id,
        diagnosis_code=referral.diagnosis_code,
        urgency=Urgency(referral.urgency),
        specialty=referral.specialty,
        way=Direction(referral.direction),
        limit=_LOOKED_AT,
    )
    others = (one for one in found if one.candidate.institution_id not in tried)
    return Offer(proposals=tuple(others)[:MOST])
