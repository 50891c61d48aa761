"""Where the lines of the flow picture run: payers left, payees right. Geometry only."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

WIDTH: Final = 640
MOST: Final = 16
_LEFT, _RIGHT, _BAR = 168, 472, 10
_TOP, _GAP, _LEAST, _SPACE = 12, 12, 2.0, 300.0


@dataclass(frozen=True, slots=True)
class Debt:
    payer: str
    payee: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Node:
    name: str
    amount: Decimal
    x: float
    y: float
    height: float

    @property
    def middle(self) -> float:
        return round(self.y + self.height / 2, 1)


@dataclass(frozen=True, slots=True)
class Band:
    path: str
    width: float
    debt: Debt


@dataclass(frozen=True, slots=True)
class Flow:
    payers: list[Node]
    payees: list[Node]
    bands: list[Band]
    height: float
    bar: int = _BAR
    width: int = WIDTH


def flow(debts: Sequence[Debt]) -> Flow:
    """The largest debts as bands as wide as their amounts."""
    shown = sorted(debts, key=lambda debt: -debt.amount)[:MOST]
    total = sum((debt.amount for debt in shown), Decimal(0))
    scale = _SPACE / float(total) if total else 0.0
    payers = _nodes([(debt.payer, debt.amount) for debt in shown], scale, _LEFT)
    payees = _nodes([(debt.payee, debt.amount) for debt in shown], scale, _RIGHT)
    ends = [node.y + node.height for node in (*payers, *payees)]
    height = max(ends, default=0.0) + _TOP
    return Flow(payers, payees, _bands(shown, payers, payees, scale), round(height, 1))


def _nodes(parts: Iterable[tuple[str, Decimal]], scale: float, x: float) -> list[Node]:
    sums: dict[str, Decimal] = {}
    heights: dict[str, float] = {}
    for name, amount in parts:
        sums[name] = sums.get(name, Decimal(0)) + amount
        heights[name] = heights.get(name, 0.0) + _thick(amount, scale)
    found, y = [], float(_TOP)
    for name in sorted(sums, key=lambda one: (-sums[one], one)):
        height = round(heights[name], 1)
        found.append(Node(name, sums[name], x, round(y, 1), height))
        y += max(height, 18.0) + _GAP
    return found


def _bands(
    debts: Sequence[Debt], payers: list[Node], payees: list[Node], scale: float
) -> list[Band]:
    leaves = {node.name: node.y for node in payers}
    enters = {node.name: node.y for node in payees}
    order = {node.name: place for place, node in enumerate(payees)}
    bands = []
    for debt in sorted(debts, key=lambda one: (leaves[one.payer], order[one.payee])):
        thick = _thick(debt.amount, scale)
        start = leaves[debt.payer] + thick / 2
        end = enters[debt.payee] + thick / 2
        leaves[debt.payer] += thick
        enters[debt.payee] += thick
        bands.append(Band(_path(start, end), round(thick, 1), debt))
    return bands


def _path(start: float, end: float) -> str:
    begin, middle = _LEFT + _BAR, (_LEFT + _RIGHT + _BAR) / 2
    return (
        f"M{begin} {start:.1f} C{middle} {start:.1f} {middle} {end:.1f}"
        f" {_RIGHT} {end:.1f}"
    )


def _thick(amount: Decimal, scale: float) -> float:
    return max(float(amount) * scale, _LEAST)
