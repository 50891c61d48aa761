"""Numbers about referrals that hide persons: a cell below five is said as “<5”."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

LEAST_SHOWN: Final = 5
FEW: Final = "<5"
NOTHING: Final = "—"
ALL_IN_TIME: Final = Decimal(100)  # every clock is to be kept (rules-clinical 13)


def few(count: int) -> str:
    return FEW if 0 < count < LEAST_SHOWN else str(count)


@dataclass(frozen=True, slots=True)
class Share:
    """`part` of `whole`; nothing counted is no bad score, and few are not told."""

    part: int
    whole: int

    @property
    def percent(self) -> Decimal | None:
        if self.whole < LEAST_SHOWN:
            return None
        return (Decimal(100 * self.part) / self.whole).quantize(
            Decimal("0.1"), ROUND_HALF_UP
        )

    @property
    def words(self) -> str:
        if self.percent is None:
            return FEW if self.whole else NOTHING
        return f"{self.percent.normalize():f} %"


@dataclass(frozen=True, slots=True)
class UpAndDown:
    """Referrals sent up from somewhere, and those come down to it."""

    up: int
    down: int

    @property
    def ratio(self) -> Decimal | None:
        """Come down for each one gone up, 下转/上转."""
        if self.up < LEAST_SHOWN or 0 < self.down < LEAST_SHOWN:
            return None
        return (Decimal(self.down) / self.up).quantize(Decimal("0.01"), ROUND_HALF_UP)

    @property
    def words(self) -> str:
        return NOTHING if self.ratio is None else str(self.ratio)
