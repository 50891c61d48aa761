"""Announcing a fact in the transaction that made it (decisions 16)."""

from uuid import UUID

from yilian.foundation.outbox.models import OutboxMessage
from yilian.foundation.outbox.rules import to_body
from yilian.kernel.event import Event


def publish(event: Event, *, person_id: UUID | None = None) -> None:
    """Only an INSERT. Deliveries about one person keep their order."""
    OutboxMessage.objects.create(
        kind=type(event).__name__, body=to_body(event), person_id=person_id
    )
