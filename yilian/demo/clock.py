"""Story time: for the process that builds the demo region, and for no other.

The referrals of the last ninety days go through the same services as a click on a
page, and these ask `timezone.now()` and `new_id()`. While a region is told, both
answer as of the moment of the story, and what is drawn by chance is drawn from the
seed. Rows whose time is set by the database get the story's time where people read
it (audit, outbox); versions of the record and grants of sight keep the time at
which they were really written.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from random import Random
from types import SimpleNamespace
from typing import Any, Final

from django.db.models.signals import pre_save
from django.utils import timezone

from yilian.care.referral.rules import numbers
from yilian.demo.world.chance import stream
from yilian.foundation.audit.models import AuditEntry
from yilian.foundation.outbox import services as outbox
from yilian.foundation.outbox.models import OutboxMessage
from yilian.kernel import ids

_STAMPED: Final = {AuditEntry: "at", OutboxMessage: "created_at"}


class StoryClock:
    """Only goes forward, so that ids and rows lie in the order of the story."""

    def __init__(self, begins_at: datetime, rng: Random) -> None:
        self._now = begins_at
        self.rng = rng

    def now(self) -> datetime:
        return self._now

    def go_to(self, moment: datetime) -> None:
        self._now = max(self._now, moment)

    def time_ns(self) -> int:
        return int(self._now.timestamp() * 1000) * 1_000_000


@contextmanager
def story_time(seed: int, begins_at: datetime) -> Iterator[StoryClock]:
    clock = StoryClock(begins_at, stream(seed, "telling"))

    def stamp(sender: Any, instance: Any, **_: object) -> None:
        setattr(instance, _STAMPED[sender], clock.now())

    for model in _STAMPED:
        pre_save.connect(stamp, sender=model)
    with (
        _instead(timezone, now=clock.now),
        _instead(
            ids,
            time=SimpleNamespace(time_ns=clock.time_ns),
            os=SimpleNamespace(urandom=clock.rng.randbytes),
        ),
        _instead(numbers, secrets=SimpleNamespace(choice=clock.rng.choice)),
        # Events are numbered upwards in a process. After another region's last one both
        # processes would count on from there, and give the same numbers.
        _instead(outbox, _last=ids.NIL),
    ):
        try:
            yield clock
        finally:
            for model in _STAMPED:
                pre_save.disconnect(stamp, sender=model)


@contextmanager
def _instead(module: object, **names: object) -> Iterator[None]:
    before = {name: vars(module)[name] for name in names}
    vars(module).update(names)
    try:
        yield
    finally:
        vars(module).update(before)
