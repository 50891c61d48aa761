"""Looking at a pool's money and taking it away as a file: each is written down."""

from django.db import transaction

from yilian.foundation.access.actor import Actor
from yilian.foundation.audit.services import record
from yilian.insurance.budget.models import Pool


@transaction.atomic
def note_look(actor: Actor, what: str, pool: Pool | None = None) -> None:
    record(
        actor,
        f"budget.{what}",
        object_kind="Pool" if pool else "budget",
        object_id=pool.pk if pool else None,
    )


@transaction.atomic
def note_export(actor: Actor, what: str, pool: Pool | None, *, rows: int) -> None:
    record(
        actor,
        "budget.export",
        object_kind=what,
        object_id=pool.pk if pool else None,
        detail={"rows": rows},
    )
