"""From a fact announced to every handler that listens (decisions 16).

`publish` inserts a row in the acting transaction. `dispatch`, run by the one
deliverer, makes a delivery for each handler, puts them in the queue and wakes open
pages. `attempt`, run by a worker, calls the handler in the transaction that marks the
delivery done: killed in between, it runs again from the start. Those about persons go
through a lane, many in one transaction (`attempt_together`); what fails there is
attempted by itself, under a lock of its person.
"""

import json
import logging
import threading
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar
from uuid import UUID

from django.db import OperationalError, connection, transaction
from django.utils import timezone

from yilian.foundation.access.actor import Actor
from yilian.foundation.access.composed import Insertion
from yilian.foundation.access.scope import find, require
from yilian.foundation.access.services import Said, write, write_each, write_once
from yilian.foundation.audit import services as audit
from yilian.foundation.jobs.services import (
    defer,
    defer_behind,
    defer_many,
    locks_in_use,
)
from yilian.foundation.outbox import policies, ports
from yilian.foundation.outbox.models import Delivery, OutboxMessage
from yilian.foundation.outbox.queries import NOBODY, delivering, under_way
from yilian.foundation.outbox.rules import (
    MOST_TRIES,
    LiveNotice,
    State,
    from_body,
    gathered,
    lane_of,
    seconds_to_wait,
    to_body,
)
from yilian.kernel.errors import Conflict
from yilian.kernel.event import Event
from yilian.kernel.ids import NIL, new_id
from yilian.kernel.text import _

DELIVER: Final = "outbox.deliver"
DELIVER_TOGETHER: Final = "outbox.deliver_together"
CHANNEL: Final = "yilian_live"
BATCH: Final = 200
TOGETHER: Final = 100  # deliveries in one transaction

_ROW: Final = Insertion(OutboxMessage)
_ROWS: Final = """
INSERT INTO outbox_outboxmessage (id, kind, body)
SELECT told.id, told.kind, told.body
FROM jsonb_to_recordset(%s::jsonb) AS told (id uuid, kind text, body jsonb, of uuid)
WHERE told.of IN {made}
"""

logger = logging.getLogger(__name__)


class NotDelivered(Exception):
    """Try again in so many seconds; says nothing of the event."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        super().__init__(f"again in {seconds} s")


def publish(event: Event, *, person_id: UUID | None = None) -> None:
    """Only an INSERT. Deliveries about one person keep their order."""
    write(_told(event, person_id))


def publish_once(made: Said, event: Event, *, person_id: UUID | None = None) -> None:
    """`made`, an INSERT … ON CONFLICT DO NOTHING, and of what it made the event: where
    the row stood there already nobody hears of it again. One statement."""
    write_once(made, _told(event, person_id))


def publish_each(made: Said, events: Mapping[UUID, Event]) -> None:
    """`made`, an INSERT … ON CONFLICT DO NOTHING of several rows, and of each that it
    made the event told for its id; they are about nobody. One statement."""
    told = [
        {"id": str(_later_id()), "kind": type(event).__name__, "body": to_body(event),
         "of": str(row_id)}
        for row_id, event in events.items()
    ]  # fmt: skip
    write_each(made, (_ROWS, [json.dumps(told, ensure_ascii=False)]))


T = TypeVar("T")


def at_the_end(do: Callable[[list[T]], None], item: T) -> None:
    """What handlers of events delivered together leave to be done once for all of them,
    in the same transaction; elsewhere it is done at once."""
    together = under_way()
    if together is None:
        do([item])
    else:
        together.left.setdefault(do, []).append(item)


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
    read = [_read(message) for message in messages]
    if read:
        _queue(_written([made for one in read for made in one.deliveries]))
        _wake(notice for one in read for notice in one.notices)
        _mark_dispatched([one.message.id for one in read])
    return len(read)


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


def attempt_together(delivery_ids: Sequence[UUID], *, is_first: bool) -> None:
    """All in one transaction. When one of them fails, or a worker has died over them,
    each is attempted by itself."""
    if not (is_first and _are_delivered(delivery_ids)):
        _queue_apart(delivery_ids)


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
    _defer(delivery.id, delivery.message.person_id)
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


@dataclass(frozen=True, slots=True)
class _Read:
    """What follows from an event."""

    message: OutboxMessage
    deliveries: list[Delivery]
    notices: list[LiveNotice]


def _read(message: OutboxMessage) -> _Read:
    try:
        kind = ports.kind_named(message.kind)
        notices = ports.notices_of(from_body(kind, message.body))
        paths = ports.handlers_of(kind)
    except (LookupError, TypeError, ValueError) as error:
        return _Read(message, [_buried(message, error)], [])
    return _Read(
        message, [Delivery(message=message, handler=p) for p in paths], notices
    )


def _buried(message: OutboxMessage, error: Exception) -> Delivery:
    """An event that cannot be read must not hold up those behind it."""
    return Delivery(
        message=message,
        handler=NOBODY,
        state=State.DEAD,
        last_error=_where(error),
        finished_at=timezone.now(),
    )


_WRITTEN: Final = """
INSERT INTO outbox_delivery
    (id, message_id, handler, state, last_error, finished_at, tries)
