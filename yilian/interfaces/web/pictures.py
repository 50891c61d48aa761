"""Where the lines of our own pictures run: ladder, time line, tile map, QR code.

Pure geometry over plain values; `drawing` and the macros in `components/` draw it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final, Protocol

import segno
from django.utils.translation import gettext
from markupsafe import Markup

from yilian.interfaces.web.words import HERE, MONTHS, in_english
from yilian.kernel.text import _
from yilian.kernel.tier import ORDER, Direction, Tier, direction

# --- the ladder -----------------------------------------------------------

RUNG_NAMES: Final[Mapping[Tier, str]] = {
    Tier.VILLAGE: _("村"),
    Tier.PRIMARY: _("乡"),
    Tier.SECONDARY: _("县"),
    Tier.TERTIARY: _("市"),
}
_FIRST_RUNG, _RUNG_STEP, _RUNG_Y = 20, 50, 24


@dataclass(frozen=True, slots=True)
class Rung:
    x: int
    tier: Tier
    name: str
    is_on: bool


@dataclass(frozen=True, slots=True)
class Ladder:
    rungs: list[Rung]
    target: Tier
    path: str
    arrow: str
    words: str


def ladder(
    source: Tier | str,
    target: Tier | str,
    names: Mapping[Tier | str, str] | None = None,
) -> Ladder:
    """From the rung the patient leaves to the one they reach; `names` renames rungs."""
    leaves, reaches = Tier(source), Tier(target)
    called = {tier: (names or {}).get(tier, RUNG_NAMES[tier]) for tier in Tier}
    rungs = [
        Rung(_rung_x(tier), tier, gettext(called[tier]), tier in (leaves, reaches))
        for tier in Tier
    ]
    path, arrow = _arc(leaves, reaches)
    words = gettext("{source}到{target}").format(
        source=gettext(called[leaves]), target=gettext(called[reaches])
    )
    return Ladder(rungs, reaches, path, arrow, words)


def _rung_x(tier: Tier) -> int:
    return _FIRST_RUNG + _RUNG_STEP * ORDER[tier]


def _arc(leaves: Tier, reaches: Tier) -> tuple[str, str]:
    start, end = _rung_x(leaves), _rung_x(reaches)
    middle = (start + end) / 2
    way = direction(leaves, reaches)
    if way is Direction.UP:
        return f"M{start} 22 Q{middle} -2 {end - 7} 18", _head(end - 3.5, 21.5, 42)
    if way is Direction.DOWN:
        return f"M{start} 26 Q{middle} 42 {end + 7} 29", _head(end + 3.8, 26.8, 212)
    loop = f"M{start - 3} 20 C{start - 20} -2 {start + 20} -2 {start + 5} 17"
    return loop, _head(start + 3.2, 20.2, 118)


def _head(x: float, y: float, degrees: int) -> str:
    return f"translate({x} {y}) rotate({degrees})"


# --- the tier time line ---------------------------------------------------

LANE_NAMES: Final[Mapping[Tier, str]] = {
    Tier.TERTIARY: _("三级"),
    Tier.SECONDARY: _("县级"),
    Tier.PRIMARY: _("乡镇"),
    Tier.VILLAGE: _("村级"),
}
LANES_WIDTH, _LANES_PAD, _LANE_HEIGHT, _LANES_TOP = 860, 10, 40, 24
_LANES_INNER = LANES_WIDTH - 2 * _LANES_PAD
LANES_HEIGHT = _LANES_TOP + 4 * _LANE_HEIGHT + 6
LANE_HEIGHTS = tuple(_LANES_TOP + lane * _LANE_HEIGHT for lane in range(4))
_LEAST_STAY = 8
_LAST_TICK = LANES_WIDTH - 36  # its label must fit


class Stay(Protocol):
    """A visit (no `end`: a dot) or a stay in a house of some tier."""

    @property
    def tier(self) -> Tier | str: ...
    @property
    def start(self) -> date: ...
    @property
    def end(self) -> date | None: ...
    @property
    def label(self) -> str: ...
    @property
    def href(self) -> str | None: ...


class Move(Protocol):
    """A referral: from a tier left at some time to a tier reached."""

    @property
    def source(self) -> Tier | str: ...
    @property
    def target(self) -> Tier | str: ...
    @property
    def left(self) -> date: ...
    @property
    def reached(self) -> date: ...
    @property
    def label(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Bar:
    tier: Tier
    x: float
    y: float
    width: float
    label: str
    href: str | None

    @property
    def is_dot(self) -> bool:
        return self.width == 0


@dataclass(frozen=True, slots=True)
class Bend:
    path: str
    label: str


@dataclass(frozen=True, slots=True)
class Tick:
    x: float
    label: str


@dataclass(frozen=True, slots=True)
class Lanes:
    names: list[tuple[Tier, str]]
    bars: list[Bar]
    bends: list[Bend]
    ticks: list[Tick]
    today: float | None
    width: int = LANES_WIDTH
    height: int = LANES_HEIGHT


def lanes(
    stays: Iterable[Stay],
    moves: Iterable[Move],
    start: date,
    end: date,
    today: date | None = None,
) -> Lanes:
    """A person's time from `start` up to `end` as a path over the four tiers."""
    scale = _Scale(_days(start), _days(end))
    bars = [_bar(stay, scale) for stay in stays if scale.shows(stay.start, stay.end)]
    bends = [_bend(move, scale) for move in moves if scale.shows(move.left, None)]
    now = scale.x(today) if today and scale.shows(today, None) else None
    names = [(tier, gettext(name)) for tier, name in LANE_NAMES.items()]
    return Lanes(names, bars, bends, _ticks(start, end, scale), now)


