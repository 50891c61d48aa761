"""Budgets' answers to settlement's questions: who shares whose money, and which
settlements a figure was made of.

Settlement stands below budgets and asks by `settlement.ports`; named in
`settings.YILIAN_POOL_TERMS` and `YILIAN_POOL_MEMBERS`.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from uuid import UUID

from yilian.foundation.access.actor import Actor
from yilian.insurance.budget.models import Pool
from yilian.insurance.budget.queries.members import houses_on, member_days
from yilian.insurance.budget.queries.sums import (
    agreed,
    amounts_of,
    end_of,
    first_day,
    revision_on,
    score_of,
    sums_of,
)
from yilian.insurance.budget.rules.members import Member, kept_shares
from yilian.insurance.budget.rules.year import FULL_SCORE, distributed, keep_ratio
from yilian.insurance.settlement.ports import PoolMembers, PoolTerms
from yilian.kernel.money import MILLION, Millionths


def pool_terms(insured_area: str, day: date) -> PoolTerms | None:
    """Of the nearest pool that covers the people of the area in that year."""
    pools = Pool.objects.filter(year=day.year).select_related("consortium")
    covering = [one for one in pools if insured_area.startswith(one.area_code)]
    pool = max(covering, key=lambda one: len(one.area_code), default=None)
    revision = revision_on(pool, day) if pool else None
    if pool is None or revision is None:
        return None
    in_force = agreed(revision)
    score = score_of(pool)
    value = score.value if score else Decimal(FULL_SCORE)
    return PoolTerms(
        name=pool.consortium.alias,
        year=pool.year,
        shares=_shares(pool, in_force.value("budget.shares"), day),
        keep_ratio=keep_ratio(value, in_force),
        score=f"{score.value.normalize():f}" if score else "",
        available=amounts_of(revision).available,
        used=sums_of(pool, min(day, end_of(pool))).spent.actual,
    )


def pool_members(actor: Actor, pool_id: UUID) -> PoolMembers | None:
    """As the roll-up counts: a house is inside while it is a member."""
    pools = Pool.objects.visible_to(actor).select_related("consortium")
    pool = pools.filter(pk=pool_id).first()
    if pool is None:
        return None
    start, end = first_day(pool), end_of(pool)
    spans = tuple(
        (house, (max(first or start, start), min(last or end, end)))
        for house, periods in member_days(pool).spans.items()
        for first, last in periods
    )
    name = f"{pool.consortium.alias} {pool.year}"
    return PoolMembers(pool.pk, name, pool.area_code, start, end, spans)


def _shares(pool: Pool, levels: Mapping[str, int], day: date) -> dict[UUID, Millionths]:
    houses = [one for one in houses_on(pool, day) if one.level is not None]
    members = [Member(str(one.id), one.level) for one in houses if one.level]
    if not members:
        return {}
    weights = {level: Decimal(part) for level, part in levels.items()}
    parts = kept_shares(distributed(MILLION, weights), members)
    return {UUID(one.member.id): one.amount for one in parts}
