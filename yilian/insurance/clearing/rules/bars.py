"""Income above the line, cost below it, month by month. Geometry only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

HEIGHT: Final = 150
_STEP, _WIDTH, _TOP, _MIDDLE = 46, 24, 12, 72
_HALF: Final = 58.0


@dataclass(frozen=True, slots=True)
class Bar:
    month: date
    income: Decimal
    cost: Decimal
    x: int
    up: float
    down: float

    @property
    def top(self) -> float:
        return round(_MIDDLE - self.up, 1)

    @property
    def centre(self) -> float:
        return self.x + _WIDTH / 2


@dataclass(frozen=True, slots=True)
class Bars:
    bars: list[Bar]
    width: int
    middle: int = _MIDDLE
    height: int = HEIGHT
    bar: int = _WIDTH

    @property
    def is_empty(self) -> bool:
        return not any(bar.up or bar.down for bar in self.bars)


def bars(months: Sequence[tuple[date, Decimal, Decimal]]) -> Bars:
    most = max((abs(x) for _month, *both in months for x in both), default=Decimal(0))
    scale = _HALF / float(most) if most else 0.0
    found = [
        Bar(
            month,
            income,
            cost,
            place * _STEP + (_STEP - _WIDTH) // 2,
            round(max(float(income), 0.0) * scale, 1),
            round(max(float(cost), 0.0) * scale, 1),
        )
        for place, (month, income, cost) in enumerate(months)
    ]
    return Bars(found, _STEP * len(found))
