"""The ladder a patient moves on, 层级.

"Township" and "county" are display names by kind of institution; "outside" is a
place, not a tier (decisions 19).
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from yilian.kernel.text import _


class Tier(StrEnum):
    VILLAGE = "village"
    PRIMARY = "primary"
    SECONDARY = "secondary"
    TERTIARY = "tertiary"


ORDER: Final[Mapping[Tier, int]] = {tier: rung for rung, tier in enumerate(Tier)}

TIER_NAMES: Final[Mapping[Tier, str]] = {
    Tier.VILLAGE: _("村级"),
    Tier.PRIMARY: _("乡镇（社区）级"),
    Tier.SECONDARY: _("县级（二级）"),
    Tier.TERTIARY: _("三级"),
}


class Direction(StrEnum):
    """Where a referral leads, 转诊方向."""

    UP = "up"
    DOWN = "down"
    SAME_TIER = "same_tier"


DIRECTION_NAMES: Final[Mapping[Direction, str]] = {
    Direction.UP: _("上转"),
    Direction.DOWN: _("下转"),
    Direction.SAME_TIER: _("平转"),
}


def direction(source: Tier, target: Tier) -> Direction:
    if ORDER[target] > ORDER[source]:
        return Direction.UP
    if ORDER[target] < ORDER[source]:
        return Direction.DOWN
    return Direction.SAME_TIER


def skips(source: Tier, target: Tier) -> bool:
    """Whether a way up leaves out a tier, 越级转诊 (NX-2.1.3-d)."""
    return ORDER[target] - ORDER[source] > 1
