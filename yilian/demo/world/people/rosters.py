"""Who answers the referral office's telephone, and the chest-pain and stroke lines."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from yilian.demo.world.institutions.build import by_code
from yilian.demo.world.people.model import DutyShift, Post, Practitioner, Staff
from yilian.foundation.access.actor import Role
from yilian.kernel.tier import Tier
from yilian.registry.directory.rules import DutyKind

SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
_DAYS_BACK: Final = 7
_DAYS_AHEAD: Final = 14
_CHANGE: Final = (time(8, 0), time(20, 0))
_LINES: Final = {"chest_pain": DutyKind.CHEST_PAIN, "stroke": DutyKind.STROKE}


def rosters(staff: Staff, today: date) -> Iterator[DutyShift]:
    people = {found.id: found for found in staff.practitioners}
    desks: dict[str, list[Post]] = {}
    lines: dict[tuple[str, DutyKind], list[Post]] = {}
    for post in staff.posts:
        if Role.REFERRAL_DESK in post.roles:
            desks.setdefault(post.institution, []).append(post)
        elif post.department in _LINES and Role.PHYSICIAN in post.roles:
            key = (post.institution, _LINES[post.department])
            lines.setdefault(key, []).append(post)
    for institution, posts in desks.items():
        yield from _desk(institution, posts, people, today)
    for (_, kind), posts in lines.items():
        yield from _turns(posts, kind, people, _weeks(today))


def _desk(
    institution: str, posts: list[Post], people: dict[UUID, Practitioner], today: date
) -> Iterator[DutyShift]:
    """Hospitals change twice a day; a health centre's desk changes by the week."""
    is_hospital = by_code()[institution].tier in {Tier.SECONDARY, Tier.TERTIARY}
    spans = _half_days(today) if is_hospital else _weeks(today)
    yield from _turns(posts, DutyKind.REFERRAL_OFFICE, people, spans)


def _turns(
    posts: list[Post],
    kind: DutyKind,
    people: dict[UUID, Practitioner],
    spans: Iterator[tuple[datetime, datetime]],
) -> Iterator[DutyShift]:
    for turn, (starts_at, ends_at) in enumerate(spans):
        post = posts[turn % len(posts)]
        phone = people[post.practitioner].phone
        yield DutyShift(post.institution, post.id, kind, starts_at, ends_at, phone)


def _half_days(today: date) -> Iterator[tuple[datetime, datetime]]:
    for offset in range(-_DAYS_BACK, _DAYS_AHEAD):
        day = today + timedelta(days=offset)
        morning = datetime.combine(day, _CHANGE[0], SHANGHAI)
        evening = datetime.combine(day, _CHANGE[1], SHANGHAI)
        yield morning, evening
        yield evening, morning + timedelta(days=1)


def _weeks(today: date) -> Iterator[tuple[datetime, datetime]]:
    monday = today - timedelta(days=today.weekday() + _DAYS_BACK)
    for week in range(4):
        starts_at = datetime.combine(
            monday + timedelta(weeks=week), _CHANGE[0], SHANGHAI
        )
        yield starts_at, starts_at + timedelta(weeks=1)
