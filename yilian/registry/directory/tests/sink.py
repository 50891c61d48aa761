"""A shared record for tests: what was put stays in a list."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from yilian.foundation.access.actor import Actor
from yilian.kernel.ids import NIL
from yilian.registry.ports import Resource


class ListSink:
    def __init__(self) -> None:
        self.resources: list[dict[str, Any]] = []

    def put(self, actor: Actor, resource: Resource, person_id: UUID = NIL) -> None:
        self.resources.append(dict(resource))

    def put_many(
        self, actor: Actor, resources: Iterable[tuple[Resource, UUID]]
    ) -> None:
        self.resources += [dict(resource) for resource, _person in resources]

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [one for one in self.resources if one["resourceType"] == kind]


SINK = ListSink()
