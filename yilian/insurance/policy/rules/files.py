"""Sets of parameters as TOML files: reading, checking, and those that ship.

A set is checked whole before anything is settled by it; what is wrong is said with
its path, all of it at once.
"""

import tomllib
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from importlib import resources
from itertools import groupby, pairwise
from typing import Any, Final

from yilian.insurance.policy.rules.keys import KEYS
from yilian.insurance.policy.rules.sets import ParameterSet, Row
from yilian.insurance.policy.rules.tables import Problem, read_table
from yilian.kernel.clause import clauses
from yilian.kernel.errors import Invalid
from yilian.kernel.text import Text, _

_PACKAGE: Final = "yilian.insurance.policy.sets"
_HEAD: Final = frozenset(
    {"id", "extends", "version", "title", "region", "source", "starts_on"}
)
_ROW: Final = frozenset({"effective_from", "effective_to", "clause", "source", "value"})


class SetWrong(Invalid):
    """A set that must not be used; `problems` says where and why."""

    code = "parameter-set-wrong"

    def __init__(self, set_id: str, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(
            _("参数集 {set} 有 {count} 处问题：{problems}"),
            set=set_id,
            count=len(self.problems),
            problems="；".join(map(str, self.problems)),
        )


class UnknownSet(Invalid):
    code = "parameter-set-unknown"


def shipped() -> list[str]:
    folder = resources.files(_PACKAGE)
    names = (entry.name for entry in folder.iterdir())
    return sorted(n.removesuffix(".toml") for n in names if n.endswith(".toml"))


@cache
def shipped_set(set_id: str) -> ParameterSet:
    if set_id not in shipped():
        raise UnknownSet(
            _("没有名为 {set} 的参数集。现有：{known}。"),
            set=set_id,
            known="、".join(shipped()),
        )
    source = resources.files(_PACKAGE).joinpath(f"{set_id}.toml")
    return parse_set(source.read_text(encoding="utf-8"))


def parse_set(text: str) -> ParameterSet:
    """A set from a file's text; raises `SetWrong` with everything that is wrong."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        problem = Problem("TOML", Text("{error}", {"error": error}))
        raise SetWrong("?", [problem]) from None
    return read_set(raw)


def read_set(raw: Mapping[str, Any]) -> ParameterSet:
    """A set from a file's table, or from the JSON of `documents.as_document`."""
    problems = _head_wrong(raw)
    if problems:
        raise SetWrong(str(raw.get("id", "?")), problems)
    base = shipped_set(raw["extends"]).rows if "extends" in raw else ()
    found = ParameterSet(
        id=raw["id"],
        version=raw["version"],
        title=raw["title"],
        region=raw["region"],
        source=raw["source"],
        rows=(*base, *_rows(raw, problems)),
    )
    starts_on = _day(raw["starts_on"]) or date.max
    if problems := problems or check(found, starts_on=starts_on):
        raise SetWrong(found.id, problems)
    return found


def check(found: ParameterSet, *, starts_on: date) -> list[Problem]:
    """Every key has a value on every day from the start on, and only one."""
    problems = []
    by_key = {
        key: sorted(rows, key=lambda row: row.starts_on)
        for key, rows in groupby(sorted(found.rows, key=_key), _key)
    }
    for name in KEYS:
        rows = by_key.get(name, [])
        if not rows:
            problems.append(Problem(name, Text(_("缺少这个参数"))))
            continue
        problems += _gaps(name, rows, starts_on)
    return problems


def _key(row: Row) -> str:
    return row.key


def _gaps(name: str, rows: list[Row], starts_on: date) -> list[Problem]:
    problems = []
    if rows[0].starts_on > starts_on:
        text = Text(_("从 {start} 到 {end} 没有值"), {
            "start": starts_on, "end": rows[0].starts_on})  # fmt: skip
        problems.append(Problem(name, text))
    for earlier, later in pairwise(rows):
        if earlier.starts_on == later.starts_on:
            text = Text(_("{day} 有两个值"), {"day": later.starts_on})
            problems.append(Problem(name, text))
        elif earlier.ends_on and earlier.ends_on < later.starts_on:
            text = Text(_("从 {start} 到 {end} 没有值"), {
                "start": earlier.ends_on, "end": later.starts_on})  # fmt: skip
            problems.append(Problem(name, text))
    return problems


def _head_wrong(raw: Mapping[str, Any]) -> list[Problem]:
    needed = _HEAD - {"extends"}
    problems = [
        Problem(name, Text(_("缺少这一项"))) for name in sorted(needed - set(raw))
    ]
    texts = {n for n in _HEAD - {"starts_on"} if n in raw and not _is_text(raw[n])}
    problems += [Problem(name, Text(_("应为文字"))) for name in sorted(texts)]
    if "starts_on" in raw and _day(raw["starts_on"]) is None:
        problems.append(Problem("starts_on", Text(_("应为日期，如 2018-01-01"))))
    return problems


def _rows(raw: Mapping[str, Any], problems: list[Problem]) -> list[Row]:
    rows = []
    for name, entries in raw.items():
        if name in _HEAD:
            continue
        if name not in KEYS:
            problems.append(Problem(name, Text(_("没有这个参数"))))
            continue
        if not _are_tables(entries):
            problems.append(Problem(name, Text(_('应写成 [["{key}"]]'), {"key": name})))
            continue
        rows += [_row(raw, name, i, e, problems) for i, e in enumerate(entries)]
    return rows


def _row(
    head: Mapping[str, Any],
    name: str,
    index: int,
    entry: Mapping[str, Any],
    problems: list[Problem],
) -> Row:
    where = f"{name}[{index}]"
    problems += [
        Problem(f"{where}.{n}", Text(_("没有这一项"))) for n in set(entry) - _ROW
    ]
    starts, ends = _day(entry.get("effective_from")), _day(entry.get("effective_to"))
    if starts is None or (ends is None and entry.get("effective_to") is not None):
        problems.append(Problem(where, Text(_("缺少生效日期，或日期不对"))))
    elif ends is not None and ends <= starts:
        problems.append(Problem(where, Text(_("失效日须晚于生效日"))))
    ground = entry.get("clause", KEYS[name].clause)
    if not isinstance(ground, str) or ground not in clauses():
        text = Text(_("没有条款 {id}"), {"id": ground})
        problems.append(Problem(f"{where}.clause", text))
    if not _is_text(entry.get("source", head["source"])):
        problems.append(Problem(f"{where}.source", Text(_("应为文字"))))
    return Row(
        key=name,
        value=read_table(KEYS[name], entry.get("value"), problems),
        starts_on=starts or date.min,
        ends_on=ends,
        clause=ground,
        source=entry.get("source", head["source"]),
        set_id=head["id"],
        version=head["version"],
    )


def _are_tables(raw: object) -> bool:
    return isinstance(raw, list) and all(isinstance(row, Mapping) for row in raw)


def _is_text(raw: object) -> bool:
    return isinstance(raw, str) and bool(raw.strip())


def _day(raw: object) -> date | None:
    """TOML has dates, JSON has texts."""
    if type(raw) is date:
        return raw
    try:
        return date.fromisoformat(raw) if isinstance(raw, str) else None
    except ValueError:
        return None
