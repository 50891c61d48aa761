"""What the insurer pays, what its audit finds, and the quality score."""

from datetime import date
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from yilian.foundation.access.actor import Actor
from yilian.foundation.access.scope import find, require
from yilian.foundation.idempotency.services import once
from yilian.insurance.budget import policies
from yilian.insurance.budget.models import Advance, Pool, Refusal, Score, UseDay
from yilian.insurance.budget.queries import guards, sums
from yilian.insurance.budget.rules.states import Finding
from yilian.insurance.budget.services.keeping import (
    INSURERS,
    audited,
    pool_in_line,
    require_account,
    require_open,
)
from yilian.kernel.errors import Conflict, Invalid
from yilian.kernel.money import ZERO
from yilian.kernel.safe_text import required_text
from yilian.kernel.text import _
from yilian.registry.directory.models import Institution

FULL_SCORE: Final = 100
_MONTHS: Final = 12
_LONGEST: Final = 300
_LONGEST_EVIDENCE: Final = 200


@transaction.atomic
def pay_advance(
    actor: Actor,
    pool_id: UUID,
    *,
    key: UUID,
    month: int,
    amount: Decimal,
    paid_on: date,
    evidence: str,
) -> Advance:
    """Once a month, and never more than the year has."""
    pool = pool_in_line(actor, pool_id)
    require(policies.can_pay(actor, pool), INSURERS)

    def make() -> UUID:
        require_open(pool)
        _require_month(pool, month, paid_on)
        known = _of_month(pool, month)
        revision = sums.revision_on(pool, date(pool.year, month, 1))
        if revision is None:
            raise Conflict(_("这个总额还没有发布的标准，请先复核发布。"))
        if amount <= 0:
            raise Invalid(fields={"amount": _("金额须大于 0。")})
        left = revision.available - sums.advanced(pool)
        if amount > left:
            raise Invalid(fields={"amount": _("超过全年可用额度的余额，请核对金额。")})
        paid = Advance.objects.create(
            pool=pool,
            revision=revision,
            month=month,
            amount=amount,
            due=revision.monthly_advance,
            paid_on=paid_on,
            evidence=required_text(evidence, max_length=_LONGEST_EVIDENCE),
            replaces=known,
            by_id=require_account(actor),
            at=timezone.now(),
        )
        audited(actor, "pay_advance", pool, paid, month=month, amount=str(amount))
        return paid.pk

    return Advance.objects.get(pk=once(actor, key, "budget.pay_advance", make))


@transaction.atomic
def take_back_advance(
    actor: Actor, advance_id: UUID, *, key: UUID, reason: str
) -> Advance:
    """A red entry; the month can then be paid anew."""
    pools = Pool.objects.visible_to(actor)
    paid = find(Advance.objects.filter(pool__in=pools), advance_id)
    pool = pool_in_line(actor, paid.pool_id)
    require(policies.can_pay(actor, pool), INSURERS)

    def make() -> UUID:
        require_open(pool)
        if paid.reverses_id or Advance.objects.filter(reverses=paid).exists():
            raise Conflict(_("这笔预付已经冲销。请刷新页面查看。"))
        red = Advance.objects.create(
            pool=pool,
            revision=paid.revision,
            month=paid.month,
            amount=-paid.amount,
            due=paid.due,
            paid_on=timezone.localdate(),
            evidence=required_text(reason, max_length=_LONGEST_EVIDENCE),
            reverses=paid,
            by_id=require_account(actor),
            at=timezone.now(),
        )
        audited(actor, "take_back_advance", pool, red, month=paid.month)
        return red.pk

    made = once(actor, key, "budget.take_back_advance", make)
    return Advance.objects.get(pk=made)


