"""One consortium's year: pool, advances, clearing, distribution (RI-9, NX-3.2-e).

Amounts are whole fen. Covered people count, not patients: what their care cost
outside the consortium is its cost, what people from elsewhere cost here is not.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from yilian.insurance.policy.rules.sets import InForce
from yilian.insurance.settlement.rules.trace import Ratio, Step, told
from yilian.kernel.errors import Invalid
from yilian.kernel.money import MILLION, Fen, Millionths, share, to_fen, to_millionths
from yilian.kernel.text import _

GROUND: Final = "RI-9"
MONTHS: Final = 12
FULL_SCORE: Final = 100


class BudgetWrong(Invalid):
    code = "budget-wrong"


@dataclass(frozen=True, slots=True)
class Spent:
    """What was paid for the covered people, and what is the consortium's fault."""

    inside: Fen
    outside: Fen
    refused: Fen = 0  # by audit
    unreasonable: Fen = 0  # audit, siphoning, avoidable outflow

    @property
    def actual(self) -> Fen:
        return self.inside + self.outside - self.refused


@dataclass(frozen=True, slots=True)
class Pool:
    pool: Fen
    premium: Fen
    reserve: Fen
    available: Fen
    monthly_advance: Fen
    deposit: Fen  # held back until the year is assessed
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Cleared:
    """Either a surplus or an overspend; what is not retained stays with the fund."""

    available: Fen
    actual: Fen
    balance: Fen
    retained: Fen
    fund_share: Fen  # of an overspend
    consortium_share: Fen
    by_level: Mapping[str, Fen] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()


def pool_of(heads: int, in_force: InForce) -> Pool:
    """What the consortium has for the year, and each month's advance."""
    if heads < 0:
        raise BudgetWrong(_("参保人数不能为负数。"))
    standard = to_fen(in_force.value("budget.per_capita_standard"))
    premium_each = to_fen(in_force.value("budget.serious_premium_per_head"))
    rate = to_millionths(in_force.value("budget.reserve_rate"))
    pool, premium = heads * standard, heads * premium_each
    if premium > pool:
        raise BudgetWrong(_("大病保险保费大于人头总额，请检查参数。"))
    reserve = share(pool - premium, rate)
    available = pool - premium - reserve
    advance_rate = to_millionths(in_force.value("budget.advance_rate"))
    advance = _divided(available * advance_rate, MONTHS * MILLION)
    refer = in_force.reference
    steps = (
        told("pool", _("人头总额"), GROUND,
             (_("参保人数 × 人头标准"), _("{heads} 人 × {standard} = {result}")),
             pool, references=(refer("budget.per_capita_standard"),),
             heads=str(heads), standard=standard),
        told("available", _("可用额度"), GROUND,
             (_("（总额 − 大病保险保费）× （1 − 储备金比例）"),
              _("{pool} − {premium} − {reserve} = {result}")),
             available,
             references=(refer("budget.serious_premium_per_head"),
                         refer("budget.reserve_rate")),
             pool=pool, premium=premium, reserve=reserve),
        told("monthly_advance", _("每月预付"), GROUND,
             (_("可用额度 ÷ 12 × 预付比例"), _("{available} ÷ 12 × {rate} = {result}")),
             advance, references=(refer("budget.advance_rate"),),
             available=available, rate=Ratio(advance_rate)),
    )  # fmt: skip
    deposit = available - MONTHS * advance
    return Pool(pool, premium, reserve, available, advance, deposit, steps)


def clear(
    pool: Pool,
    spent: Spent,
    score: Decimal,
    in_force: InForce,
    *,
    performance: Mapping[str, Decimal] | None = None,
) -> Cleared:
    """Year-end clearing, 年度清算. `performance` weighs the levels' shares (1 each)."""
    _require_facts(spent, score)
    balance = pool.available - spent.actual
    first = told(
        "balance", _("结余"), GROUND,
        (_("可用额度 − （内部支付 + 外流 − 审核扣减）"),
         _("{available} − （{inside} + {outside} − {refused}）= {result}")),
        balance, available=pool.available, inside=spent.inside,
        outside=spent.outside, refused=spent.refused,
    )  # fmt: skip
    if balance >= 0:
        return _surplus(
            pool, spent, score, in_force, first, performance=performance or {}
        )
    return _overspend(pool, spent, in_force, first)


