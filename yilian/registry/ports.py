"""What the registry asks of the layer above: a place in the shared record.

The record stands above the registry, so `config/wiring.py` supplies the sink
(decisions 6). What is put there commits with the act that put it.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol, cast
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

from yilian.foundation.access.actor import Actor
from yilian.kernel.ids import NIL

Resource = Mapping[str, Any]


class RecordSink(Protocol):
    """`person_id` is NIL for resources of no person."""

    def put(
        self, actor: Actor, resource: Resource, person_id: UUID = NIL
    ) -> object: ...

    def put_many(
        self, actor: Actor, resources: Iterable[tuple[Resource, UUID]]
    ) -> object: ...


def record_sink() -> RecordSink:
    return cast(RecordSink, import_string(settings.YILIAN_RECORD_SINK))
