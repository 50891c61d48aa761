"""For whom a place is kept, and how a hold on it ends."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from yilian.kernel.text import _


class Quota(StrEnum):
    """A part of the places is kept back (NX-2.2.3-d, NX-2.2.4-b)."""

    OPEN = "open"
    REFERRAL = "referral"
    CONTRACT = "contract"


QUOTA_NAMES: Final[Mapping[Quota, str]] = {
    Quota.OPEN: _("普通"),
    Quota.REFERRAL: _("转诊预留"),
    Quota.CONTRACT: _("签约预留"),
}


class SlotKind(StrEnum):
    CLINIC = "clinic"
    EXAM = "exam"


SLOT_KIND_NAMES: Final[Mapping[SlotKind, str]] = {
    SlotKind.CLINIC: _("门诊"),
    SlotKind.EXAM: _("检查"),
}


class HoldState(StrEnum):
    HELD = "held"
    USED = "used"
    RELEASED = "released"
    EXPIRED = "expired"


LIVE: Final = frozenset({HoldState.HELD, HoldState.USED})

HOLD_NAMES: Final[Mapping[HoldState, str]] = {
    HoldState.HELD: _("已预留"),
    HoldState.USED: _("已使用"),
    HoldState.RELEASED: _("已释放"),
    HoldState.EXPIRED: _("已过期"),
}
