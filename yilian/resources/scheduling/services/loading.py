"""Places by the thousand, for imports and the demo (decisions 33)."""

from collections.abc import Sequence
from typing import Any

from django.db import models, transaction
from psycopg.types.range import TimestamptzRange

from yilian.foundation.access.actor import Actor, Reach
from yilian.foundation.access.scope import require
from yilian.foundation.audit.services import record
from yilian.kernel.text import _
from yilian.registry.directory.services.loading import copy_in
from yilian.resources.scheduling.models import Bed, Hold, Slot


@transaction.atomic
def load_many(
    actor: Actor,
    *,
    slots: Sequence[Slot] = (),
    beds: Sequence[Bed] = (),
    holds: Sequence[Hold] = (),
) -> None:
    """Unsaved rows by COPY under the same constraints; one audit row a batch."""
    require(actor.reach is Reach.SYSTEM, _("批量载入只由系统执行。"))
    for hold in holds:
        hold.period = _as_range(hold.period)
    batches: tuple[Sequence[models.Model], ...] = (slots, beds, holds)
    for rows in batches:
        copy_in(rows)
    counts = {rows[0]._meta.model_name or "": len(rows) for rows in batches if rows}
    record(actor, "scheduling.load", detail=counts)


def _as_range(period: Any) -> Any:
    return TimestamptzRange(*period) if isinstance(period, tuple) else period
