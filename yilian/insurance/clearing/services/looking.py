"""What was looked at in sums, printed or taken away as a file is written down."""

from collections.abc import Mapping
from uuid import UUID

from django.db import transaction

from yilian.foundation.access.actor import Actor
from yilian.foundation.audit.services import record as record_audit


@transaction.atomic
def note_look(actor: Actor, what: str, *, rows: int) -> None:
    record_audit(
        actor, f"clearing.{what}", object_kind="clearing", detail={"rows": rows}
    )


@transaction.atomic
def note_paper(actor: Actor, what: str, statement_id: UUID) -> None:
    """`what`: print or export."""
    record_audit(
        actor, f"clearing.{what}", object_kind="statement", object_id=statement_id
    )


@transaction.atomic
def note_export(
    actor: Actor, what: str, *, rows: int, chosen: Mapping[str, str]
) -> None:
    record_audit(
        actor,
        "clearing.export",
        object_kind=what,
        detail={"rows": rows, **chosen},
    )
