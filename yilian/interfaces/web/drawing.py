"""Pictures that every patient page shows, written out: a template asks and escapes
for each attribute of each point, which takes five times as long.

Numbers and codes are ours; whatever people wrote passes `escape`.
"""

from collections.abc import Iterable
from datetime import date

from django.utils.translation import gettext
from markupsafe import Markup, escape

from yilian.interfaces.web import pictures, words
from yilian.interfaces.web.pictures import Bar, Bend, Lanes, Tick

_TOP, _FOOT, _WORDS = 8, pictures.LANES_HEIGHT - 24, pictures.LANES_HEIGHT - 8


def lanes(
    stays: Iterable[pictures.Stay],
    moves: Iterable[pictures.Move],
    start: date,
    end: date,
    today: date | None = None,
    *,
    label: str | None = None,
) -> Markup:
    """A person's time as a path over the four tiers (`pictures.lanes` says where)."""
    view = pictures.lanes(stays, moves, start, end, today)
    names = "".join(f'<li class="t-{t}">{escape(name)}</li>' for t, name in view.names)
    called = escape(label or gettext("按层级的就诊时间线"))
    return Markup(  # noqa: S704 - each piece below escapes what it is told
        f'<div class="lanes"><ul class="names" aria-hidden="true">{names}</ul>'
        f'<div class="scroll" data-scroll-end tabindex="0" role="group"'
        f' aria-label="{called}">'
        f'<svg viewBox="0 0 {view.width} {view.height}">{_drawn(view)}</svg>'
        "</div></div>"
    )


def _drawn(view: Lanes) -> str:
    """What lies behind comes first."""
    pieces = [_lane(y, view.width) for y in pictures.LANE_HEIGHTS]
    pieces += map(_tick, view.ticks)
    if view.today is not None:
        pieces.append(_upright("today", view.today))
    pieces += map(_bend, view.bends)
    pieces += map(_bar, view.bars)
    return "".join(pieces)


def _lane(y: int, width: int) -> str:
    return f'<line class="lane" x1="0" x2="{width}" y1="{y}" y2="{y}"/>'


def _upright(kind: str, x: float) -> str:
    return f'<line class="{kind}" x1="{x}" x2="{x}" y1="{_TOP}" y2="{_FOOT}"/>'


def _tick(tick: Tick) -> str:
    said = f'<text x="{tick.x + 4}" y="{_WORDS}">{escape(tick.label)}</text>'
    return _upright("tick", tick.x) + said


def _bend(bend: Bend) -> str:
    said = escape(words.text(bend.label))
    return f'<path class="move" d="{bend.path}"><title>{said}</title></path>'


def _bar(bar: Bar) -> str:
    said = escape(words.text(bar.label))
    drawn = _dot(bar, said) if bar.is_dot else _stay(bar, said)
    if not bar.href:
        return drawn
    return f'<a href="{escape(bar.href)}" aria-label="{said}">{drawn}</a>'


def _dot(bar: Bar, said: Markup) -> str:
    return (
        f'<circle class="stay t-{bar.tier}" cx="{bar.x}" cy="{bar.y}" r="5">'
        f"<title>{said}</title></circle>"
    )


def _stay(bar: Bar, said: Markup) -> str:
    return (
        f'<rect class="stay t-{bar.tier}" x="{bar.x}" y="{bar.y - 7}"'
        f' width="{bar.width}" height="14" rx="4"><title>{said}</title></rect>'
    )
