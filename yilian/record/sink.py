"""The registry's way into the record (`registry/ports.py: RecordSink`)."""

from collections.abc import Iterable
from uuid import UUID

from yilian.foundation.access.actor import Actor
from yilian.kernel.ids import NIL
from yilian.record.services.writing import Incoming, Written, put, put_many
from yilian.registry.ports import Resource


class RecordSink:
    """Institutions, staff and persons as resources, with the act that made them."""

    def put(self, actor: Actor, resource: Resource, person_id: UUID = NIL) -> int:
        return put(actor, resource, person_id=person_id)

    def put_many(
        self, actor: Actor, resources: Iterable[tuple[Resource, UUID]]
    ) -> Written:
        rows = (
            Incoming(resource, person_id, actor.institution_id)
            for resource, person_id in resources
        )
        return put_many(actor, rows, source="registry")
