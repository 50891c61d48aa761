"""Bars of a year, drawn by numbers alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

_WIDTH: Final = 720
_HEIGHT: Final = 160
_FOOT: Final = 18
_MONTHS: Final = 12
_BAR: Final = 34


@dataclass(frozen=True, slots=True)
class Bar:
    label: str
    x: float
    centre: float
    fund_y: float
    fund_height: float
    own_y: float
    own_height: float
    fund: Decimal
    own: Decimal


@dataclass(frozen=True, slots=True)
class Bars:
    bars: list[Bar]
    width: int = _WIDTH
    height: int = _HEIGHT
    bar: int = _BAR
    floor: int = _HEIGHT - _FOOT


def bars_of(months: Sequence[tuple[str, Decimal, Decimal]]) -> Bars:
    """Of each month "01" to "12": the fund's part below, the patients' above it."""
    most = max((fund + own for _m, fund, own in months), default=Decimal(0))
    if most <= 0:
        return Bars([])
    scale = (_HEIGHT - _FOOT - 6) / float(most)
    return Bars([_bar(*month, scale) for month in months])


def _bar(month: str, fund: Decimal, own: Decimal, scale: float) -> Bar:
    step = _WIDTH / _MONTHS
    x = (int(month) - 1) * step + (step - _BAR) / 2
    low, high = max(float(fund), 0) * scale, max(float(own), 0) * scale
    floor = _HEIGHT - _FOOT
    return Bar(
        label=str(int(month)),
        x=round(x, 1),
        centre=round(x + _BAR / 2, 1),
        fund_y=round(floor - low, 1),
        fund_height=round(low, 1),
        own_y=round(floor - low - high, 1),
        own_height=round(high, 1),
        fund=fund,
        own=own,
    )
