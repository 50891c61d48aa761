"""Who listens now, and which notice is for whom."""

import asyncio
import json
import logging
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

MOST_WAITING: Final = 32  # a page that has not read so many notices is dropped
MOST_AT_ONCE: Final = 5000
MOST_PER_ACCOUNT: Final = 30  # open tabs

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Notice:
    topic: str
    institution_id: UUID | None
    account_id: UUID | None
    urgency: str
    cause: str

    def as_event(self) -> bytes:
        told = {"topic": self.topic, "urgency": self.urgency, "cause": self.cause}
        return f"event: {self.topic}\ndata: {json.dumps(told)}\n\n".encode()


def read_notice(payload: str) -> Notice | None:
    """None for what is no notice: the channel is open to everything in the database."""
    try:
        said: dict[str, Any] = json.loads(payload)
        topic = str(said["topic"])
        notice = Notice(
            topic=topic,
            institution_id=_id(said.get("institution")),
            account_id=_id(said.get("account")),
            urgency=str(said.get("urgency", "routine")),
            cause=str(said.get("cause", "")),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        logger.warning("a payload on the channel is no notice")
        return None
    return notice if topic.isidentifier() else None


def _id(said: object) -> UUID | None:
    return UUID(str(said)) if said else None


@dataclass(eq=False, slots=True)
class Subscriber:
    """One open page. `account_id` and `institution_id` follow its session."""

    account_id: UUID
    institution_id: UUID | None
    notices: asyncio.Queue[Notice] = field(
        default_factory=lambda: asyncio.Queue(MOST_WAITING)
    )
    is_over: asyncio.Event = field(default_factory=asyncio.Event)

    def is_meant_by(self, notice: Notice) -> bool:
        """A notice names an account, a house or both; one that names neither is for
        nobody."""
        if notice.account_id is None and notice.institution_id is None:
            return False
        if notice.account_id not in {None, self.account_id}:
            return False
        return notice.institution_id in {None, self.institution_id}

    def offer(self, notice: Notice) -> None:
        try:
            self.notices.put_nowait(notice)
        except asyncio.QueueFull:
            self.is_over.set()  # it asks again, and then for everything


class Full(Exception):
    """No place for another page."""


@dataclass(slots=True)
class Hub:
    # In the order of their coming.
    subscribers: dict[Subscriber, None] = field(default_factory=dict)
    is_stopped: bool = False
    is_deaf: bool = True  # until somebody listens for us

    def join(self, subscriber: Subscriber) -> None:
        """One page too many of an account ends its oldest: pages that vanished with
        their line are still counted, and must not keep out the one that is back."""
        if self.is_stopped or len(self.subscribers) >= MOST_AT_ONCE:
            raise Full
        mine = [s for s in self.subscribers if s.account_id == subscriber.account_id]
        for oldest in mine[: max(0, len(mine) + 1 - MOST_PER_ACCOUNT)]:
            oldest.is_over.set()
            self.leave(oldest)
        self.subscribers[subscriber] = None

    def leave(self, subscriber: Subscriber) -> None:
        self.subscribers.pop(subscriber, None)

    def tell(self, notice: Notice) -> None:
        for subscriber in self.subscribers:
            if subscriber.is_meant_by(notice):
                subscriber.offer(notice)

    def stop(self) -> None:
        self.is_stopped = True
        self.close()

    def close(self) -> None:
        """Every page connects anew and then asks for all it may have missed."""
        for subscriber in self.subscribers:
            subscriber.is_over.set()
