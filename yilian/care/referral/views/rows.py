"""A referral's row in a list, drawn once for as long as it stays the same.

A desk asks for its list whenever anything happens, and of thirty rows one has
changed. A row drawn for staff with the same rights at the same house, of the same
revision and of a person they see in the same way, is the same row; the clocks in it
run on by themselves in the page. Each minute all are drawn anew: names of houses and
departments, and what has fallen due since.
"""

from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

from django.template.loader import render_to_string
from django.utils import timezone, translation
from markupsafe import Markup

from yilian.care.referral.queries.desk import HopLine, by_id
from yilian.care.referral.queries.order import Spot
from yilian.foundation.access.actor import Actor
from yilian.registry.population.queries.faces import faces

KEPT: Final = 4000  # some 4 kB each
Key = tuple[object, ...]
_DRAWN: Final[dict[Key, Markup]] = {}


def drawn(actor: Actor, spots: Sequence[Spot]) -> list[Markup]:
    """In the order of the spots; only rows not known yet are read and drawn."""
    keys = _keys(actor, spots)
    unknown = [spot_id for spot_id, key in keys.items() if key not in _DRAWN]
    fresh = {hop.id: _draw(hop) for hop in _lines(actor, unknown)}
    known = [fresh.get(one) or _DRAWN.get(key) for one, key in keys.items()]
    _keep({keys[one]: row for one, row in fresh.items()})
    return [row for row in known if row is not None]


def _keys(actor: Actor, spots: Sequence[Spot]) -> dict[UUID, Key]:
    """All that a row depends on."""
    seen = faces(actor, [spot.person_id for spot in spots])
    who = (actor.institution_id, actor.reach, actor.roles)
    when = (translation.get_language(), int(timezone.now().timestamp()) // 60)
    return {
        spot.id: (spot.id, spot.revision, seen.get(spot.person_id), who, when)
        for spot in spots
    }


def _lines(actor: Actor, ids: Iterable[UUID]) -> Iterable[HopLine]:
    return by_id(actor, ids).values() if ids else ()


def _draw(hop: HopLine) -> Markup:
    # Made by our own template, which has escaped what people wrote.
    return Markup(render_to_string("referral/_hop.html", {"hop": hop}))  # noqa: S704


def _keep(rows: dict[Key, Markup]) -> None:
    if len(_DRAWN) + len(rows) > KEPT:
        _DRAWN.clear()
    _DRAWN.update(rows)
