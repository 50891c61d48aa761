"""Pools by the thousand, for imports and the demo (decisions 33)."""

from collections.abc import Sequence

from django.db import models, transaction

from yilian.foundation.access.actor import Actor, Reach
from yilian.foundation.access.scope import require
from yilian.foundation.audit.services import record
from yilian.insurance.budget.models import (
    Advance,
    Clearing,
    ClearingAct,
    IncomeEntry,
    PointsEntry,
    Pool,
    PoolRevision,
    Refusal,
    Score,
    Share,
    SubsidyEntry,
    UseDay,
)
from yilian.kernel.text import _
from yilian.registry.directory.services.loading import copy_in, counted


@transaction.atomic
def load_many(
    actor: Actor,
    *,
    pools: Sequence[Pool] = (),
    revisions: Sequence[PoolRevision] = (),
    days: Sequence[UseDay] = (),
    advances: Sequence[Advance] = (),
    refusals: Sequence[Refusal] = (),
    scores: Sequence[Score] = (),
    clearings: Sequence[Clearing] = (),
    acts: Sequence[ClearingAct] = (),
    shares: Sequence[Share] = (),
    subsidies: Sequence[SubsidyEntry] = (),
    incomes: Sequence[IncomeEntry] = (),
    points: Sequence[PointsEntry] = (),
) -> None:
    """Unsaved rows by COPY under the same constraints, in the order of a year: what
    a clearing freezes stands before it."""
    require(actor.reach is Reach.SYSTEM, _("批量载入只由系统执行。"))
    batches: tuple[Sequence[models.Model], ...] = (
        pools, revisions, days, advances, refusals, scores, clearings, acts, shares,
        subsidies, incomes, points,
    )  # fmt: skip
    for rows in batches:
        copy_in(rows)
    record(actor, "budget.load", detail=counted(batches))