SELECT told.*, 0 FROM unnest(
    %s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::text[], %s::timestamptz[]
) AS told
"""


def _written(deliveries: list[Delivery]) -> list[Delivery]:
    """All in one statement, the same for few and for many."""
    said = [
        (one.id, one.message_id, one.handler, str(one.state), one.last_error,
         one.finished_at)
        for one in deliveries
    ]  # fmt: skip
    if said:
        with connection.cursor() as cursor:
            cursor.execute(
                _WRITTEN, [list(column) for column in zip(*said, strict=True)]
            )
    return deliveries


def _queue(deliveries: Iterable[Delivery]) -> None:
    """Those about persons by lanes, in their order; the others as workers are free."""
    lanes: dict[str, list[str]] = defaultdict(list)
    free = []
    for delivery in deliveries:
        if delivery.state != State.WAITING:
            continue
        if delivery.message.person_id is None:
            free.append({"delivery_id": str(delivery.id)})
        else:
            lanes[lane_of(delivery.message.person_id)].append(str(delivery.id))
    defer_many(DELIVER, free)
    together = [
        (lane, {"delivery_ids": ids[at : at + TOGETHER]})
        for lane, ids in lanes.items()
        for at in range(0, len(ids), TOGETHER)
    ]
    defer_behind(DELIVER_TOGETHER, together)


def _defer(delivery_id: UUID, person_id: UUID | None) -> None:
    lock = str(person_id) if person_id else None
    defer(DELIVER, lock=lock, delivery_id=str(delivery_id))


def _wake(notices: Iterable[LiveNotice]) -> None:
    payloads = [json.dumps(notice.payload()) for notice in gathered(notices)]
    if payloads:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_notify(%s, payload) FROM unnest(%s::text[]) AS payload",
                [CHANNEL, payloads],
            )


def _mark_dispatched(ids: list[UUID]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE outbox_outboxmessage SET dispatched_at = %s WHERE id = ANY(%s)",
            [timezone.now(), ids],
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


# --- together ---------------------------------------------------------------

_WAITING: Final = """
SELECT delivery.id, delivery.handler, message.id, message.kind, message.body,
    message.person_id
FROM unnest(%s::uuid[]) WITH ORDINALITY AS told (id, place)
JOIN outbox_delivery delivery USING (id)
JOIN outbox_outboxmessage message ON message.id = delivery.message_id
WHERE delivery.state = 'waiting'
ORDER BY told.place
FOR UPDATE OF delivery
"""
_DONE: Final = """
UPDATE outbox_delivery SET state = 'done', tries = tries + 1, finished_at = %s
WHERE id = ANY(%s)
"""


@dataclass(frozen=True, slots=True)
class _Waiting:
    id: UUID
    handler: str
    message_id: UUID
    kind: str
    body: str
    person_id: UUID

    def event(self) -> Event:
        return from_body(ports.kind_named(self.kind), json.loads(self.body))


def _are_delivered(delivery_ids: Sequence[UUID]) -> bool:
    try:
        _deliver_together(delivery_ids)
    except OperationalError:
        raise
    except Exception:  # attempted by itself it fails again, and is noted
        return False
    return True


@transaction.atomic
def _deliver_together(delivery_ids: Sequence[UUID]) -> None:
    """Whose earlier deliveries are still attempted by themselves stays behind them."""
    waiting = _still_waiting(delivery_ids)
    behind = locks_in_use({str(one.person_id) for one in waiting})
    now = [one for one in waiting if str(one.person_id) not in behind]
    events = {one.message_id: one.event() for one in _of_each_message(now)}
    with delivering(list(events.values())) as together:
        for delivery in now:
            event = events[delivery.message_id]
            ports.handler_named(type(event), delivery.handler)(event)
    for do, items in together.left.items():
        do(items)
    with connection.cursor() as cursor:
        cursor.execute(_DONE, [timezone.now(), [one.id for one in now]])
    for delivery in waiting:
        if str(delivery.person_id) in behind:
            _defer(delivery.id, delivery.person_id)


def _of_each_message(deliveries: Iterable[_Waiting]) -> Iterable[_Waiting]:
    return {one.message_id: one for one in deliveries}.values()


@transaction.atomic
def _queue_apart(delivery_ids: Sequence[UUID]) -> None:
    for delivery in _still_waiting(delivery_ids):
        _defer(delivery.id, delivery.person_id)


def _still_waiting(delivery_ids: Sequence[UUID]) -> list[_Waiting]:
    """In the order told, held."""
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, [list(delivery_ids)])
        return [_Waiting(*row) for row in cursor.fetchall()]


def _told(event: Event, person_id: UUID | None) -> Said:
    return _ROW.of(
        OutboxMessage(
            id=_later_id(),
            kind=type(event).__name__,
            body=to_body(event),
            person_id=person_id,
        )
    )


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
