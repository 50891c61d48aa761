"""A shared record for the register's tests, at the port where the real one stands."""

from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

from yilian.foundation.access.actor import Actor
from yilian.kernel.ids import NIL
from yilian.registry.ports import Resource


class Sink:
    def __init__(self) -> None:
        self.kept: list[tuple[dict[str, Any], UUID]] = []

    def put(self, actor: Actor, resource: Resource, person_id: UUID = NIL) -> None:
        self.kept.append((dict(resource), person_id))

    def put_many(
        self, actor: Actor, resources: Iterable[tuple[Resource, UUID]]
    ) -> None:
        for resource, person_id in resources:
            self.put(actor, resource, person_id)

    def last(self, kind: str) -> dict[str, Any]:
        return [body for body, _id in self.kept if body["resourceType"] == kind][-1]


SINK: Final = Sink()
