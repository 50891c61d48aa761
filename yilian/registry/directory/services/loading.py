"""Many rows at once, by COPY, with the same constraints (decisions 33)."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.db import connection, models, transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from yilian.foundation.access.actor import Actor, Reach
from yilian.foundation.access.scope import require
from yilian.foundation.audit import services as audit
from yilian.kernel.ids import NIL
from yilian.kernel.names import pinyin_of
from yilian.kernel.text import _
from yilian.registry.directory import fhir
from yilian.registry.directory.models import (
    Department,
    DutyShift,
    Equipment,
    Institution,
    Practitioner,
    PractitionerRole,
)
from yilian.registry.directory.services.institutions import fill_in_reading
from yilian.registry.ports import Resource, record_sink

_AS_IT_STANDS: Final = frozenset(
    {str, int, bool, UUID, date, datetime, Decimal, type(None)}
)


@transaction.atomic
def load_many(
    actor: Actor,
    *,
    institutions: Sequence[Institution] = (),
    departments: Sequence[Department] = (),
    practitioners: Sequence[Practitioner] = (),
    posts: Sequence[PractitionerRole] = (),
    equipment: Sequence[Equipment] = (),
    shifts: Sequence[DutyShift] = (),
) -> None:
    """Rows not saved yet; parents stand before those they are parents of.

    Readings in pinyin are filled in where there are none.
    """
    require(actor.reach is Reach.SYSTEM, _("批量载入只由系统执行。"))
    for institution in institutions:
        if not institution.pinyin:
            fill_in_reading(institution)
    for practitioner in practitioners:
        practitioner.pinyin = practitioner.pinyin or reading_of(practitioner.name)
    for post in posts:
        if isinstance(post.period, tuple):
            post.period = DateRange(*post.period)
    batches: tuple[Sequence[models.Model], ...] = (
        institutions,
        departments,
        practitioners,
        posts,
        equipment,
        shifts,
    )
    for rows in batches:
        copy_in(rows)
    record_sink().put_many(
        actor, _resources(institutions, departments, practitioners, posts)
    )
    audit.record(actor, "directory.load", detail=counted(batches))


def reading_of(name: str) -> str:
    """What somebody of the staff is found by when pinyin is typed."""
    return pinyin_of(name).full[:120]


def counted(batches: Iterable[Sequence[models.Model]]) -> dict[str, int]:
    """What the audit row of a load says."""
    return {str(rows[0]._meta.model_name): len(rows) for rows in batches if rows}


def copy_in(rows: Sequence[models.Model]) -> None:
    """All columns of unsaved rows of one model."""
    if not rows:
        return
    meta = rows[0]._meta
    quote = connection.ops.quote_name
    columns = ", ".join(quote(str(field.column)) for field in meta.concrete_fields)
    statement = f"COPY {quote(meta.db_table)} ({columns}) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(_values(row, meta.concrete_fields))


def _values(row: models.Model, fields: "Iterable[models.Field[Any, Any]]") -> list[Any]:
    return [_value(row, field) for field in fields]


def _value(row: models.Model, field: "models.Field[Any, Any]") -> Any:
    """What the driver writes as it stands needs no preparing, save inside JSON."""
    value = field.pre_save(row, add=True)
    if type(value) in _AS_IT_STANDS and not isinstance(field, models.JSONField):
        return value
    return field.get_db_prep_save(value, connection)


def _resources(
    institutions: Iterable[Institution],
    departments: Iterable[Department],
    practitioners: Sequence[Practitioner],
    posts: Iterable[PractitionerRole],
) -> Iterator[tuple[Resource, UUID]]:
    for institution in institutions:
        yield fhir.organization(institution), NIL
        yield fhir.location(institution), NIL
    for department in departments:
        yield fhir.department_organization(department), NIL
    for practitioner in practitioners:
        yield fhir.practitioner_resource(practitioner), NIL
    specialties = {one.pk: tuple(one.specialties) for one in practitioners}
    for post in posts:
        known = specialties.get(post.practitioner_id, ())
        yield fhir.practitioner_role(post, known), NIL
