"""Changing values of a set from a day on. What holds before that day stays, and so
does what the set already says for later days."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from yilian.insurance.policy.rules.files import SetWrong, check
from yilian.insurance.policy.rules.keys import ANY, KEYS, Key
from yilian.insurance.policy.rules.leaves import plain
from yilian.insurance.policy.rules.sets import ParameterSet, Row
from yilian.insurance.policy.rules.tables import Problem, read_table
from yilian.kernel.text import Text, _

Changes = Mapping[str, Any]  # "inpatient.ratio.resident.any.tertiary" → as in a file
Leaves = Mapping[tuple[str, ...], Any]


@dataclass(frozen=True, slots=True)
class Head:
    """What stands above the values of a set."""

    id: str
    version: str
    title: str
    region: str
    source: str


def edited(
    base: ParameterSet, day: date, changes: Changes, *, source: str
) -> ParameterSet:
    """The set with these leaves from the day on, on the ground of `source`; raises
    `SetWrong` with each path that is not right."""
    problems: list[Problem] = []
    rows = base.rows
    for key, leaves in _by_key(changes, problems).items():
        held = base.on(day).rows.get(key.name)
        if held is None:
            problems.append(Problem(key.name, Text(_("{day} 没有值"), {"day": day})))
            continue
        value = _value_with(key, held, leaves, problems)
        if value != held.value:
            new = replace(held, value=value, starts_on=day, source=source)
            rows = (*_beside(rows, held, day), new)
    found = base.with_rows(rows, set_id=base.id)
    if problems := problems or check(found, starts_on=base.first_day):
        raise SetWrong(base.id, problems)
    return found


def named(base: ParameterSet, head: Head) -> ParameterSet:
    """The same values under another name."""
    rows = (replace(row, set_id=head.id, version=head.version) for row in base.rows)
    return ParameterSet(
        id=head.id,
        version=head.version,
        title=head.title,
        region=head.region,
        source=head.source,
        rows=tuple(rows),
    )


def _by_key(
    changes: Changes, problems: list[Problem]
) -> dict[Key, dict[tuple[str, ...], Any]]:
    found: dict[Key, dict[tuple[str, ...], Any]] = {}
    for path, raw in changes.items():
        key, below = split(path)
        if key is None or len(below) != len(key.levels):
            problems.append(Problem(path, Text(_("没有这个参数"))))
        else:
            found.setdefault(key, {})[below] = raw
    return found


def split(path: str) -> tuple[Key | None, tuple[str, ...]]:
    """A path as its key and the names below it."""
    parts = path.split(".")
    for length in range(len(parts), 0, -1):
        key = KEYS.get(".".join(parts[:length]))
        if key is not None:
            return key, tuple(parts[length:])
    return None, ()


def _value_with(key: Key, held: Row, leaves: Leaves, problems: list[Problem]) -> Any:
    tree = plain(held.value)
    for below, raw in leaves.items():
        tree = _placed(tree, below, raw)
    return read_table(key, tree, problems)


def _beside(rows: tuple[Row, ...], held: Row, day: date) -> Iterator[Row]:
    """A value that began earlier holds until the day; one of that day is replaced."""
    for row in rows:
        if row is not held or row.starts_on != day:
            yield row


def _placed(tree: Any, below: tuple[str, ...], raw: Any) -> Any:
    """A name that is not there yet begins as a copy of everybody."""
    if not below:
        return raw
    name, *rest = below
    part = deepcopy(tree.get(name, tree.get(ANY, {})))
    return {**tree, name: _placed(part, tuple(rest), raw)}
