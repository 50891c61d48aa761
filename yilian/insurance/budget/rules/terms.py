"""What was agreed for a pool, as the rules of the year read it (RI-9).

A revision keeps the values it was made of with their ground and source, so that a
year is counted by what was released for it, whatever the set says later.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from yilian.insurance.policy.rules.keys import KEYS
from yilian.insurance.policy.rules.leaves import plain
from yilian.insurance.policy.rules.sets import InForce, Row
from yilian.insurance.policy.rules.tables import Problem, read_table
from yilian.kernel.errors import Invalid
from yilian.kernel.text import Text, _

PREFIX: Final = "budget."
# A field of a page, and the key it changes.
AMOUNTS: Final[Mapping[str, str]] = {
    "per_capita": "budget.per_capita_standard",
    "premium": "budget.serious_premium_per_head",
    "reserve_rate": "budget.reserve_rate",
    "advance_rate": "budget.advance_rate",
}
TABLES: Final[Mapping[str, str]] = {
    "keep": "budget.keep",
    "overspend": "budget.overspend",
    "shares": "budget.shares",
}
NAMES: Final[Mapping[str, str]] = {**AMOUNTS, **TABLES}

Kept = Mapping[str, Mapping[str, Any]]


def kept_of(in_force: InForce, changed: Mapping[str, Any], source: str) -> Kept:
    """Each value as JSON keeps it; what the revision changes carries its source."""
    return {
        name: _changed(in_force, name, changed[name], source)
        if changed.get(name) is not None
        else _as_set(in_force, NAMES[name])
        for name in NAMES
    }


def in_force_of(kept: Kept, starts_on: date) -> InForce:
    rows = {NAMES[name]: _row(NAMES[name], one) for name, one in kept.items()}
    first = min(row.starts_on for row in rows.values())
    return InForce("budget", rows, first, starts_on)


def _as_set(in_force: InForce, key: str) -> Mapping[str, Any]:
    reference = in_force.reference(key)
    return {
        "value": reference.value,
        "starts_on": reference.starts_on.isoformat(),
        "clause": reference.clause,
        "source": reference.source,
        "set": reference.set_id,
        "version": reference.version,
    }


def _changed(
    in_force: InForce, name: str, value: Any, source: str
) -> Mapping[str, Any]:
    asked = plain(value)
    as_set = _as_set(in_force, NAMES[name])
    if _same(asked, as_set["value"]):
        return as_set
    problems: list[Problem] = []
    read = read_table(KEYS[NAMES[name]], asked, problems)
    if problems:
        raise Invalid(fields={name: problems[0].text})
    return {
        "value": plain(read),
        "starts_on": in_force.day.isoformat(),
        "clause": KEYS[NAMES[name]].clause,
        "source": source,
        "set": "pool",
        "version": "1",
    }


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        return Decimal(one) == Decimal(other)
    return bool(one == other)


def _row(key: str, one: Mapping[str, Any]) -> Row:
    problems: list[Problem] = []
    value = read_table(KEYS[key], one["value"], problems)
    if problems:
        raise Invalid(
            _("保存的参数无法读取：{problem}"),
            problem=Text("{path}", {"path": problems[0].path}),
        )
    return Row(
        key=key,
        value=value,
        starts_on=date.fromisoformat(one["starts_on"]),
        ends_on=None,
        clause=one["clause"],
        source=one["source"],
        set_id=one["set"],
        version=one["version"],
    )
