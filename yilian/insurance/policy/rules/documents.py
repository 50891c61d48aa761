"""Sets as JSON, to be kept, compared and digested.

The shape is that of the files: the head, and for every key its rows.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from yilian.insurance.policy.rules.keys import KEYS
from yilian.insurance.policy.rules.leaves import plain
from yilian.insurance.policy.rules.sets import ParameterSet, Row
from yilian.insurance.policy.rules.tables import leaves


@dataclass(frozen=True, slots=True)
class Change:
    """One leaf from one day on, before and after; None: it was, or is, not there."""

    path: str
    starts_on: date
    before: Any
    after: Any


def as_document(parameters: ParameterSet) -> dict[str, Any]:
    """`files.read_set` reads it back, row by row the same."""
    rows: dict[str, list[dict[str, Any]]] = {}
    for row in sorted(parameters.rows, key=lambda row: (row.key, row.starts_on)):
        rows.setdefault(row.key, []).append(_row(row))
    return {
        "id": parameters.id,
        "version": parameters.version,
        "title": parameters.title,
        "region": parameters.region,
        "source": parameters.source,
        "starts_on": parameters.first_day.isoformat(),
        **rows,
    }


def changes(old: ParameterSet, new: ParameterSet) -> list[Change]:
    """What a reviewer has to read, leaf by leaf, in the order of keys and days."""
    before, after = dict(_leaves(old)), dict(_leaves(new))
    places = sorted(before.keys() | after.keys())
    return [
        Change(path, day, before.get((path, day)), after.get((path, day)))
        for path, day in places
        if before.get((path, day)) != after.get((path, day))
    ]


def _leaves(parameters: ParameterSet) -> Iterator[tuple[tuple[str, date], Any]]:
    for row in parameters.rows:
        for path, leaf in leaves(row.value, len(KEYS[row.key].levels)):
            yield (".".join((row.key, *path)), row.starts_on), plain(leaf)


def _row(row: Row) -> dict[str, Any]:
    found: dict[str, Any] = {
        "effective_from": row.starts_on.isoformat(),
        "clause": row.clause,
        "source": row.source,
        "value": plain(row.value),
    }
    if row.ends_on:
        found["effective_to"] = row.ends_on.isoformat()
    return found