def keep_ratio(score: Decimal, in_force: InForce) -> Millionths:
    """How much of a surplus may be kept at a quality score, 结余留用."""
    reached = [b.ratio for b in in_force.value("budget.keep") if score >= b.start]
    return to_millionths(reached[-1])


def distributed(amount: Fen, weights: Mapping[str, Decimal]) -> dict[str, Fen]:
    """By weight; what rounding leaves over goes to the largest remainders."""
    whole = sum(weights.values())
    if whole <= 0 or min(weights.values()) < 0:
        raise BudgetWrong(_("分配份额须不小于 0，且不能全部为 0。"))
    exact = {name: amount * weight / whole for name, weight in weights.items()}
    parts = {name: int(part) for name, part in exact.items()}
    over = amount - sum(parts.values())
    by_remainder = sorted(exact, key=lambda n: (parts[n] - exact[n], -weights[n], n))
    for name in by_remainder[:over]:
        parts[name] += 1
    return parts


def _surplus(
    pool: Pool,
    spent: Spent,
    score: Decimal,
    in_force: InForce,
    first: Step,
    *,
    performance: Mapping[str, Decimal],
) -> Cleared:
    balance = pool.available - spent.actual
    ratio = keep_ratio(score, in_force)
    retained = share(balance, ratio)
    shares: Mapping[str, int] = in_force.value("budget.shares")
    weights = {n: s * performance.get(n, Decimal(1)) for n, s in shares.items()}
    step = told(
        "retained", _("结余留用"), GROUND,
        (_("结余 × 考核得分对应的留用比例"), _("{balance} × {ratio} = {result}")),
        retained, references=(in_force.reference("budget.keep"),),
        remark=_("考核得分 {score}。"), balance=balance, ratio=Ratio(ratio),
        score=str(score),
    )  # fmt: skip
    return Cleared(
        pool.available, spent.actual, balance, retained, 0, 0,
        distributed(retained, weights) if retained else dict.fromkeys(weights, 0),
        (first, step),
    )  # fmt: skip


def _overspend(pool: Pool, spent: Spent, in_force: InForce, first: Step) -> Cleared:
    over = spent.actual - pool.available
    unreasonable = min(spent.unreasonable, over)
    reasonable = over - unreasonable
    fund = _fund_share(reasonable, pool.available, in_force)
    step = told(
        "overspend", _("超支分担"), GROUND,
        (_("不合理部分由医联体承担，合理部分分段共担"),
         _("超支 {over}，其中不合理 {unreasonable}，合理 {reasonable}；"
           "基金 {result}，医联体 {consortium}")),
        fund, references=(in_force.reference("budget.overspend"),),
        over=over, unreasonable=unreasonable, reasonable=reasonable,
        consortium=over - fund,
    )  # fmt: skip
    return Cleared(
        pool.available, spent.actual, -over, 0, fund, over - fund, {}, (first, step)
    )


def _fund_share(reasonable: Fen, available: Fen, in_force: InForce) -> Fen:
    """Band by band of the overspend's part of what was available."""
    bands = in_force.value("budget.overspend")
    starts = [share(available, to_millionths(band.start)) for band in bands]
    ends = [*starts[1:], max(reasonable, starts[-1])]
    return sum(
        share(max(min(reasonable, end) - start, 0), to_millionths(band.ratio))
        for band, start, end in zip(bands, starts, ends, strict=True)
    )


def _require_facts(spent: Spent, score: Decimal) -> None:
    if not 0 <= score <= FULL_SCORE:
        raise BudgetWrong(_("考核得分应在 0 到 100 之间。"))
    if min(spent.inside, spent.outside, spent.refused, spent.unreasonable) < 0:
        raise BudgetWrong(_("金额不能为负数。"))


def _divided(amount: int, by: int) -> Fen:
    return (2 * amount + by) // (2 * by)
