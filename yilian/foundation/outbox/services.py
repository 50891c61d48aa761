"""From a fact announced to every handler that listens (decisions 16).

`publish` inserts a row in the acting transaction. `dispatch`, run by the one
deliverer, makes a delivery and a job for each handler and wakes open pages.
`attempt`, run by a worker, calls the handler in the transaction that marks the
delivery done: killed in between, it runs again from the start.
"""

import json
import logging
import threading
import traceback
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import OperationalError, connection, transaction
from django.utils import timezone

from yilian.foundation.access.actor import Actor
from yilian.foundation.access.composed import Insertion
from yilian.foundation.access.scope import find, require
from yilian.foundation.audit import services as audit
from yilian.foundation.jobs.services import defer
from yilian.foundation.outbox import policies, ports
from yilian.foundation.outbox.models import Delivery, OutboxMessage
from yilian.foundation.outbox.queries import NOBODY
from yilian.foundation.outbox.rules import (
    MOST_TRIES,
    LiveNotice,
    State,
    from_body,
    seconds_to_wait,
    to_body,
)
from yilian.kernel.errors import Conflict
from yilian.kernel.event import Event
from yilian.kernel.ids import NIL, new_id
from yilian.kernel.text import _

DELIVER: Final = "outbox.deliver"
CHANNEL: Final = "yilian_live"
BATCH: Final = 200

_ROW: Final = Insertion(OutboxMessage)

logger = logging.getLogger(__name__)


class NotDelivered(Exception):
    """Try again in so many seconds; says nothing of the event."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        super().__init__(f"again in {seconds} s")


def publish(event: Event, *, person_id: UUID | None = None) -> None:
    """Only an INSERT. Deliveries about one person keep their order."""
    message = OutboxMessage(
        id=_later_id(),
        kind=type(event).__name__,
        body=to_body(event),
        person_id=person_id,
    )
    with connection.cursor() as cursor:
        cursor.execute(*_ROW.of(message))


@transaction.atomic
def dispatch() -> int:
    """The next events, oldest transaction first, and how many.

    Rows of transactions that are still running, or begun after one that is, wait
    (decisions 11). A second deliverer finds the lock taken and does nothing.
    """
    if not _alone():
        return 0
    messages = OutboxMessage.objects.raw(
        "SELECT * FROM outbox_outboxmessage WHERE dispatched_at IS NULL"
        " AND xid < yilian_transactions_ended()"
        " ORDER BY xid, id LIMIT %s",
        [BATCH],
    )
    done = [_dispatch(message) for message in messages]
    OutboxMessage.objects.filter(id__in=done).update(dispatched_at=timezone.now())
    return len(done)


def attempt(delivery_id: UUID, *, tries: int) -> None:
    """Call the handler once. `tries` counts this one; the last makes it dead."""
    try:
        with transaction.atomic():
            _deliver(delivery_id)
    except OperationalError:
        raise  # the database went away: there is nowhere to note it
    except Exception as error:
        if _note_failure(delivery_id, tries, error) == State.WAITING:
            raise NotDelivered(seconds_to_wait(tries)) from None


@transaction.atomic
def give_up(delivery_id: UUID) -> None:
    """For a delivery whose worker died each time it was tried."""
    Delivery.objects.filter(id=delivery_id, state=State.WAITING).update(
        state=State.DEAD, finished_at=timezone.now(), last_error="worker died"
    )


@transaction.atomic
def resend(actor: Actor, delivery_id: UUID) -> Delivery:
    require(policies.can_resend(actor), _("只有系统管理员可以重新发送事件。"))
    locked = Delivery.objects.select_for_update(of=("self",))
    delivery = find(locked.select_related("message"), delivery_id)
    if delivery.state != State.DEAD or delivery.handler == NOBODY:
        raise Conflict(_("这个事件不在等待重发的状态。请刷新页面查看结果。"))
    delivery.state, delivery.tries, delivery.finished_at = State.WAITING, 0, None
    delivery.save(update_fields=["state", "tries", "finished_at"])
    _defer(delivery)
    audit.record(actor, "outbox.resend", object_kind="Delivery", object_id=delivery.id)
    return delivery


@transaction.atomic
def settle_before(moment: datetime) -> int:
    """Events older than that are news to nobody: no handler hears of them.

    For a region that was loaded with its past, whose consequences came with it.
    """
    old = OutboxMessage.objects.filter(dispatched_at=None, created_at__lt=moment)
    return old.update(dispatched_at=timezone.now())


# --- dispatching ----------------------------------------------------------


def _alone() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 16))",
            ["outbox.dispatch"],
        )
        return bool(cursor.fetchone()[0])


def _dispatch(message: OutboxMessage) -> UUID:
    try:
        kind = ports.kind_named(message.kind)
        event = from_body(kind, message.body)
        paths = ports.handlers_of(kind)
        notices = ports.notices_of(event)
    except (LookupError, TypeError, ValueError) as error:
        _bury(message, error)
        return message.id
    for path in paths:
        delivery = Delivery.objects.create(message=message, handler=path)
        _defer(delivery)
    for notice in notices:
        _wake(notice)
    return message.id


def _bury(message: OutboxMessage, error: Exception) -> None:
    """An event that cannot be read must not hold up those behind it."""
    Delivery.objects.create(
        message=message,
        handler=NOBODY,
        state=State.DEAD,
        last_error=_where(error),
        finished_at=timezone.now(),
    )


def _defer(delivery: Delivery) -> None:
    person_id = delivery.message.person_id
    defer(
        DELIVER,
        lock=str(person_id) if person_id else None,
        delivery_id=str(delivery.id),
    )


def _wake(notice: LiveNotice) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_notify(%s, %s)", [CHANNEL, json.dumps(notice.payload())]
        )


# --- delivering -----------------------------------------------------------


def _deliver(delivery_id: UUID) -> None:
    locked = Delivery.objects.select_for_update(of=("self",))
    delivery = locked.select_related("message").get(id=delivery_id)
    if delivery.state != State.WAITING:
        return
    kind = ports.kind_named(delivery.message.kind)
    handle = ports.handler_named(kind, delivery.handler)
    handle(from_body(kind, delivery.message.body))
    delivery.state, delivery.finished_at = State.DONE, timezone.now()
    delivery.tries += 1
    delivery.save(update_fields=["state", "tries", "finished_at"])


@transaction.atomic
def _note_failure(delivery_id: UUID, tries: int, error: Exception) -> State:
    is_dead = tries >= MOST_TRIES
    delivery = Delivery.objects.select_for_update().get(id=delivery_id)
    delivery.tries, delivery.last_error = tries, _where(error)
    if is_dead:
        delivery.state, delivery.finished_at = State.DEAD, timezone.now()
    delivery.save(update_fields=["state", "tries", "last_error", "finished_at"])
    logger.error(
        "delivery %s to %s failed (%s)\n%s",
        delivery.id,
        delivery.handler,
        delivery.last_error,
        "".join(traceback.format_tb(error.__traceback__)),
    )
    return State(delivery.state)


def _where(error: Exception) -> str:
    """The kind of error and the line: its message might name a person."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" {frames[-1].filename.rpartition('yilian/')[2]}:{frames[-1].lineno}"
    return f"{type(error).__name__}{place if frames else ''}"[:500]


# --- order ----------------------------------------------------------------

_lock = threading.Lock()
_last = NIL


def _later_id() -> UUID:
    """Later than every one before it in this process: events of one transaction
    are delivered in the order they were announced."""
    global _last
    with _lock:
        _last = max(new_id(), UUID(int=_last.int + 1))
        return _last
