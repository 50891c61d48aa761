"""Where a small line of values runs: pure geometry for an inline picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

WIDTH: Final = 160
HEIGHT: Final = 40
_PAD: Final = 5


@dataclass(frozen=True, slots=True)
class Trend:
    """`band`: top and height of the reference range, None when there is none."""

    path: str
    dots: list[tuple[float, float]]
    band: tuple[float, float] | None
    width: int = WIDTH
    height: int = HEIGHT


def trend(
    points: Sequence[tuple[datetime, Decimal]],
    low: Decimal | None = None,
    high: Decimal | None = None,
) -> Trend | None:
    """Oldest first; one point alone is no line."""
    if len(points) < 2:  # noqa: PLR2004
        return None
    values = [value for _at, value in points]
    least = min(values + ([low] if low is not None else []))
    most = max(values + ([high] if high is not None else []))
    reach = float(most - least) or 1.0
    first, last = points[0][0], points[-1][0]
    seconds = (last - first).total_seconds() or 1.0

    def place(at: datetime, value: Decimal) -> tuple[float, float]:
        x = _PAD + (WIDTH - 2 * _PAD) * (at - first).total_seconds() / seconds
        return round(x, 1), _y(value)

    def _y(value: Decimal) -> float:
        share = float(value - least) / reach
        return round(HEIGHT - _PAD - (HEIGHT - 2 * _PAD) * share, 1)

    dots = [place(at, value) for at, value in points]
    path = "M" + " L".join(f"{x} {y}" for x, y in dots)
    band = None
    if low is not None or high is not None:
        top = _y(high) if high is not None else 0.0
        bottom = _y(low) if low is not None else float(HEIGHT)
        band = (top, round(bottom - top, 1))
    return Trend(path, dots, band)
