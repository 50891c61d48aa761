"""Last year's clearings of the pools: confirmed, shared, and one looked at again."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.utils import timezone

from yilian.demo.world.chance import fixed_id, stream
from yilian.demo.world.insurance.pools import Plan
from yilian.foundation.access.actor import Actor
from yilian.insurance.budget.models import (
    Clearing,
    ClearingAct,
    Pool,
    PoolRevision,
    Refusal,
    Share,
)
from yilian.insurance.budget.queries import sums
from yilian.insurance.budget.rules.states import Act, ClearingKind
from yilian.insurance.budget.rules.supplement import Late
from yilian.insurance.budget.services.clearing import digest_of, unsaved_clearing
from yilian.insurance.budget.services.distributing import members_of, unsaved_shares
from yilian.insurance.budget.services.loading import load_many
from yilian.insurance.budget.services.supplementing import (
    Corrections,
    unsaved_supplement,
)
from yilian.kernel.money import ZERO

OVERCHARGED: Final = "超标准收费"
_RULE: Final = "县乡村 6:3:1，同级按考核系数"
_RULE_BACK: Final = "县乡村 6:3:1 退回，同级各家相同"
_LOOKED_AGAIN: Final = (
    "年度考核复核扣 5 分：部分下转随访记录不实；超标准收费的拒付经复议撤销"
)


@dataclass(frozen=True, slots=True)
class Desk:
    """Accounts of those who acted."""

    clerk: UUID | None
    supervisor: UUID | None
    office: UUID | None
    officer: UUID | None
    finance: UUID | None


def load_clearing(
    actor: Actor, desk: Desk, plan: Plan, pool: Pool, revision: PoolRevision
) -> None:
    made = unsaved_clearing(
        pool, revision, ClearingKind.FINAL, f"QS-{plan.area}-{pool.year}-01",
        sums.sums_of(pool), Decimal(plan.score),
    )  # fmt: skip
    made.id = fixed_id("clearing", plan.area, pool.year)
    made.made_by_id = desk.clerk
    made.made_at = at(pool.year + 1, 2, 6)
    made.digest = digest_of(made)
    acts = (
        []
        if desk.supervisor is None
        else [_act(made, Act.INSURER, desk.supervisor, 12)]
    )
    if plan.is_confirmed and desk.office and acts:
        acts.append(_act(made, Act.CONSORTIUM, desk.office, 20))
    load_many(actor, clearings=[made], acts=acts)
    if plan.is_shared and len(acts) > 1:
        performances = {
            UUID(member.id): Decimal(stream(plan.area, member.id).randint(85, 115))
            / 100
            for member in members_of(pool, {}, {})
        }
        of = members_of(pool, {}, performances)
        _share(actor, desk, unsaved_shares(made, of, _RULE, at(pool.year + 1, 3, 3)))
        _load_supplement(actor, desk, plan, made)


def _load_supplement(actor: Actor, desk: Desk, plan: Plan, before: Clearing) -> None:
    """In May somebody looked again: some of what was kept goes back, member by
    member, and a refusal that was wrong is taken off."""
    year = before.pool.year + 1
    if not plan.score_after or timezone.localdate() < date(year, 6, 13):
        return
    refused = Refusal.objects.filter(pool=before.pool, reason=OVERCHARGED)
    made = unsaved_supplement(
        before.pool, before, Late(),
        Corrections(
            reason=_LOOKED_AGAIN,
            evidence=f"演示：医保考核复〔{year}〕2号",
            refused=-sum((one.amount for one in refused), ZERO),
            score=Decimal(plan.score_after),
        ),
    )  # fmt: skip
    made.id = fixed_id("clearing", plan.area, before.pool.year, "supplement")
    made.made_by_id, made.made_at = desk.clerk, at(year, 5, 18)
    made.digest = digest_of(made)
    by = ((Act.INSURER, desk.supervisor, 22), (Act.CONSORTIUM, desk.office, 28))
    acts = [_act(made, act, who, day) for act, who, day in by if who]
    load_many(actor, clearings=[made], acts=acts)
    of = members_of(made.pool, {}, {})
    _share(actor, desk, unsaved_shares(made, of, _RULE_BACK, at(year, 6, 12)))


def _share(actor: Actor, desk: Desk, shares: list[Share]) -> None:
    for share in shares:
        share.id = fixed_id("share", share.clearing_id, share.institution_id)
        share.made_by_id = desk.office
    load_many(actor, shares=shares)


def _act(made: Clearing, act: Act, by: UUID, day: int) -> ClearingAct:
    return ClearingAct(
        id=fixed_id("clearing act", made.pk, act),
        clearing=made,
        act=act.value,
        by_id=by,
        at=at(made.made_at.year, made.made_at.month, day),
    )


def at(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, 2, 30, tzinfo=UTC)
