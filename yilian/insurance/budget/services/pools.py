"""Opening a pool and changing its standards, by two people of the insurer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from yilian.foundation.access.actor import Actor
from yilian.foundation.access.database import one_at_a_time
from yilian.foundation.access.scope import find, require
from yilian.foundation.idempotency.services import once
from yilian.insurance.budget import policies
from yilian.insurance.budget.models import Pool, PoolRevision
from yilian.insurance.budget.queries.terms import set_on
from yilian.insurance.budget.rules.states import RevisionState
from yilian.insurance.budget.rules.terms import Kept, in_force_of, kept_of
from yilian.insurance.budget.rules.year import pool_of
from yilian.insurance.budget.services.keeping import (
    INSURERS,
    audited,
    pool_in_line,
    require_account,
    require_open,
    tell_consortium,
)
from yilian.kernel.areas import AreaLevel, level_of
from yilian.kernel.errors import Conflict, Invalid
from yilian.kernel.money import from_fen
from yilian.kernel.safe_text import required_text
from yilian.kernel.text import _
from yilian.registry.consortium.models import Consortium

_AREAS: Final = frozenset({AreaLevel.CITY, AreaLevel.COUNTY})
_LONGEST: Final = 300
_LONGEST_SOURCE: Final = 200


@dataclass(frozen=True, slots=True)
class Terms:
    """What a revision says; None leaves a value as the released set has it."""

    heads: int
    reason: str
    source: str
    per_capita: Decimal | None = None
    premium: Decimal | None = None
    reserve_rate: Decimal | None = None
    advance_rate: Decimal | None = None
    keep: Any = None
    overspend: Any = None
    shares: Mapping[str, int] | None = None

    def changed(self) -> dict[str, Any]:
        names = ("per_capita", "premium", "reserve_rate", "advance_rate")
        tables = ("keep", "overspend", "shares")
        return {name: getattr(self, name) for name in (*names, *tables)}


@transaction.atomic
def open_pool(
    actor: Actor,
    *,
    key: UUID,
    consortium_id: UUID,
    area_code: str,
    year: int,
    terms: Terms,
) -> Pool:
    """With its first revision, which another insurer then releases."""
    require(policies.can_open(actor, area_code), INSURERS)
    account = require_account(actor)

    def make() -> UUID:
        consortium = find(Consortium.objects.all(), consortium_id)
        _require_area(area_code, consortium, year)
        pool = Pool.objects.create(
            consortium=consortium,
            area_code=area_code,
            year=year,
            opened_by_id=account,
            opened_at=timezone.now(),
        )
        _propose(actor, pool, date(year, 1, 1), terms)
        audited(actor, "open_pool", pool, area=area_code)
        return pool.pk

    return Pool.objects.get(pk=once(actor, key, "budget.open_pool", make))


@transaction.atomic
def revise_pool(
    actor: Actor, pool_id: UUID, *, key: UUID, starts_on: date, terms: Terms
) -> PoolRevision:
    """A new proposal; nothing changes before it is released."""
    pool = pool_in_line(actor, pool_id)
    require(policies.can_revise(actor, pool), INSURERS)

    def make() -> UUID:
        require_open(pool)
        if starts_on.year != pool.year:
            raise Invalid(fields={"starts_on": _("生效日期须在本年度内。")})
        if pool.revisions.filter(state=RevisionState.PROPOSED.value).exists():
            raise Conflict(_("已有一份待复核的修订，请先发布或退回它。"))
        return _propose(actor, pool, starts_on, terms).pk

    made = once(actor, key, "budget.revise_pool", make)
    return PoolRevision.objects.get(pk=made)


@transaction.atomic
def release_revision(actor: Actor, revision_id: UUID) -> PoolRevision:
    revision = _waiting(actor, revision_id)
    _decide(actor, revision, RevisionState.RELEASED, "")
    tell_consortium(
        revision.pool,
        _("{consortium}{year} 年总额标准已发布，请查看可用额度和每月预付。"),
        f"budget.revision:{revision.pk}",
        reverse("budget:pool", args=[revision.pool_id]),
    )
    return revision


@transaction.atomic
def reject_revision(actor: Actor, revision_id: UUID, *, note: str) -> PoolRevision:
    revision = _waiting(actor, revision_id)
    words = required_text(note, max_length=_LONGEST)
    _decide(actor, revision, RevisionState.REJECTED, words)
    return revision


def unsaved_revision(
    pool: Pool, number: int, starts_on: date, terms: Terms, kept: Kept
) -> PoolRevision:
    """With what the values come to; also for bulk loading."""
    in_force = in_force_of(kept, starts_on)
    amounts = pool_of(terms.heads, in_force)
    return PoolRevision(
        pool=pool,
        number=number,
        starts_on=starts_on,
        heads=terms.heads,
        per_capita=in_force.value("budget.per_capita_standard"),
        premium=in_force.value("budget.serious_premium_per_head"),
        reserve_rate=in_force.value("budget.reserve_rate"),
        advance_rate=in_force.value("budget.advance_rate"),
        rules=dict(kept),
        pool_amount=from_fen(amounts.pool),
        premium_amount=from_fen(amounts.premium),
        reserve_amount=from_fen(amounts.reserve),
        available=from_fen(amounts.available),
        monthly_advance=from_fen(amounts.monthly_advance),
        deposit=from_fen(amounts.deposit),
        reason=required_text(terms.reason, max_length=_LONGEST),
        source=required_text(terms.source, max_length=_LONGEST_SOURCE),
        proposed_at=timezone.now(),
    )


def _propose(actor: Actor, pool: Pool, starts_on: date, terms: Terms) -> PoolRevision:
    if terms.heads < 1:
        raise Invalid(fields={"heads": _("参保人数至少为 1。")})
    as_set = set_on(starts_on, pool.area_code)
    kept = kept_of(as_set, terms.changed(), terms.source)
    revision = unsaved_revision(pool, _next_number(pool), starts_on, terms, kept)
    revision.proposed_by_id = require_account(actor)
    revision.save(force_insert=True)
    audited(actor, "propose_revision", pool, revision, heads=terms.heads)
    return revision


def _next_number(pool: Pool) -> int:
    last = pool.revisions.order_by("-number").values_list("number", flat=True).first()
    return (last or 0) + 1


def _waiting(actor: Actor, revision_id: UUID) -> PoolRevision:
    pools = Pool.objects.visible_to(actor)
    revision = find(PoolRevision.objects.filter(pool__in=pools), revision_id)
    pool = pool_in_line(actor, revision.pool_id)
    revision.refresh_from_db()
    require(
        policies.can_decide_revision(actor, pool, revision.proposed_by_id),
        _("总额标准须由提出人以外的另一位医保经办复核。"),
    )
    require_open(pool)
    if revision.state != RevisionState.PROPOSED:
        raise Conflict(_("这份修订已经处理过。请刷新页面查看结果。"))
    revision.pool = pool
    return revision


def _decide(
    actor: Actor, revision: PoolRevision, state: RevisionState, note: str
) -> None:
    revision.state = state.value
    revision.note = note
    revision.decided_by_id = require_account(actor)
    revision.decided_at = timezone.now()
    revision.save(update_fields=["state", "note", "decided_by", "decided_at"])
    audited(actor, f"{state}_revision", revision.pool, revision)


def _require_area(area_code: str, consortium: Consortium, year: int) -> None:
    if level_of(area_code) not in _AREAS:
        raise Invalid(fields={"area_code": _("请填写市（4 位）或县（6 位）的代码。")})
    if not area_code.startswith(consortium.area_code):
        raise Invalid(fields={"area_code": _("这个地区不在该医联体的服务区域内。")})
    one_at_a_time(f"budget.year.{year}")
    for known in Pool.objects.filter(year=year).values_list("area_code", flat=True):
        if known.startswith(area_code) or area_code.startswith(known):
            raise Conflict(
                _("{area} 的参保人 {year} 年已在另一个总额之内，不能重复计算。"),
                area=known,
                year=year,
            )
