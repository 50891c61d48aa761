"""Where the lines of the pool's pictures run. Pure geometry; templates draw it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from yilian.insurance.budget.rules.curve import days_of
from yilian.kernel.money import Fen

WIDTH: Final = 760
HEIGHT: Final = 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 74, 12, 16, 26
_GRID_LINES: Final = 5
_NICE: Final = (1, 2, 5, 10)
_MOST_POINTS: Final = 130  # a curve needs no more to look smooth

Summed = Sequence[tuple[date, Fen]]


@dataclass(frozen=True, slots=True)
class Mark:
    x: float
    y: float
    value: int  # fen of a grid line, number of a month


@dataclass(frozen=True, slots=True)
class CurvePicture:
    """Paths of an SVG of WIDTH × HEIGHT."""

    actual: str
    foreseen: str
    band: str
    line: str
    available_y: float
    today_x: float | None
    grid: tuple[Mark, ...]
    months: tuple[Mark, ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT
    right: int = WIDTH - _RIGHT
    bottom: int = HEIGHT - _BOTTOM


@dataclass(frozen=True, slots=True)
class _Scale:
    year: int
    most: Fen

    def x(self, day: date) -> float:
        part = (day - date(self.year, 1, 1)).days / days_of(self.year)
        return round(_LEFT + part * (WIDTH - _LEFT - _RIGHT), 1)

    def y(self, amount: Fen) -> float:
        part = max(0, amount) / self.most
        return round(HEIGHT - _BOTTOM - part * (HEIGHT - _TOP - _BOTTOM), 1)


def curve_picture(
    year: int, actual: Summed, foreseen: Summed, spread: Fen, available: Fen
) -> CurvePicture:
    highest = max([available, *(v for _d, v in (*actual, *foreseen)), 1])
    step = _nice_step((highest + spread) // _GRID_LINES + 1)
    scale = _Scale(year, step * -(-(highest + spread) // step))
    first, last = date(year, 1, 1), date(year + 1, 1, 1)
    begins = (actual[-1] if actual else (first, 0)) if foreseen else None
    ahead = [begins, *foreseen] if begins else []
    return CurvePicture(
        actual=_path([(first, 0), *actual], scale),
        foreseen=_path(ahead, scale),
        band=_band(ahead, spread, scale),
        line=_path([(first, 0), (last, available)], scale),
        available_y=scale.y(available),
        today_x=scale.x(begins[0]) if begins else None,
        grid=tuple(
            Mark(_LEFT, scale.y(step * n), step * n)
            for n in range(scale.most // step + 1)
        ),
        months=tuple(
            Mark(scale.x(date(year, month, 1)), HEIGHT - 8, month)
            for month in range(1, 13)
        ),
    )


def _path(points: Sequence[tuple[date, Fen]], scale: _Scale) -> str:
    if not points:
        return ""
    every = max(1, len(points) // _MOST_POINTS)
    kept = [*points[::every], points[-1]]
    return "M" + " L".join(f"{scale.x(day)} {scale.y(value)}" for day, value in kept)


def _band(points: Sequence[tuple[date, Fen]], spread: Fen, scale: _Scale) -> str:
    """Opens from today to its full width at the year's end."""
    if len(points) < 2 or not spread:  # noqa: PLR2004  a line has two ends
        return ""
    every = max(1, len(points) // _MOST_POINTS)
    kept = [*range(0, len(points), every), len(points) - 1]
    last = len(points) - 1
    upper = [(points[n][0], points[n][1] + spread * n // last) for n in kept]
    lower = [(points[n][0], points[n][1] - spread * n // last) for n in reversed(kept)]
    corners = [f"{scale.x(d)} {scale.y(v)}" for d, v in (*upper, *lower)]
    return "M" + " L".join(corners) + " Z"


def _nice_step(least: Fen) -> Fen:
    size: int = 10 ** max(0, len(str(least)) - 1)
    return next(size * n for n in _NICE if size * n >= least)


@dataclass(frozen=True, slots=True)
class Fall:
    """One bar of a waterfall, of 0 to 1000 along its width."""

    start: int
    width: int


def falls(whole: Fen, amounts: Sequence[Fen]) -> list[Fall]:
    """Bars one after another from the right: what each takes away of the whole."""
    most, at, found = max(whole, 1), whole, []
    for amount in amounts:
        begins = max(0, at - amount)
        found.append(Fall(1000 * begins // most, max(1, 1000 * (at - begins) // most)))
        at = begins
    return found
