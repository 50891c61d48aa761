"""Questions whose SQL is composed once and asked often.

Composing a queryset and turning it into SQL costs several times what the database
needs to answer by a key. `Composed` does it once, with a place for each value, and
from then on only sends values and makes the rows of what comes back:

    _BY_KEY = Composed(lambda key: Account.objects.filter(pk=key))
    accounts = _BY_KEY.ask(key=account_id)

The shape must not depend on the values: no empty lists, no `None`. `ComposedValues`
asks for `values_list` in the same way.

`Insertion` says the INSERT of one new row in the same way, `Replacement` the UPDATE
of one that stands; running them is for services.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any, Final, Generic, TypeVar, cast
from uuid import UUID

from django.db import connection, models
from django.db.models.expressions import DatabaseDefault, Expression, Func
from django.db.models.query import get_related_populators
from django.db.models.signals import pre_save

M = TypeVar("M", bound=models.Model)

_FIELDS: Final[Mapping[type, Callable[[], Any]]] = {
    UUID: models.UUIDField,
    str: models.TextField,
    datetime: models.DateTimeField,
    date: models.DateField,
    list: models.Field,  # of ids, for `Among`
}


class Slot(Expression):
    """Where a value goes that is known when the question is asked."""

    def __init__(self, name: str, output_field: Any) -> None:
        super().__init__(output_field=output_field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return "%s", [self]


class Among(Func):
    """`Among("pk", keys)`: of ids told later, however many. Not `pk__in`, whose
    statement has a place for each."""

    template = "%(expressions)s)"
    arg_joiner = " = ANY("
    output_field = models.BooleanField()


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
        rows = _asked(kept.sql, kept.values, told)
        return [cast(M, found) for found in _rows(kept, rows)]

    def _compose(self, told: Mapping[str, object]) -> _Kept:
        compiler, sql, values = _composed(self._make, told)
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


class ComposedValues:
    """A `values_list` composed once: rows of plain values."""

    def __init__(self, make: Callable[..., models.QuerySet[Any, Any]]) -> None:
        self._make = make
        self._kept: tuple[Any, Any, str, tuple[Any, ...]] | None = None

    def ask(self, **told: object) -> list[tuple[Any, ...]]:
        kept = self._kept
        if kept is None:
            compiler, sql, values = _composed(self._make, told)
            # The columns in the order in which they were asked for.
            converters = compiler.get_converters([one[0] for one in compiler.select])
            kept = self._kept = (compiler, converters, sql, tuple(values))
        compiler, converters, sql, values = kept
        rows = _asked(sql, values, told)
        if not converters:
            return rows
        return [tuple(row) for row in compiler.apply_converters(rows, converters)]


def _composed(
    make: Callable[..., models.QuerySet[Any, Any]], told: Mapping[str, object]
) -> tuple[Any, str, Any]:
    slots = {name: Slot(name, _FIELDS[type(value)]()) for name, value in told.items()}
    compiler = cast(Any, make(**slots).query.get_compiler(connection=connection))
    sql, values = compiler.as_sql()
    return compiler, sql, values


def _asked(
    sql: str, values: Iterable[Any], told: Mapping[str, object]
) -> list[tuple[Any, ...]]:
    said: list[Any] = [told[v.name] if isinstance(v, Slot) else v for v in values]
    with connection.cursor() as cursor:
        cursor.execute(sql, said)  # writes: reads only
        return cast(list[tuple[Any, ...]], cursor.fetchall())


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


_Places = tuple[tuple[str, str], ...]  # column, and what goes there
_NOTHING: Final[Mapping[str, str]] = {}


class Insertion:
    """A new row of a table that is written to by nearly every act."""

    def __init__(self, model: type[models.Model]) -> None:
        self._model = model
        self._said: dict[_Places, str] = {}

    def of(self, row: models.Model) -> tuple[str, list[Any]]:
        """Statement and values; what the database fills in is left to it."""
        if pre_save.has_listeners(self._model):
            pre_save.send(self._model, instance=row, raw=False, using=connection.alias)
        columns, values = [], []
        for field in self._fields:
            value = field.pre_save(row, add=True)
            if not isinstance(value, DatabaseDefault):
                columns.append((str(field.column), "%s"))
                values.append(_prepared(field, value))
        return self._said_of(tuple(columns)), values

    def told(
        self, facts: Mapping[str, Any], found: Mapping[str, str] = _NOTHING
    ) -> tuple[str, list[Any]]:
        """As `of`, of a row that need be no object: what is not told is as a new one
        has it. `found`: expressions over what the statement around it finds."""
        if pre_save.has_listeners(self._model):
            facts = self._stamped(facts)
        columns, values = [], []
        for field in self._fields:
            if field.attname in found:
                columns.append((str(field.column), found[field.attname]))
                continue
            if field.attname in facts:
                value = facts[field.attname]
            elif field.has_db_default():
                continue
            else:
                value = field.get_default()
            columns.append((str(field.column), "%s"))
            values.append(_prepared(field, value))
        return self._said_of(tuple(columns)), values

    def _stamped(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """What those add who want to see a row before it is written."""
        row = self._model(**facts)
        pre_save.send(self._model, instance=row, raw=False, using=connection.alias)
        held = {one.attname: getattr(row, one.attname) for one in self._fields}
        return {k: v for k, v in held.items() if not isinstance(v, DatabaseDefault)}

    @cached_property
    def _fields(self) -> list[Any]:
        return list(self._model._meta.concrete_fields)

    def _said_of(self, columns: _Places) -> str:
        if columns not in self._said:
            self._said[columns] = self._statement(columns)
        return self._said[columns]

    def _statement(self, columns: _Places) -> str:
        quoted = ", ".join(connection.ops.quote_name(name) for name, _place in columns)
        places = ", ".join(place for _name, place in columns)
        table = connection.ops.quote_name(self._model._meta.db_table)
        # Not VALUES: a condition may follow.
        return f"INSERT INTO {table} ({quoted}) SELECT {places}"


class Replacement:
    """A row that is there already, as it is now. Of one that was `read` here only what
    has changed since is sent; of another all of it."""

    def __init__(self, model: type[models.Model]) -> None:
        self._model = model
        self._said: dict[tuple[Any, ...], str] = {}

    def read(self, row: models.Model) -> None:
        """As it stands in the database now."""
        row.__dict__[_AS_READ] = self._standing(row)

    def of(self, row: models.Model) -> tuple[str, list[Any]]:
        """Statement and values; the key comes last. What it says is taken as read."""
        now, before = self._standing(row), row.__dict__.get(_AS_READ, {})
        row.__dict__[_AS_READ] = now
        key = tuple(one for one in self._fields if _differs(one.attname, now, before))
        key = key or self._fields
        if key not in self._said:
            self._said[key] = self._statement(key)
        values = [_prepared(one, one.pre_save(row, add=False)) for one in key]
        return self._said[key], [*values, row.pk]

    @cached_property
    def _fields(self) -> tuple[Any, ...]:
        return tuple(
            one
            for one in self._model._meta.concrete_fields
            if not one.primary_key and not one.generated
        )

    def _standing(self, row: models.Model) -> dict[str, Any]:
        """What may be changed in its place is kept as it reads."""
        told, names = row.__dict__, [one.attname for one in self._fields]
        return {
            name: repr(told[name]) if type(told[name]) in _CHANGEABLE else told[name]
            for name in names
            if name in told
        }

    def _statement(self, fields: Iterable[Any]) -> str:
        quote, meta = connection.ops.quote_name, self._model._meta
        said = ", ".join(f"{quote(str(one.column))} = %s" for one in fields)
        key = quote(str(cast(Any, meta.pk).column))
        return f"UPDATE {quote(meta.db_table)} SET {said} WHERE {key} = %s"  # noqa: S608


_AS_READ: Final = "_as_read"
_CHANGEABLE: Final = frozenset({dict, list})


def _differs(name: str, now: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    known = name in now and name in before
    return not known or bool(now[name] != before[name])


_AS_THEY_STAND: Final = frozenset({UUID, str, int, bool, datetime, type(None)})


def _prepared(field: Any, value: Any) -> Any:
    if type(value) in _AS_THEY_STAND and not isinstance(field, models.JSONField):
        return value
    return field.get_db_prep_save(value, connection)