def _days(at: date) -> float:
    if isinstance(at, datetime):
        here = at.astimezone(HERE)
        return here.toordinal() + (here.hour * 60 + here.minute) / 1440
    return float(at.toordinal())


@dataclass(frozen=True, slots=True)
class _Scale:
    start: float
    end: float

    def x(self, at: date) -> float:
        share = (_days(at) - self.start) / max(1.0, self.end - self.start)
        return round(_LANES_PAD + _LANES_INNER * min(1.0, max(0.0, share)), 1)

    def shows(self, begins: date, ends: date | None) -> bool:
        return _days(begins) < self.end and _days(ends or begins) >= self.start


def _lane_y(tier: Tier | str) -> int:
    return _LANES_TOP + (3 - ORDER[Tier(tier)]) * _LANE_HEIGHT


def _bar(stay: Stay, scale: _Scale) -> Bar:
    x = scale.x(stay.start)
    width = 0.0 if stay.end is None else max(_LEAST_STAY, scale.x(stay.end) - x)
    x = min(x, LANES_WIDTH - _LANES_PAD - width)
    tier = Tier(stay.tier)
    return Bar(tier, x, _lane_y(tier), round(width, 1), stay.label, stay.href)


def _bend(move: Move, scale: _Scale) -> Bend:
    x1, x2 = scale.x(move.left), scale.x(move.reached)
    y1, y2 = _lane_y(move.source), _lane_y(move.target)
    pull = max(10.0, (x2 - x1) / 2)
    path = f"M{x1} {y1} C{x1 + pull} {y1} {x2 - pull} {y2} {x2} {y2}"
    return Bend(path, move.label)


def _ticks(start: date, end: date, scale: _Scale) -> list[Tick]:
    months = (end.year - start.year) * 12 + end.month - start.month
    every = next(step for step in (1, 2, 3, 6, 12, 24, 60, 1200) if months <= 12 * step)
    first = start.year * 12 + start.month - 1 + (start.day > 1)
    ticks = []
    for month in range(first, end.year * 12 + end.month):
        at = date(month // 12, month % 12 + 1, 1)
        if month % every == 0 and (x := scale.x(at)) < _LAST_TICK:
            ticks.append(Tick(x, _month_name(at)))
    return ticks


def _month_name(at: date) -> str:
    if at.month == 1:
        return str(at.year) if in_english() else f"{at.year}年"
    return MONTHS[at.month - 1] if in_english() else f"{at.month}月"


# --- the tile map ---------------------------------------------------------

# A schematic, not a map: counties as equal tiles (column, row) in their rough places.
COUNTY_TILES: Final[Mapping[str, tuple[int, int, str]]] = {
    "640205": (3, 0, _("惠农")),
    "640202": (2, 1, _("大武口")),
    "640221": (3, 1, _("平罗")),
    "640122": (2, 2, _("贺兰")),
    "640105": (1, 3, _("西夏")),
    "640106": (2, 3, _("金凤")),
    "640104": (3, 3, _("兴庆")),
    "640121": (2, 4, _("永宁")),
    "640181": (3, 4, _("灵武")),
    "640381": (1, 5, _("青铜峡")),
    "640302": (2, 5, _("利通")),
    "640323": (3, 5, _("盐池")),
    "640502": (0, 6, _("沙坡头")),
    "640521": (1, 6, _("中宁")),
    "640303": (2, 6, _("红寺堡")),
    "640522": (1, 7, _("海原")),
    "640324": (2, 7, _("同心")),
    "640422": (1, 8, _("西吉")),
    "640402": (2, 8, _("原州")),
    "640425": (3, 8, _("彭阳")),
    "640423": (1, 9, _("隆德")),
    "640424": (2, 9, _("泾源")),
}
TILE_WIDTH, TILE_HEIGHT, _TILE_GAP = 88, 46, 4
TILES_WIDTH = 4 * (TILE_WIDTH + _TILE_GAP)
TILES_HEIGHT = 10 * (TILE_HEIGHT + _TILE_GAP)
NEAR: Final = Decimal(10)


class Reading(Protocol):
    """A county's figure: its words and how far it is from the target, in percent.

    `gap` is 0 or less when the target is met, None when nothing was counted.
    """

    @property
    def words(self) -> str: ...
    @property
    def gap(self) -> Decimal | None: ...
    @property
    def href(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Tile:
    code: str
    name: str
    x: int
    y: int
    words: str
    band: str
    href: str | None


def tile_map(readings: Mapping[str, Reading]) -> list[Tile]:
    """The 22 counties, coloured by the gap; one without a reading stays blank."""
    return [
        Tile(
            code,
            gettext(name),
            column * (TILE_WIDTH + _TILE_GAP) + _TILE_GAP // 2,
            row * (TILE_HEIGHT + _TILE_GAP) + _TILE_GAP // 2,
            reading.words if reading else "",
            band(reading.gap if reading else None),
            reading.href if reading else None,
        )
        for code, (column, row, name) in COUNTY_TILES.items()
        for reading in [readings.get(code)]
    ]


def band(gap: Decimal | None) -> str:
    if gap is None:
        return "none"
    if gap <= 0:
        return "met"
    return "near" if gap <= NEAR else "far"


# --- the code a desk scans ------------------------------------------------


def qr_svg(text: str, scale: int = 3) -> Markup:
    """An inline picture; give it a readable number, never an identity number."""
    code = segno.make(text, error="m", micro=False)
    drawn = code.svg_inline(
        scale=scale, border=2, svgclass="qr", lineclass=None, title=gettext("二维码")
    )
    return Markup(drawn)  # noqa: S704
