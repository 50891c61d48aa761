"""Estimates as pages ask for them: of a referral that is there, or of one that is
being written. Each look is written down with its ground."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from yilian.care.referral.models import Referral
from yilian.foundation.access.actor import Actor, Reach, Role
from yilian.foundation.access.scope import find
from yilian.insurance.policy.rules.releases import NoParametersInForce
from yilian.insurance.settlement.queries.effects import EffectLine, effect
from yilian.insurance.settlement.queries.estimating import Estimate, NoEstimate
from yilian.insurance.settlement.rules.case import CaseWrong
from yilian.insurance.settlement.services.reading import open_estimate
from yilian.kernel.calendar import local_day
from yilian.kernel.errors import DomainError, NotFound
from yilian.kernel.text import Text, _
from yilian.registry.population.queries import sight_of
from yilian.registry.population.rules import Scope

_STAFF: Final = (
    Role.PHYSICIAN, Role.REFERRAL_DESK, Role.NURSE, Role.FINANCE,
    Role.CONSORTIUM_OFFICE,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told:
    """An estimate, or in words why there is none; the houses' side for staff alone."""

    estimate: Estimate | None = None
    why_not: Text | None = None
    effect: EffectLine | None = None
    effect_why_not: Text | None = None
    is_own: bool = False
    is_over: bool = False


def of_referral(actor: Actor, referral_id: UUID) -> Told:
    """Of a hop within sight; a stay is assumed, whatever was asked for. Once the hop
    is over there is nothing left to estimate."""
    row = find(Referral.objects.visible_to(actor), referral_id)
    if row.closed_at is not None:
        return Told(is_over=True)
    plan = Plan(
        person_id=row.person_id,
        diagnosis_code=row.diagnosis_code,
        source_id=row.from_institution_id,
        target_id=row.to_institution_id,
        is_outside=row.to_institution_id is None,
    )
    return of_plan(actor, plan)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A stay thought of: for what, from where, to where (no house: outside)."""

    person_id: UUID
    diagnosis_code: str = ""
    source_id: UUID | None = None
    target_id: UUID | None = None
    is_outside: bool = False

    @property
    def is_whole(self) -> bool:
        return bool(self.diagnosis_code and (self.target_id or self.is_outside))


@transaction.atomic
def of_plan(actor: Actor, plan: Plan) -> Told:
    is_own = actor.reach is Reach.SELF
    if not plan.is_whole:
        _require_sight(actor, plan.person_id)
        words = Text(_("选好诊断和去处后，这里会估算费用。"), {})
        return Told(why_not=words, is_own=is_own)
    try:
        found = open_estimate(
            actor,
            person_id=plan.person_id,
            diagnosis_code=plan.diagnosis_code,
            from_institution_id=plan.source_id,
            to_institution_id=plan.target_id,
        )
    except (NoEstimate, NoParametersInForce, CaseWrong) as error:
        return Told(why_not=error.text, is_own=is_own)
    if is_own or plan.source_id is None or plan.target_id is None:
        return Told(found, is_own=is_own)
    return _with_effect(actor, found, plan, (plan.source_id, plan.target_id))


def _with_effect(
    actor: Actor, found: Estimate, plan: Plan, houses: tuple[UUID, UUID]
) -> Told:
    """For staff of the two houses alone."""
    if actor.institution_id not in houses or not actor.has(*_STAFF):
        return Told(found)
    try:
        told = effect(
            actor,
            found,
            person_id=plan.person_id,
            diagnosis_code=plan.diagnosis_code,
            from_institution_id=houses[0],
            to_institution_id=houses[1],
            day=local_day(timezone.now()),
        )
    except DomainError as error:
        return Told(found, effect_why_not=error.text)
    return Told(found, effect=told)


def _require_sight(actor: Actor, person_id: UUID) -> None:
    if sight_of(actor, person_id).scope < Scope.SUMMARY:
        raise NotFound
