"""If this goes on, and if something changed: what the year would come to.

Two things can be moved. Outflow: so many points of all that is spent come back and
are treated inside, at the inside's price. Compliance: so many points of what
hospital stays cost come by referral that would have come without one; the fund then
pays them the whole ratio instead of half of it (NX-3.2-d), and a stated part of them
is treated inside. Prices and parts are assumptions: they are said beside the result.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from yilian.insurance.budget.rules.year import Cleared, Pool, Spent, clear
from yilian.insurance.policy.rules.sets import InForce
from yilian.insurance.settlement.rules.trace import Ratio, Step, told
from yilian.kernel.errors import Invalid
from yilian.kernel.money import MILLION, Fen, Millionths, share, to_millionths
from yilian.kernel.text import _

HALF: Final = 2
MOST_POINTS: Final = Decimal(50)


@dataclass(frozen=True, slots=True)
class Wish:
    """Points are of a hundred; price and part are of one."""

    outflow_points: Decimal = Decimal(0)
    compliance_points: Decimal = Decimal(0)
    inside_price: Decimal = Decimal("0.70")
    stays_inside: Decimal = Decimal("0.40")

    def require_sense(self) -> None:
        points = ("outflow_points", "compliance_points")
        wrong = {
            name: _("请填 0 至 50 个百分点。")
            for name in points
            if not 0 <= getattr(self, name) <= MOST_POINTS
        }
        wrong |= {
            name: _("请填 0 至 1 之间的比例。")
            for name in ("inside_price", "stays_inside")
            if not 0 <= getattr(self, name) <= 1
        }
        if wrong:
            raise Invalid(fields=wrong)


@dataclass(frozen=True, slots=True)
class Facts:
    """The year as it is foreseen to end."""

    inside: Fen
    outside: Fen
    refused: Fen
    unreasonable: Fen
    stays_basic: Fen  # what the fund pays for hospital stays
    stays_total: Fen  # what they cost


@dataclass(frozen=True, slots=True)
class Simulated:
    before: Cleared
    after: Cleared
    inside: Fen
    outside: Fen
    steps: tuple[Step, ...]


def simulate(
    pool: Pool, facts: Facts, wish: Wish, score: Decimal, in_force: InForce
) -> Simulated:
    wish.require_sense()
    price = to_millionths(wish.inside_price)
    moved, turned = _moved(facts, wish), _turned(facts, wish)
    stay_in = share(turned, to_millionths(wish.stays_inside))
    inside = facts.inside + share(moved, price) + share(stay_in, price)
    outside = max(0, facts.outside - moved - turned // HALF + turned - stay_in)
    steps = _steps(wish, price, moved, turned, stay_in)
    as_foreseen = Spent(facts.inside, facts.outside, facts.refused, facts.unreasonable)
    changed = replace(as_foreseen, inside=inside, outside=outside)
    return Simulated(
        before=clear(pool, as_foreseen, score, in_force),
        after=clear(pool, changed, score, in_force),
        inside=inside,
        outside=outside,
        steps=steps,
    )


def _moved(facts: Facts, wish: Wish) -> Fen:
    points = to_millionths(wish.outflow_points / 100)
    return min(facts.outside, share(facts.inside + facts.outside, points))


def _turned(facts: Facts, wish: Wish) -> Fen:
    """What the fund pays for those stays at the whole ratio."""
    return share(facts.stays_basic, to_millionths(wish.compliance_points / 100))


def _steps(
    wish: Wish, price: Millionths, moved: Fen, turned: Fen, stay_in: Fen
) -> tuple[Step, ...]:
    return (
        told(
            "moved", _("外流回到内部"), "NX-3.2-e",
            (_("全年支出 × 外流下降的百分点，按内部价格支付"),
             _("{result} 由外部转为内部，按 {price} 支付")),
            moved, price=Ratio(price),
        ),
        told(
            "turned", _("住院改为合规转诊"), "NX-3.2-d",
            (_("住院基金支付 × 合规上升的百分点；原按一半比例支付，现按全额比例"),
             _("{result} 改按全额比例支付，其中 {inside} 留在内部，按 {price} 支付")),
            turned, inside=stay_in, price=Ratio(price),
        ),
    )  # fmt: skip


def price_of(inside: tuple[Fen, int], outside: tuple[Fen, int]) -> Decimal | None:
    """The mean stay inside over the mean stay outside, where both are known."""
    (fen_in, n_in), (fen_out, n_out) = inside, outside
    if n_in <= 0 or n_out <= 0 or fen_in <= 0 or fen_out <= 0:
        return None
    millionths = fen_in * n_out * MILLION // (n_in * fen_out)
    return min(Decimal(1), (Decimal(millionths) / MILLION).quantize(Decimal("0.01")))


def shares_of(cleared: Cleared, shares: Mapping[str, int]) -> dict[str, Fen]:
    """By level: what is kept, or (below zero) what is to be borne."""
    if cleared.balance >= 0:
        return dict(cleared.by_level)
    whole = sum(shares.values())
    return {
        level: -cleared.consortium_share * part // whole
        for level, part in shares.items()
    }
