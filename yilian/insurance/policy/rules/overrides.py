"""Changing a set for one calculation: 参数覆盖.

    {"inpatient.ratio.resident.any.tertiary": "0.55",
     "penalty_mode": "HALF_RATIO",
     "outpatient.visit_limit.resident.any.primary@2020-07-01": "80"}

A path is a key and, dot by dot, the levels of its table. A single value given to a
table reaches every leaf below it; a table may be given whole or in part. `@day`
makes the change begin on that day; without it, all days are changed. A group or a
disease that the set does not name begins as a copy of `any`.
"""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import replace
from datetime import date
from typing import Any

from yilian.insurance.policy.rules.files import SetWrong
from yilian.insurance.policy.rules.keys import ANY, KEYS, Key
from yilian.insurance.policy.rules.leaves import plain
from yilian.insurance.policy.rules.sets import ParameterSet, Row
from yilian.insurance.policy.rules.tables import Problem, read_table
from yilian.kernel.text import Text, _

Rows = tuple[Row, ...]


def overridden(base: ParameterSet, changes: Mapping[str, Any]) -> ParameterSet:
    """The set with the changes; raises `SetWrong` and names each wrong path."""
    if not changes:
        return base
    problems: list[Problem] = []
    rows: Rows = base.rows
    for path, value in _flat(changes, ""):
        rows = _changed(rows, path, value, problems)
    if problems:
        raise SetWrong(base.id, problems)
    return base.with_rows(rows, set_id=f"{base.id}+overrides")


def _flat(changes: Mapping[str, Any], above: str) -> Iterator[tuple[str, Any]]:
    """Nested tables down to a key; below the key the value stays whole."""
    for name, value in changes.items():
        path = f"{above}.{name}" if above else name
        if isinstance(value, Mapping) and _key_of(path.partition("@")[0]) is None:
            yield from _flat(value, path)
        else:
            yield path, value


def _key_of(path: str) -> Key | None:
    parts = path.split(".")
    names = (".".join(parts[:n]) for n in range(len(parts), 0, -1))
    return next((KEYS[name] for name in names if name in KEYS), None)


def _changed(rows: Rows, path: str, value: Any, problems: list[Problem]) -> Rows:
    where, _at, day_text = path.partition("@")
    key = _key_of(where)
    if key is None:
        problems.append(Problem(path, Text(_("没有这个参数"))))
        return rows
    start = _day(path, day_text, problems) if day_text else None
    below = [part for part in where.removeprefix(key.name).split(".") if part]
    mine = sorted((r for r in rows if r.key == key.name), key=lambda r: r.starts_on)
    others = tuple(row for row in rows if row.key != key.name)
    if start is not None:
        mine = _beginning(mine, start)
    changed = [
        row
        if start is not None and row.starts_on < start
        else _with(row, key, below, value, problems)
        for row in mine
    ]
    return (*others, *changed)


def _beginning(rows: list[Row], start: date) -> list[Row]:
    """A row that begins on the day, a copy of the one in force."""
    before = [row for row in rows if row.starts_on < start]
    if not before or any(row.starts_on == start for row in rows):
        return rows
    return sorted(
        [*rows, replace(before[-1], starts_on=start)], key=lambda r: r.starts_on
    )


def _with(
    row: Row, key: Key, below: list[str], value: Any, problems: list[Problem]
) -> Row:
    tree = plain(row.value)
    if len(below) > len(key.levels):
        path = ".".join((key.name, *below))
        problems.append(Problem(path, Text(_("没有这一项"))))
        return row
    changed = _placed(tree, key, below, 0, value)
    found: list[Problem] = []
    typed = read_table(key, changed, found)
    if found:
        problems += [problem for problem in found if problem not in problems]
        return row
    return replace(
        row, value=typed, source="override", set_id=f"{row.set_id}+overrides"
    )


def _placed(tree: Any, key: Key, below: list[str], depth: int, value: Any) -> Any:
    if depth == len(key.levels):
        return value
    if depth < len(below):
        name = below[depth]
        part = _placed(_copy_of(tree, name), key, below, depth + 1, value)
        return {**tree, name: part}
    if not isinstance(value, Mapping):
        return {n: _placed(t, key, below, depth + 1, value) for n, t in tree.items()}
    parts = {
        str(name): _placed(_copy_of(tree, str(name)), key, below, depth + 1, part)
        for name, part in value.items()
    }
    return {**tree, **parts}


def _copy_of(tree: Mapping[str, Any], name: str) -> Any:
    return deepcopy(tree.get(name, tree.get(ANY, {})))


def _day(path: str, text: str, problems: list[Problem]) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        problems.append(Problem(path, Text(_("@ 后应为日期，如 2019-01-01"))))
        return None
