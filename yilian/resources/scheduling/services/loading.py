"""Places by the thousand, for imports and the demo (decisions 33)."""

from collections.abc import Iterable
from typing import Any, TypeVar

from django.db import connection, transaction
from django.db.models import Model

from yilian.foundation.access.actor import Actor
from yilian.foundation.audit.services import record
from yilian.resources.scheduling.models import Bed, Hold, Slot

M = TypeVar("M", bound=Model)


@transaction.atomic
def load_many(
    actor: Actor,
    *,
    slots: Iterable[Slot] = (),
    beds: Iterable[Bed] = (),
    holds: Iterable[Hold] = (),
) -> int:
    """Unsaved rows by COPY under the same constraints; one audit row a batch."""
    counts = {
        "slots": _copy(Slot, slots),
        "beds": _copy(Bed, beds),
        "holds": _copy(Hold, holds),
    }
    record(actor, "scheduling.load", detail=counts)
    return sum(counts.values())


def _copy(model: type[M], rows: Iterable[M]) -> int:
    fields = model._meta.concrete_fields
    columns = ", ".join(f'"{field.column}"' for field in fields)
    statement = f'COPY "{model._meta.db_table}" ({columns}) FROM STDIN'
    count = 0
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row([_value(row, field) for field in fields])
            count += 1
    return count


def _value(row: Model, field: Any) -> Any:
    """What Django would insert, `auto_now_add` included."""
    value = field.pre_save(row, add=True)
    return field.get_db_prep_save(value, connection)
