"""For the staff of two houses: what a referral does to each one's money."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from yilian.foundation.access.actor import Actor
from yilian.foundation.parameters.queries import value_of
from yilian.insurance.settlement.parameters_more import COST_RATES
from yilian.insurance.settlement.ports import PoolTerms, pool_terms
from yilian.insurance.settlement.queries.casebook import as_covered, coverages_of
from yilian.insurance.settlement.queries.estimating import Estimate
from yilian.insurance.settlement.queries.estimating import estimate as estimate_stay
from yilian.insurance.settlement.rules.effects import (
    HouseEffect,
    Sharing,
    Stay,
    effect_of,
)
from yilian.insurance.settlement.rules.trace import Step
from yilian.kernel.money import MILLION, Fen, Millionths, from_fen, to_fen
from yilian.registry.directory.models import Institution

_PERCENT: Millionths = MILLION // 100


@dataclass(frozen=True, slots=True)
class HouseLine:
    """In yuan; `own_share` is the house's part of what the pool keeps."""

    name: str
    tier: str
    income: Decimal
    cost: Decimal
    before: Decimal
    pool_share: Decimal
    after: Decimal
    own_share: Decimal


@dataclass(frozen=True, slots=True)
class EffectLine:
    sender: HouseLine
    receiver: HouseLine
    pool: PoolTerms | None
    pool_change: Decimal
    kept: Decimal
    count_here: int
    count_there: int
    steps: list[Step]


def effect(
    actor: Actor,
    there: Estimate,
    *,
    person_id: UUID,
    diagnosis_code: str,
    from_institution_id: UUID,
    to_institution_id: UUID,
    day: date,
) -> EffectLine:
    """`there` is the stay at the receiver's as estimated. Raises `NoEstimate` where
    too few such stays were treated at the sender's tier."""
    here = estimate_stay(
        actor,
        person_id=person_id,
        diagnosis_code=diagnosis_code,
        from_institution_id=None,
        to_institution_id=from_institution_id,
        day=day,
    )
    houses = Institution.objects.in_bulk([from_institution_id, to_institution_id])
    source, target = houses[from_institution_id], houses[to_institution_id]
    terms = _terms(person_id, day)
    sharing = Sharing(terms.shares, terms.keep_ratio) if terms else None
    found = effect_of(_stay(source, here, day), _stay(target, there, day), sharing)
    return EffectLine(
        sender=_line(source, found.sender, terms),
        receiver=_line(target, found.receiver, terms),
        pool=terms,
        pool_change=from_fen(found.pool_change),
        kept=from_fen(found.kept),
        count_here=here.cost.count,
        count_there=there.cost.count,
        steps=list(found.steps),
    )


def _terms(person_id: UUID, day: date) -> PoolTerms | None:
    covers = coverages_of(person_id).values()
    area = next((c.area_code for c in covers if as_covered(c).holds_on(day)), None)
    return pool_terms(area, day) if area else None


def _stay(house: Institution, told: Estimate, day: date) -> Stay:
    key = COST_RATES.get(str(house.tier), COST_RATES["primary"])
    return Stay(
        house.id,
        to_fen(told.cost.median),
        to_fen(told.with_referral.fund_pay),
        value_of(key, day) * _PERCENT,
    )


def _line(house: Institution, one: HouseEffect, terms: PoolTerms | None) -> HouseLine:
    own: Fen = terms.shares.get(house.id, 0) if terms else 0
    return HouseLine(
        name=house.short_name,
        tier=str(house.tier),
        income=from_fen(one.income),
        cost=from_fen(one.cost),
        before=from_fen(one.before),
        pool_share=from_fen(one.pool_share),
        after=from_fen(one.after),
        own_share=Decimal(own) * 100 / MILLION,
    )
