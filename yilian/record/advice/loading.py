"""Rule packs as data: read from TOML, checked word by word, chosen by day.

A pack that is wrong stops with the file, the rule and the place in its tree. A
new version is a new file with the same `id` and a later `effective_from`.
"""

import tomllib
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Final

from yilian.record.advice.groups import GROUPS
from yilian.record.advice.rules import Pack, Rule
from yilian.record.advice.schema import PackError, Row, Trees, build, read_value

_PACK_FIELDS: Final = frozenset(
    {"id", "version", "title", "effective_from", "group", "stable_rule"}
)
_PACK_PARTS: Final = frozenset({"params", "sources", "define", "rule"})


def read_pack(source: str, name: str) -> Pack:
    """A pack from TOML text; `name` says in errors where it stands."""
    try:
        table = tomllib.loads(source, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise PackError(f"{name}: {error}") from None
    for key in table:
        if key not in _PACK_FIELDS | _PACK_PARTS:
            raise PackError(f"{name}: unknown field {key!r}")
    trees = Trees({})
    for word, row in table.get("define", {}).items():
        trees.defined[word] = trees.read(row, f"{name}: define.{word}")
    head = {key: value for key, value in table.items() if key in _PACK_FIELDS}
    pack = build(
        Pack,
        head,
        name,
        sources=table.get("sources", {}),
        rules=tuple(_rules(table, trees, name)),
        member=trees.defined.get("member"),
        known=trees.defined.get("known"),
        stable=trees.defined.get("stable"),
    )
    _check_pack(pack, name)
    return pack


def _rules(table: Row, trees: Trees, name: str) -> Iterable[Rule]:
    shared = read_value("params", table.get("params", {}), name)
    for number, row in enumerate(table.get("rule", [])):
        where = f"{name}: rule {row.get('rule_id', number)}"
        if "when" not in row:
            raise PackError(f"{where}: field 'when' is missing")
        trees_of = {
            key: trees.read(row[key], f"{where}: {key}")
            for key in ("when", "unless")
            if key in row
        }
        own = read_value("params", row.get("params", {}), where)
        yield build(Rule, row, where, **trees_of, params={**shared, **own})


def _check_pack(pack: Pack, name: str) -> None:
    if not pack.rules:
        raise PackError(f"{name}: has no rule")
    if pack.group is not None and pack.group not in GROUPS:
        raise PackError(f"{name}: unknown group {pack.group!r}")
    seen: set[str] = set()
    ids = {rule.rule_id for rule in pack.rules}
    for rule in pack.rules:
        _check_rule(pack, rule, ids, f"{name}: rule {rule.rule_id}")
        if rule.rule_id in seen:
            raise PackError(f"{name}: rule {rule.rule_id} stands twice")
        seen.add(rule.rule_id)


def _check_rule(pack: Pack, rule: Rule, ids: set[str], where: str) -> None:
    for mark in rule.source:
        if mark not in pack.sources:
            raise PackError(f"{where}: source {mark!r} is not among the pack's sources")
    for other in rule.superseded_by:
        if other not in ids or other == rule.rule_id:
            raise PackError(f"{where}: superseded_by {other!r} is no other rule here")


def load_folder(folder: Path) -> tuple[Pack, ...]:
    return tuple(
        read_pack(path.read_text(encoding="utf-8"), path.name)
        for path in sorted(folder.glob("*.toml"))
    )


@cache
def shipped() -> tuple[Pack, ...]:
    """Every version of every pack that comes with the system."""
    folder = resources.files("yilian.record.advice").joinpath("packs")
    files = sorted(folder.iterdir(), key=lambda file: file.name)
    return tuple(
        read_pack(file.read_text(encoding="utf-8"), file.name)
        for file in files
        if file.name.endswith(".toml")
    )


def in_force(packs: Iterable[Pack], on: date) -> tuple[Pack, ...]:
    """Of each pack the version of that day, in the order of first appearance.

    A day before the first version is judged by the first: an old record is still
    read with the oldest rules we have, rather than with none.
    """
    versions: dict[str, list[Pack]] = {}
    for pack in packs:
        versions.setdefault(pack.id, []).append(pack)
    return tuple(_version_on(found, on) for found in versions.values())


def _version_on(versions: list[Pack], on: date) -> Pack:
    ordered = sorted(versions, key=lambda pack: pack.effective_from)
    begun = [pack for pack in ordered if pack.effective_from <= on]
    return begun[-1] if begun else ordered[0]