@transaction.atomic
def refuse_amount(
    actor: Actor,
    pool_id: UUID,
    *,
    key: UUID,
    institution_id: UUID,
    finding: Finding,
    found_on: date,
    amount: Decimal,
    reason: str,
    evidence: str,
    settlement_number: str = "",
    settlement_id: UUID | None = None,
) -> Refusal:
    pool = pool_in_line(actor, pool_id)
    require(policies.can_refuse(actor, pool), INSURERS)

    def make() -> UUID:
        require_open(pool)
        house = find(Institution.objects.all(), institution_id)
        if amount <= 0:
            raise Invalid(fields={"amount": _("金额须大于 0。")})
        if finding is Finding.REFUSED and amount > _not_refused(pool, house):
            raise Invalid(
                fields={"amount": _("超过这家机构本年度的基金支付，请核对金额。")}
            )
        found = Refusal.objects.create(
            pool=pool,
            institution=house,
            finding=finding.value,
            found_on=found_on,
            amount=amount,
            settlement_id=settlement_id,
            settlement_number=settlement_number[:40],
            reason=required_text(reason, max_length=_LONGEST),
            evidence=required_text(evidence, max_length=_LONGEST_EVIDENCE),
            by_id=require_account(actor),
            at=timezone.now(),
        )
        audited(actor, "refuse_amount", pool, found, finding=finding.value)
        return found.pk

    return Refusal.objects.get(pk=once(actor, key, "budget.refuse_amount", make))


@transaction.atomic
def take_back_refusal(
    actor: Actor, refusal_id: UUID, *, key: UUID, reason: str
) -> Refusal:
    """On review the audit was wrong: a red entry."""
    pools = Pool.objects.visible_to(actor)
    found = find(Refusal.objects.filter(pool__in=pools), refusal_id)
    pool = pool_in_line(actor, found.pool_id)
    require(policies.can_refuse(actor, pool), INSURERS)

    def make() -> UUID:
        require_open(pool)
        if found.reverses_id or Refusal.objects.filter(reverses=found).exists():
            raise Conflict(_("这笔审核已经冲销。请刷新页面查看。"))
        red = Refusal.objects.create(
            pool=pool,
            institution_id=found.institution_id,
            finding=found.finding,
            found_on=timezone.localdate(),
            amount=-found.amount,
            settlement_id=found.settlement_id,
            settlement_number=found.settlement_number,
            reason=required_text(reason, max_length=_LONGEST),
            evidence=found.evidence,
            reverses=found,
            by_id=require_account(actor),
            at=timezone.now(),
        )
        audited(actor, "take_back_refusal", pool, red)
        return red.pk

    made = once(actor, key, "budget.take_back_refusal", make)
    return Refusal.objects.get(pk=made)


@transaction.atomic
def set_score(
    actor: Actor, pool_id: UUID, *, key: UUID, value: Decimal, source: str
) -> Score:
    """With the guards as they stood: whoever sets it has seen them."""
    pool = pool_in_line(actor, pool_id)
    require(policies.can_score(actor, pool), INSURERS)

    def make() -> UUID:
        require_open(pool)
        if not 0 <= value <= FULL_SCORE:
            raise Invalid(fields={"value": _("考核得分应在 0 到 100 之间。")})
        score = Score.objects.create(
            pool=pool,
            value=value,
            source=required_text(source, max_length=_LONGEST_EVIDENCE),
            guards=[line.kept() for line in guards.guards_of(pool)],
            by_id=require_account(actor),
            at=timezone.now(),
        )
        audited(actor, "set_score", pool, score, value=str(value))
        return score.pk

    return Score.objects.get(pk=once(actor, key, "budget.set_score", make))


def _require_month(pool: Pool, month: int, paid_on: date) -> None:
    if not 1 <= month <= _MONTHS:
        raise Invalid(fields={"month": _("月份应为 1 至 12。")})
    if paid_on > timezone.localdate():
        raise Invalid(fields={"paid_on": _("拨付日期不能在今天之后。")})
    if date(pool.year, month, 1) > timezone.localdate():
        raise Invalid(fields={"month": _("这个月还没有开始，不能提前拨付。")})


def _of_month(pool: Pool, month: int) -> Advance | None:
    """The red entry that a new payment replaces; refused while one is paid."""
    rows = Advance.objects.filter(pool=pool, month=month).order_by("at", "pk")
    last = rows.last()
    if last is not None and last.reverses_id is None:
        raise Conflict(
            _("{month} 月的预付已经拨付，不能重复。如有错误，请先冲销原来的一笔。"),
            month=month,
        )
    return last


def _not_refused(pool: Pool, house: Institution) -> Decimal:
    used = UseDay.objects.filter(pool=pool, institution=house)
    refused = Refusal.objects.filter(
        pool=pool, institution=house, finding=Finding.REFUSED.value
    )
    paid: Decimal = used.aggregate(sum=Sum("basic"))["sum"] or ZERO
    taken: Decimal = refused.aggregate(sum=Sum("amount"))["sum"] or ZERO
    return paid - taken
