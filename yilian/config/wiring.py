"""Every arrow that points upwards in the architecture, on one page.

A module announces an event and does not know who listens. `SUBSCRIPTIONS` is read
by the deliverer; a handler may run twice, so it must be idempotent. `LIVE` says
which open pages are woken. Ports get their adapters here.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from yilian.foundation.notify.events import NoticePosted, ShortMessageWritten
from yilian.foundation.outbox.rules import LiveNotice
from yilian.kernel.event import Event
from yilian.record.sink import RecordSink
from yilian.registry.directory.events import PostLeft
from yilian.registry.population.events import GlassBroken, PersonDied
from yilian.resources.scheduling.events import HoldExpired, PlacesChanged, SlotCancelled

RECORD_SINK = RecordSink()

Handler = Callable[[Any], None]

SUBSCRIPTIONS: Mapping[type[Event], Sequence[Handler]] = {
    NoticePosted: [],
    ShortMessageWritten: [],
    PostLeft: [],
    PersonDied: [],
    GlassBroken: [],
    HoldExpired: [],
    SlotCancelled: [],
    PlacesChanged: [],
}

LIVE: Mapping[type[Event], Callable[[Any], Iterable[LiveNotice]]] = {}
