"""What a referral does to the two houses: income, cost, and their part of the budget,
before and after the sharing rule (LZ-2.2-e, RI-9).

Compared are the stay at the sender's and the stay at the receiver's, each at its
usual cost. Whoever treats has the income and the cost. Under a global budget the
fund's payment leaves the pool; what the pool keeps is shared by rule.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from yilian.insurance.settlement.rules.trace import Ratio, Step, told
from yilian.kernel.money import Fen, Millionths, share
from yilian.kernel.text import _

GROUND: Final = "LZ-2.2-e"
_OWN: Final = (
    _("次均费用 × 成本率"),
    _("收入 {total}，成本 {total} × {rate} = {result}"),
)


@dataclass(frozen=True, slots=True)
class Stay:
    """At one house: its usual total, what the fund pays of it, what treating costs."""

    house_id: UUID
    total: Fen
    fund: Fen
    cost_rate: Millionths

    @property
    def cost(self) -> Fen:
        return share(self.total, self.cost_rate)

    @property
    def margin(self) -> Fen:
        return self.total - self.cost


@dataclass(frozen=True, slots=True)
class Sharing:
    """`shares` by house, in millionths of what the pool keeps."""

    shares: Mapping[UUID, Millionths]
    keep_ratio: Millionths


@dataclass(frozen=True, slots=True)
class HouseEffect:
    """What the referral changes for a house, against treating at the sender's."""

    house_id: UUID
    income: Fen
    cost: Fen
    pool_share: Fen

    @property
    def before(self) -> Fen:
        """Without the sharing rule."""
        return self.income - self.cost

    @property
    def after(self) -> Fen:
        return self.before + self.pool_share


@dataclass(frozen=True, slots=True)
class Effect:
    sender: HouseEffect
    receiver: HouseEffect
    pool_change: Fen  # what the pool has more (less) at the year's end
    kept: Fen
    steps: tuple[Step, ...]


def effect_of(here: Stay, there: Stay, sharing: Sharing | None) -> Effect:
    """Of sending the patient from `here` to `there`."""
    change = here.fund - there.fund if sharing else 0
    kept = _kept(change, sharing)
    return Effect(
        sender=_house(here.house_id, -here.total, -here.cost, kept, sharing),
        receiver=_house(there.house_id, there.total, there.cost, kept, sharing),
        pool_change=change,
        kept=kept,
        steps=_steps(here, there, change, kept, sharing),
    )


def _kept(change: Fen, sharing: Sharing | None) -> Fen:
    """Of what is saved a part may be kept; what is spent more is missed as much."""
    if sharing is None:
        return 0
    part = share(abs(change), sharing.keep_ratio)
    return part if change >= 0 else -part


def _house(
    house_id: UUID, income: Fen, cost: Fen, kept: Fen, sharing: Sharing | None
) -> HouseEffect:
    own = sharing.shares.get(house_id, 0) if sharing else 0
    part = share(abs(kept), own)
    return HouseEffect(house_id, income, cost, part if kept >= 0 else -part)


def _steps(
    here: Stay, there: Stay, change: Fen, kept: Fen, sharing: Sharing | None
) -> tuple[Step, ...]:
    found = [
        told("here", _("在转出机构治疗"), GROUND,
             _OWN,
             here.cost, total=here.total, rate=Ratio(here.cost_rate)),
        told("there", _("在接收机构治疗"), GROUND,
             _OWN,
             there.cost, total=there.total, rate=Ratio(there.cost_rate)),
    ]  # fmt: skip
    if sharing is not None:
        found.append(
            told("pool", _("总额的变化"), "RI-9",
                 (_("转出机构治疗时的基金支付 − 接收机构治疗时的基金支付"),
                  _("{here} − {there} = {result}")),
                 change, here=here.fund, there=there.fund)
        )  # fmt: skip
        found.append(
            told("kept", _("可留用的部分"), "RI-9",
                 (_("总额的变化 × 留用比例"), _("{change} × {ratio} = {result}")),
                 kept, change=change, ratio=Ratio(sharing.keep_ratio))
        )  # fmt: skip
        for code, title, stay in (
            ("sender", _("转出机构的份额"), here),
            ("receiver", _("接收机构的份额"), there),
        ):
            own = sharing.shares.get(stay.house_id, 0)
            part = share(abs(kept), own)
            found.append(
                told(code, title, "RI-9",
                     (_("可留用的部分 × 份额"), _("{kept} × {own} = {result}")),
                     part if kept >= 0 else -part, kept=kept, own=Ratio(own))
            )  # fmt: skip
    return tuple(found)
