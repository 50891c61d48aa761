"""Money beside the pool: subsidies by result, and what a house may give its staff."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from yilian.insurance.budget.rules.year import distributed
from yilian.insurance.policy.rules.leaves import Band
from yilian.insurance.settlement.rules.trace import Ratio, Step, told
from yilian.kernel.errors import Invalid
from yilian.kernel.money import Fen, share, to_millionths
from yilian.kernel.text import _

SUBSIDY: Final = "NX-3.1-b"
INCOME: Final = "NX-3.3-a"
FULL_SCORE: Final = 100


@dataclass(frozen=True, slots=True)
class Linked:
    factor: Decimal
    amount: Fen
    step: Step


def factor_of(score: Decimal, bands: Sequence[Band]) -> Decimal:
    return [band.ratio for band in bands if score >= band.start][-1]


def subsidy(
    base: Fen, linked_rate: Decimal, score: Decimal, bands: Sequence[Band]
) -> Linked:
    """The linked part follows the result of the assessment, the rest does not."""
    if not 0 <= score <= FULL_SCORE:
        raise Invalid(fields={"score": _("考核得分应在 0 到 100 之间。")})
    if base < 0:
        raise Invalid(fields={"base": _("金额不能为负数。")})
    factor = factor_of(score, bands)
    linked = share(base, to_millionths(linked_rate))
    by_result = share(linked, to_millionths(factor))
    amount = base - linked + by_result
    step = told(
        "subsidy", _("与考核挂钩的补助"), SUBSIDY,
        (_("核定补助 × （1 − 挂钩比例） + 核定补助 × 挂钩比例 × 考核系数"),
         _("{base} − {linked} + {linked} × {factor} = {result}")),
        amount, base=base, linked=linked, factor=Ratio(to_millionths(factor)),
    )  # fmt: skip
    return Linked(factor, amount, step)


@dataclass(frozen=True, slots=True)
class Income:
    """What one month's service income leaves for the staff."""

    income: Fen
    cost: Fen
    funds: Fen
    distributable: Fen
    steps: tuple[Step, ...]


def distributable(
    income: Fen, cost: Fen, fund_rate: Decimal, staff_rate: Decimal
) -> Income:
    """Two permissions, 两个允许: income − cost − funds, mainly for the staff."""
    if min(income, cost) < 0:
        raise Invalid(fields={"income": _("金额不能为负数。")})
    left = max(0, income - cost)
    funds = share(left, to_millionths(fund_rate))
    amount = share(left - funds, to_millionths(staff_rate))
    steps = (
        told(
            "funds", _("按规定提取的各项基金"), INCOME,
            (_("（收入 − 成本） × 提取比例"),
             _("（{income} − {cost}） × {rate} = {result}")),
            funds, income=income, cost=cost, rate=Ratio(to_millionths(fund_rate)),
        ),
        told(
            "distributable", _("可用于人员奖励"), INCOME,
            (_("（收入 − 成本 − 基金） × 人员奖励比例"),
             _("（{income} − {cost} − {funds}） × {rate} = {result}")),
            amount, income=income, cost=cost, funds=funds,
            rate=Ratio(to_millionths(staff_rate)),
        ),
    )  # fmt: skip
    return Income(income, cost, funds, amount, steps)


def by_points(amount: Fen, points: Mapping[str, Decimal]) -> dict[str, Fen]:
    """Each person's part by points; nobody below zero (NX-3.3-b)."""
    counted = {who: max(Decimal(0), value) for who, value in points.items()}
    if not any(counted.values()):
        return dict.fromkeys(counted, 0)
    return distributed(amount, counted)
