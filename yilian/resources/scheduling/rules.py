"""For whom a place is kept, and how a hold on it ends."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final

from yilian.kernel.calendar import CHINA, Extra, is_working_day
from yilian.kernel.errors import Invalid
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


# A referral may take what is kept for referrals, and what is open to all.
FOR_REFERRAL: Final = (Quota.REFERRAL, Quota.OPEN)
FOR_CONTRACT: Final = (Quota.CONTRACT, Quota.REFERRAL, Quota.OPEN)
FOR_ALL: Final = (Quota.OPEN,)

MOST_DAYS: Final = 62
MOST_SLOTS: Final = 2000
LOOK_AHEAD: Final = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class SlotPlan:
    """Slots to open: on each day of a range, at each of these times."""

    first_on: date
    last_on: date
    times: Sequence[time]
    minutes: int
    each: int = 1  # how many at the same time: rooms, chairs
    only_working_days: bool = True

    def starts(self, now: datetime, working: Extra | None = None) -> list[datetime]:
        """Every start, the earliest first; raises `Invalid` for what cannot be.
        `working` corrects the calendar."""
        fields = dict(self._problems(now))
        if fields:
            raise Invalid(fields=fields)
        starts = [
            datetime.combine(day, at, CHINA)
            for day in self._days(working)
            for at in sorted(set(self.times))
        ]
        ahead = [start for start in starts if start > now]
        if not ahead:
            raise Invalid(fields={"times": _("这些时间都已经过去，请选以后的时间。")})
        if len(ahead) * self.each > MOST_SLOTS:
            raise Invalid(fields={"last_on": _("一次开放的号源太多，请分几次开放。")})
        return [start for start in ahead for _one in range(self.each)]

    def _problems(self, now: datetime) -> Iterator[tuple[str, str]]:
        if self.first_on < now.astimezone(CHINA).date():
            yield "first_on", _("不能开放已经过去的日期，请从今天或以后开始。")
        if self.last_on < self.first_on:
            yield "last_on", _("结束日期早于开始日期，请核对。")
        if (self.last_on - self.first_on).days >= MOST_DAYS:
            yield "last_on", _("一次最多开放 62 天，请缩短日期范围。")
        if not self.times:
            yield "times", _("请至少填一个开始时间，如 08:30。")

    def _days(self, working: Extra | None) -> Iterator[date]:
        for ahead in range((self.last_on - self.first_on).days + 1):
            day = self.first_on + timedelta(days=ahead)
            if not self.only_working_days or is_working_day(day, working):
                yield day
