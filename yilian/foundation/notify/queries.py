"""The inbox of an account in its post."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from yilian.foundation.access.actor import Actor
from yilian.foundation.notify.models import Notice, NoticeRead, ways_to
from yilian.kernel.ids import NIL
from yilian.kernel.page import Mark, Page, cut, read_mark
from yilian.kernel.text import Text

SIZE: Final = 30
NEWS: Final = timedelta(days=90)
MOST_COUNTED: Final = 100  # a badge says "99+"


@dataclass(frozen=True, slots=True)
class NoticeLine:
    id: UUID
    topic: str
    words: Text
    link: str
    urgency: str
    created_at: datetime
    is_read: bool


def inbox(actor: Actor, cursor: str | None = None) -> Page[NoticeLine]:
    """Newest first; what was read stays, paler."""
    rows = Notice.objects.annotate(is_read=_read_by(actor))
    mark = read_mark(cursor)
    if mark:
        older = Q(created_at__lt=mark.at) | Q(created_at=mark.at, id__lt=mark.id)
        rows = rows.filter(older)
    first, *others = (_newest(rows.filter(way)) for way in ways_to(actor))
    newest = _newest(first.union(*others, all=True)) if others else first
    page = cut(list(newest), SIZE, lambda row: Mark(row.created_at, row.id))
    return page.each(_line)


def _newest(rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows.order_by("-created_at", "-id")[: SIZE + 1]


def unread_count(actor: Actor) -> int:
    """At most `MOST_COUNTED`: nobody counts further."""
    return unread(actor)[:MOST_COUNTED].count()


def unread(actor: Actor) -> QuerySet[Notice]:
    """Of the last ninety days: what was left lying longer is not news."""
    recent = Notice.objects.visible_to(actor).filter(created_at__gte=Now() - NEWS)
    return recent.filter(~_read_by(actor))


def _read_by(actor: Actor) -> Exists:
    return Exists(
        NoticeRead.objects.filter(
            notice=OuterRef("pk"), account_id=actor.account_id or NIL
        )
    )


def _line(row: Any) -> NoticeLine:
    return NoticeLine(
        id=row.id,
        topic=row.topic,
        words=Text(row.template, dict(row.values)),
        link=row.link,
        urgency=row.urgency,
        created_at=row.created_at,
        is_read=row.is_read,
    )
