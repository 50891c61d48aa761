"""Walls of a house: which are lit, and as whom such a screen reads."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import QuerySet

from yilian.care.referral.models import WallDisplay
from yilian.foundation.access.actor import Actor, Reach
from yilian.kernel.tier import Tier

_MOST: Final = 40
_KEPT: Final = timedelta(days=7)  # in the list, after their end
NAME: Final = "wall"


@dataclass(frozen=True, slots=True)
class DisplayLine:
    id: UUID
    place: str
    opener: str
    opened_at: datetime
    ends_at: datetime
    ended_at: datetime | None
    is_lit: bool


def displays(actor: Actor, now: datetime) -> list[DisplayLine]:
    """Those lit, and those that went out this week; newest first."""
    rows = of_house(actor).filter(ends_at__gt=now - _KEPT).order_by("-opened_at")
    return [_line(row, now) for row in rows[:_MOST]]


def of_house(actor: Actor) -> QuerySet[WallDisplay]:
    return WallDisplay.objects.filter(institution=actor.institution_id)


def lit(now: datetime) -> QuerySet[WallDisplay]:
    return WallDisplay.objects.filter(ended_at=None, ends_at__gt=now)


def actor_on(display: WallDisplay, origin: str) -> Actor:
    """Nobody: without account or role it sees its house's rows, and may nothing."""
    house = display.institution
    return Actor(
        account_id=None,
        reach=Reach.INSTITUTION,
        name=f"{NAME} {display.place}"[:60],
        institution_id=house.id,
        institution_name=house.short_name,
        tier=Tier(house.tier) if house.tier else None,
        origin=origin,
    )


def _line(row: WallDisplay, now: datetime) -> DisplayLine:
    return DisplayLine(
        id=row.id,
        place=row.place,
        opener=row.opener_name,
        opened_at=row.opened_at,
        ends_at=row.ends_at,
        ended_at=row.ended_at or (row.ends_at if row.ends_at <= now else None),
        is_lit=row.ended_at is None and row.ends_at > now,
    )
