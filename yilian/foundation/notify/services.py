"""Telling people: a line in an inbox, or a short message to a phone.

Both are written once per cause, however often a handler runs, and leave by the
outbox: the page hears of a notice, a job hands the message to the SMS port.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from yilian.foundation.access.actor import Actor, Role
from yilian.foundation.access.scope import find
from yilian.foundation.notify import ports, queries
from yilian.foundation.notify.events import NoticePosted, ShortMessageWritten
from yilian.foundation.notify.models import Notice, NoticeRead, ShortMessage
from yilian.foundation.notify.rules import Urgency
from yilian.foundation.outbox.services import at_the_end, publish_each, publish_once
from yilian.foundation.vault.services import decrypt, encrypt
from yilian.kernel.errors import NotFound
from yilian.kernel.ids import new_id

_NOTICES: Final = """
INSERT INTO notify_notice (id, topic, institution_id, roles, account_id, template,
    values, link, urgency, cause)
SELECT * FROM jsonb_to_recordset(%s::jsonb) AS told (id uuid, topic text,
    institution_id uuid, roles text, account_id uuid, template text, values jsonb,
    link text, urgency text, cause text)
ON CONFLICT DO NOTHING
"""
_MESSAGE: Final = (
    "INSERT INTO notify_shortmessage"
    " (id, phone_cipher, text_cipher, cause, tries, is_dead)"
    " VALUES (%s, %s, %s, %s, 0, false) ON CONFLICT DO NOTHING"
)


@transaction.atomic(savepoint=False)
def tell(
    *,
    topic: str,
    template: str,
    values: Mapping[str, Any] | None = None,
    link: str = "",
    cause: str,
    institution_id: UUID | None = None,
    roles: Iterable[Role] = (),
    account_id: UUID | None = None,
    urgency: str = Urgency.ROUTINE,
) -> None:
    """`template` is a marked text; it and `values` carry no name of a person.

    For an institution (only those `roles` there, or all), or for one account.
    """
    notice_id = new_id()
    row = {
        "id": notice_id, "topic": topic, "institution_id": institution_id,
        "roles": ",".join(sorted(roles)), "account_id": account_id,
        "template": template, "values": dict(values or {}), "link": link,
        "urgency": urgency, "cause": cause,
    }  # fmt: skip
    event = NoticePosted(notice_id, institution_id, account_id, urgency)
    at_the_end(_post, (row, event))


def _post(many: list[tuple[dict[str, Any], NoticePosted]]) -> None:
    """All in one statement, and of those that are new the event."""
    rows = json.dumps([row for row, _event in many], ensure_ascii=False, default=str)
    events = {event.notice_id: event for _row, event in many}
    publish_each((_NOTICES, [rows]), events)


@transaction.atomic(savepoint=False)
def text_message(*, phone_cipher: bytes, text: str, cause: str) -> None:
    """Handed to the SMS port by a job; number and words are deciphered only there."""
    message_id = new_id()
    told = [message_id, phone_cipher, encrypt(text), cause]
    publish_once((_MESSAGE, told), ShortMessageWritten(message_id))


@transaction.atomic
def mark_read(actor: Actor, notice_id: UUID) -> None:
    notice = find(Notice.objects.visible_to(actor), notice_id)
    _mark(actor, [notice.id])


@transaction.atomic
def mark_all_read(actor: Actor) -> None:
    _mark(actor, queries.unread(actor).values_list("id", flat=True))


@transaction.atomic
def date_back(moments: Mapping[str, datetime], *, news_from: datetime) -> int:
    """For a region loaded with its past: what was told then bears its own time, and
    what is older than `news_from` is news to nobody. By the cause, up to its second
    colon. How many notices stay."""
    old, stay = [], 0
    for notice_id, cause in Notice.objects.values_list("pk", "cause"):
        at = moments.get(_root(cause), news_from)
        if at < news_from:
            old.append(notice_id)
        elif _root(cause) in moments:
            stay += Notice.objects.filter(pk=notice_id).update(created_at=at)
    Notice.objects.filter(pk__in=old).delete()
    unsent = ShortMessage.objects.filter(sent_at=None).values_list("pk", "cause")
    silent = [
        pk for pk, why in unsent if moments.get(_root(why), news_from) < news_from
    ]
    ShortMessage.objects.filter(pk__in=silent).delete()
    return stay


@transaction.atomic
def send_short_message(message_id: UUID) -> None:
    """Once: the row is held while the port takes it."""
    locked = ShortMessage.objects.select_for_update()
    message = locked.get(id=message_id)
    if message.sent_at is not None or message.is_dead:
        return
    number, words = decrypt(message.phone_cipher), decrypt(message.text_cipher)
    ports.gateway().send(number, words)
    message.sent_at = timezone.now()
    message.tries += 1
    message.save(update_fields=["sent_at", "tries"])


def _root(cause: str) -> str:
    """ "reminder:0193…:desk" → "reminder:0193…"."""
    return ":".join(cause.split(":")[:2])


def _mark(actor: Actor, ids: Iterable[UUID]) -> None:
    if actor.account_id is None:
        raise NotFound
    NoticeRead.objects.bulk_create(
        [NoticeRead(notice_id=one, account_id=actor.account_id) for one in ids],
        ignore_conflicts=True,
    )
