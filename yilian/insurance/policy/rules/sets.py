"""Sets of dated parameters, and what was in force on a day, 参数集.

A set may come from a file (`files.py`) or from released values in the database;
either way it is rows: key, value, the day it takes effect, its ground.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from yilian.insurance.policy.rules.keys import ANY, KEYS
from yilian.insurance.policy.rules.leaves import plain
from yilian.kernel.errors import Invalid
from yilian.kernel.text import _


class NothingInForce(Invalid):
    """The set has no value of a key on the day."""

    code = "parameter-not-in-force"


@dataclass(frozen=True, slots=True)
class Row:
    """One value of one key, from a day on (and up to another, half-open)."""

    key: str
    value: Any
    starts_on: date
    ends_on: date | None
    clause: str
    source: str
    set_id: str
    version: str


@dataclass(frozen=True, slots=True)
class Reference:
    """Which value a step rests on, so that it can be looked up again."""

    id: str
    set_id: str
    version: str
    starts_on: date
    clause: str
    source: str
    value: Any


@dataclass(frozen=True)
class InForce:
    """The rows in force on the days between two changes."""

    set_id: str
    rows: Mapping[str, Row]
    first_day: date
    day: date
    # For those who prepare something from the rows: it lives as long as they do.
    compiled: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def is_complete(self) -> bool:
        return len(self.rows) == len(KEYS)

    def value(self, key: str, *path: str) -> Any:
        """The leaf, or the table, at a path below a key."""
        found = self._row(key).value
        for name in path:
            found = found[name]
        return found

    def of_group(self, key: str, insurance: str, group: str) -> Any:
        """The part of a table for a group; everybody else is `any`."""
        table = self.value(key, insurance)
        return table[group] if group in table else table[ANY]

    def group_name(self, key: str, insurance: str, group: str) -> str:
        return group if group in self.value(key, insurance) else ANY

    def reference(self, key: str, *path: str) -> Reference:
        where = ("reference", key, *path)
        found: Reference | None = self.compiled.get(where)
        if found is None:
            found = self.compiled[where] = self._reference(key, path)
        return found

    def _reference(self, key: str, path: tuple[str, ...]) -> Reference:
        row = self._row(key)
        return Reference(
            id=".".join((key, *path)),
            set_id=row.set_id,
            version=row.version,
            starts_on=row.starts_on,
            clause=row.clause,
            source=row.source,
            value=plain(self.value(key, *path)),
        )

    def _row(self, key: str) -> Row:
        if key in self.rows:
            return self.rows[key]
        raise NothingInForce(
            _("参数集 {set} 自 {first} 起有值，{day} 没有有效的“{title}”（{key}）。"),
            set=self.set_id,
            day=self.day,
            title=KEYS[key].title,
            key=key,
            first=self.first_day,
        )


@dataclass(frozen=True)
class ParameterSet:
    id: str
    version: str
    title: str
    region: str
    source: str
    rows: tuple[Row, ...]
    _kept: dict[int, InForce] = field(default_factory=dict, compare=False, repr=False)
    _changes: tuple[date, ...] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        days = {row.starts_on for row in self.rows}
        days |= {row.ends_on for row in self.rows if row.ends_on}
        object.__setattr__(self, "_changes", tuple(sorted(days)))

    @property
    def first_day(self) -> date:
        return min(row.starts_on for row in self.rows)

    @property
    def changes(self) -> tuple[date, ...]:
        """The days on which some value begins or ends."""
        return self._changes

    def on(self, day: date) -> InForce:
        """What was in force; asking it for a key without a value raises."""
        epoch = bisect_right(self._changes, day)
        if epoch in self._kept:
            return self._kept[epoch]
        found = self._in_force(day)
        if found.is_complete:  # else a refusal would name another day
            self._kept[epoch] = found
        return found

    @cached_property
    def grades(self) -> frozenset[str]:
        """The contribution grades of residents that some row names, 档次."""
        named = {
            str(name)
            for row in self.rows
            if [level.name for level in KEYS[row.key].levels][:2] == ["type", "group"]
            for name in row.value["resident"]
        }
        return frozenset(named - {ANY})

    def with_rows(self, rows: Iterable[Row], *, set_id: str) -> "ParameterSet":
        return ParameterSet(
            id=set_id,
            version=self.version,
            title=self.title,
            region=self.region,
            source=self.source,
            rows=tuple(rows),
        )

    def _in_force(self, day: date) -> InForce:
        latest: dict[str, Row] = {}
        for row in sorted(self.rows, key=lambda row: row.starts_on):
            if row.starts_on <= day:
                latest[row.key] = row
        rows = {k: r for k, r in latest.items() if not r.ends_on or day < r.ends_on}
        return InForce(self.id, rows, self.first_day, day)
