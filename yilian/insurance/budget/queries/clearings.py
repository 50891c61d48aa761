"""One clearing as its page and its paper show it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.functions import Abs

from yilian.foundation.access.actor import Actor
from yilian.foundation.access.scope import find
from yilian.insurance.budget import policies
from yilian.insurance.budget.models import Clearing, ClearingAct, Pool, Share
from yilian.insurance.budget.queries import members
from yilian.insurance.budget.queries.members import MemberHouse
from yilian.insurance.budget.rules.states import Act, ClearingKind, Level
from yilian.insurance.budget.rules.working import reading, remark
from yilian.kernel.money import ZERO, from_fen
from yilian.kernel.text import Text


@dataclass(frozen=True, slots=True)
class StepLine:
    title: str
    clause: str
    formula: str
    reading: Text
    remark: Text | None
    result: Decimal
    references: Sequence[Any]


@dataclass(frozen=True, slots=True)
class ShareLine:
    row: Share
    name: str
    tier: str


@dataclass(frozen=True, slots=True)
class ClearingPage:
    row: Clearing
    pool: Pool
    steps: Sequence[StepLine]
    acts: Sequence[ClearingAct]
    by_level: Sequence[tuple[Level, Decimal]]
    shares: Sequence[ShareLine]
    is_whole: bool  # the digest is that of what stands here
    later: Sequence[Clearing]  # supplementary ones, returned ones too

    @property
    def said(self) -> frozenset[str]:
        return frozenset(one.act for one in self.acts)

    @property
    def is_returned(self) -> bool:
        return Act.RETURNED in self.said

    @property
    def is_confirmed(self) -> bool:
        return {Act.INSURER, Act.CONSORTIUM} <= self.said

    @property
    def is_final(self) -> bool:
        return self.row.kind != ClearingKind.PRE

    @property
    def awaits_shares(self) -> bool:
        may_be = self.is_final and self.is_confirmed
        return may_be and bool(self.to_share) and not self.shares

    @property
    def to_share(self) -> Decimal:
        return to_share(self.row)

    @property
    def shared(self) -> Decimal:
        return sum((line.row.amount for line in self.shares), ZERO)


def clearing_page(actor: Actor, clearing_id: UUID, digest: str = "") -> ClearingPage:
    row = visible_clearing(actor, clearing_id)
    by_level = row.working.get("by_level", {})
    return ClearingPage(
        row=row,
        pool=row.pool,
        steps=[_step(step) for step in row.working["steps"]],
        acts=list(row.acts.order_by("at", "pk")),
        by_level=[
            (level, from_fen(by_level[level.value]))
            for level in Level
            if level.value in by_level
        ],
        shares=_shares(actor, row),
        is_whole=digest in ("", row.digest),
        later=list(row.supplemented_by.order_by("made_at", "pk")),
    )


def visible_clearing(actor: Actor, clearing_id: UUID) -> Clearing:
    pools = Pool.objects.visible_to(actor)
    rows = Clearing.objects.filter(pool__in=pools)
    return find(
        rows.select_related("pool", "pool__consortium", "revision", "supplements"),
        clearing_id,
    )


def to_share(row: Clearing) -> Decimal:
    """What members get (or bear); of a supplementary clearing what it changes."""
    whole = row.retained - row.consortium_share
    base = row.supplements
    return whole - (base.retained - base.consortium_share) if base else whole


def can_be_supplemented(page: ClearingPage) -> bool:
    """Confirmed by both, and the last of its year."""
    standing = [one for one in page.later if not is_returned(one)]
    return page.is_final and page.is_confirmed and not standing


def is_returned(row: Clearing) -> bool:
    return row.acts.filter(act=Act.RETURNED.value).exists()


def to_share_among(row: Clearing) -> list[MemberHouse]:
    """The members of the year's last day, largest level first."""
    houses = members.houses_on(row.pool, date(row.pool.year, 12, 31))
    order = list(Level)
    levelled = [house for house in houses if house.level is not None]
    return sorted(levelled, key=lambda house: order.index(house.level or Level.COUNTY))


def _shares(actor: Actor, row: Clearing) -> list[ShareLine]:
    rows: QuerySet[Share] = Share.objects.filter(clearing=row)
    if not policies.can_see_members(actor, row.pool):
        rows = rows.filter(institution=actor.institution_id)
    rows = rows.select_related("institution").order_by(
        Abs("level_amount").desc(), Abs("amount").desc(), "pk"
    )
    return [
        ShareLine(one, one.institution.short_name, one.institution.tier or "")
        for one in rows
    ]


def _step(step: Any) -> StepLine:
    return StepLine(
        title=step["title"],
        clause=step["clause"],
        formula=step["formula"],
        reading=reading(step),
        remark=remark(step),
        result=Decimal(step["result"]),
        references=step["references"],
    )
