"""Which referrals a page of a work list shows, in which order, and no more of them.

A list is asked for whenever anything happens. Most of its rows have been drawn before:
for those it is enough to know that they are the same (`views/rows.py`).
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final
from uuid import UUID

from django.db.models import F, Q

from yilian.care.referral.models import Referral, ReferralQuerySet
from yilian.care.referral.models_order import Standing, StandsIn, Unforeseen
from yilian.care.referral.queries.rows import is_at_house
from yilian.care.referral.rules.states import FINAL, State
from yilian.foundation.access.actor import Actor
from yilian.foundation.access.composed import ComposedValues
from yilian.kernel.page import Mark, Page, cut, read_mark

PAGE: Final = 30


@dataclass(frozen=True, slots=True)
class Spot:
    """A referral at its place in a list: every change makes another revision."""

    id: UUID
    revision: int
    person_id: UUID
    at: datetime


def spots(
    actor: Actor, side: str, states: frozenset[State], cursor: str | None
) -> Page[Spot]:
    mark = read_mark(cursor)
    told = {"at": mark.at, "last": mark.id} if mark is not None else {}
    here = actor.institution_id
    if is_at_house(actor):
        found = _composed(side, states, mark is not None).ask(here=here, **told)
    else:
        rows = Referral.objects.visible_to(actor).filter(
            **{f"{side}_institution": here}
        )
        found = list(_shown(rows, states, **told))
    return cut([Spot(*row) for row in found], PAGE, lambda row: Mark(row.at, row.id))


@cache
def _composed(side: str, states: frozenset[State], _goes_on: bool) -> ComposedValues:
    """One question for each tab, another for its further pages, told a mark. Its plan
    is kept: it is the same for every house."""

    def make(here: Any, **mark: Any) -> Any:
        return _shown(Referral.objects.on_side(side, Unforeseen(here)), states, **mark)

    return ComposedValues(make)


def _shown(
    rows: ReferralQuerySet, states: frozenset[State], at: Any = None, last: Any = None
) -> Any:
    """One more than a page shows, after the mark where there is one."""
    in_order = _closed if states <= FINAL else _open
    ordered: Any = in_order(rows.filter(StandsIn(states)), at, last)
    return ordered.values_list("pk", "revision", "person_id", "at")[: PAGE + 1]


def _open(rows: ReferralQuerySet, at: Any, last: Any) -> ReferralQuerySet:
    """Most urgent first, then the soonest due."""
    rows = rows.annotate(at=Standing()).order_by("at", "pk")
    if at is None:
        return rows
    return rows.filter(Q(at__gte=at), Q(at__gt=at) | Q(pk__gt=last))


def _closed(rows: ReferralQuerySet, at: Any, last: Any) -> ReferralQuerySet:
    """What ended last first."""
    rows = rows.annotate(at=F("closed_at")).order_by(F("at").desc(), "pk")
    if at is None:
        return rows
    return rows.filter(Q(at__lte=at), Q(at__lt=at) | Q(pk__gt=last))
