"""Writing down what was done and what was refused.

`record` belongs inside the transaction of the act: the act and its row commit
together or not at all. Rows are plain INSERTs; writers never wait for each other.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.db import transaction

from yilian.foundation.access.actor import Actor, Reach
from yilian.foundation.audit.models import AuditEntry
from yilian.foundation.audit.rules import Outcome


def record(
    actor: Actor,
    action: str,
    *,
    object_kind: str = "",
    object_id: UUID | None = None,
    person_id: UUID | None = None,
    person_ids: Iterable[UUID] = (),
    ground: str = "",
    grant_id: UUID | None = None,
    is_break_glass: bool = False,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """`action` is `module.verb`; `detail` holds codes and counts, never a name, a
    number of a person or clinical content."""
    AuditEntry.objects.create(
        **_who(actor),
        action=action,
        outcome=Outcome.DONE,
        object_kind=object_kind,
        object_id=object_id,
        person_id=person_id,
        person_ids=list(person_ids),
        ground=ground,
        grant_id=grant_id,
        is_break_glass=is_break_glass,
        detail=dict(detail or {}),
    )


def record_refusal(
    actor: Actor | None,
    action: str,
    *,
    outcome: str = Outcome.REFUSED,
    origin: str,
    object_kind: str = "",
    object_id: UUID | None = None,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """After the rollback of what was refused, in a transaction of its own."""
    with transaction.atomic(durable=True):
        AuditEntry.objects.create(
            **{**_who(actor), "origin": origin[:64]},
            action=action[:64],
            outcome=outcome,
            object_kind=object_kind,
            object_id=object_id,
            detail=dict(detail or {}),
        )


def _who(actor: Actor | None) -> dict[str, Any]:
    if actor is None:
        return {}
    return {
        "account_id": actor.account_id,
        "post_id": actor.post_id,
        "institution_id": actor.institution_id,
        "roles": ",".join(sorted(actor.roles)),
        # Staff answer by name for what they did; a resident is an account here.
        "actor_name": "" if actor.reach == Reach.SELF else actor.name[:60],
        "origin": actor.origin[:64],
    }
