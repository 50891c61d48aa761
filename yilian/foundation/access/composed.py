"""Questions whose SQL is composed once and asked often.

Composing a queryset and turning it into SQL costs several times what the database
needs to answer by a key. `Composed` does it once, with a place for each value, and
from then on only sends values and makes the rows of what comes back:

    _BY_KEY = Composed(lambda key: Account.objects.filter(pk=key))
    accounts = _BY_KEY.ask(key=account_id)

The shape must not depend on the values: no empty lists, no `None`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Generic, TypeVar, cast
from uuid import UUID

from django.db import connection, models
from django.db.models.expressions import Expression
from django.db.models.query import get_related_populators

M = TypeVar("M", bound=models.Model)

_FIELDS: Final[Mapping[type, Callable[[], Any]]] = {
    UUID: models.UUIDField,
    str: models.TextField,
    datetime: models.DateTimeField,
}


class Slot(Expression):
    """Where a value goes that is known when the question is asked."""

    def __init__(self, name: str, output_field: Any) -> None:
        super().__init__(output_field=output_field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return "%s", [self]


@dataclass(frozen=True, slots=True)
class _Kept:
    """What Django's own reading of rows works out anew for each question."""

    sql: str
    values: tuple[Any, ...]
    compiler: Any
    converters: Any
    model: type[models.Model]
    names: list[str]
    at: slice
    related: list[Any]
    annotations: Mapping[str, int]


class Composed(Generic[M]):
    def __init__(self, make: Callable[..., models.QuerySet[M]]) -> None:
        self._make = make
        self._kept: _Kept | None = None

    def ask(self, **told: object) -> list[M]:
        kept = self._kept
        if kept is None:
            kept = self._kept = self._compose(told)
        values: list[Any] = [
            told[v.name] if isinstance(v, Slot) else v for v in kept.values
        ]
        with connection.cursor() as cursor:
            cursor.execute(kept.sql, values)  # writes: reads only
            rows = cursor.fetchall()
        return [cast(M, found) for found in _rows(kept, rows)]

    def _compose(self, told: Mapping[str, object]) -> _Kept:
        slots = {
            name: Slot(name, _FIELDS[type(value)]()) for name, value in told.items()
        }
        compiler = cast(
            Any, self._make(**slots).query.get_compiler(connection=connection)
        )
        sql, values = compiler.as_sql()
        told_by, select = compiler.klass_info, compiler.select
        at = slice(told_by["select_fields"][0], told_by["select_fields"][-1] + 1)
        return _Kept(
            sql=sql,
            values=tuple(values),
            compiler=compiler,
            converters=compiler.get_converters(
                [column[0] for column in select[: compiler.col_count]]
            ),
            model=told_by["model"],
            names=[column[0].target.attname for column in select[at]],
            at=at,
            related=cast(Any, get_related_populators)(
                told_by, select, connection.alias
            ),
            annotations=compiler.annotation_col_map or {},
        )


def _rows(kept: _Kept, rows: list[tuple[Any, ...]]) -> Iterator[models.Model]:
    """As `ModelIterable` makes them."""
    found = kept.compiler.apply_converters(rows, kept.converters)
    for row in found if kept.converters else rows:
        one = kept.model.from_db(connection.alias, kept.names, row[kept.at])
        for populator in kept.related:
            populator.populate(row, one)
        for name, place in kept.annotations.items():
            setattr(one, name, row[place])
        yield one
