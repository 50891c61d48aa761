"""Reading the table of a key: every level known, every leaf of its kind."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from yilian.insurance.policy.rules.keys import ANY, EMPLOYEE_GROUPS, Key
from yilian.insurance.policy.rules.leaves import Wrong
from yilian.kernel.text import Text, _

_GROUP: Final = "group"
_LONGEST_NAME: Final = 40


@dataclass(frozen=True, slots=True)
class Problem:
    """Where in a set something is wrong, and what."""

    path: str
    text: Text

    def __str__(self) -> str:
        return f"{self.path}: {self.text}"


def read_table(key: Key, raw: Any, problems: list[Problem]) -> Any:
    """The typed value; what is wrong is added to `problems`."""
    return _read(key, raw, (), problems)


def leaves(value: Any, depth: int) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Each leaf of a table with its path."""
    if depth == 0:
        yield (), value
        return
    for name, below in value.items():
        for path, leaf in leaves(below, depth - 1):
            yield (name, *path), leaf


def _read(key: Key, raw: Any, path: tuple[str, ...], problems: list[Problem]) -> Any:
    where = ".".join((key.name, *path))
    if len(path) == len(key.levels):
        try:
            return key.leaf.read(raw)
        except Wrong as wrong:
            problems.append(Problem(where, wrong.text))
            return None
    if not isinstance(raw, Mapping):
        level = key.levels[len(path)]
        problems.append(
            Problem(where, Text(_("应按“{level}”分别给出"), {"level": level.name}))
        )
        return None
    problems += _names_wrong(key, raw, path)
    return {
        str(name): _read(key, part, (*path, str(name)), problems)
        for name, part in raw.items()
    }


def _names_wrong(
    key: Key, raw: Mapping[str, Any], path: tuple[str, ...]
) -> list[Problem]:
    level = key.levels[len(path)]
    where = ".".join((key.name, *path))
    unknown = [name for name in raw if not _is_known(key, str(name), path)]
    missing = [n for n in level.options if level.needs_all and n not in raw]
    if level.name == _GROUP and not _covers(raw, path):
        missing.append(ANY)
    return [
        *(Problem(f"{where}.{n}", Text(_("没有这一项"))) for n in unknown),
        *(Problem(f"{where}.{n}", Text(_("缺少这一项"))) for n in missing),
    ]


def _is_known(key: Key, name: str, path: tuple[str, ...]) -> bool:
    level = key.levels[len(path)]
    if level.name == _GROUP and path[0] == "employee":
        return name in EMPLOYEE_GROUPS
    if level.is_open:
        return name.replace("_", "").isalnum() and len(name) <= _LONGEST_NAME
    return name in level.options


def _covers(raw: Mapping[str, Any], path: tuple[str, ...]) -> bool:
    """Everybody of this insurance finds a row."""
    if ANY in raw:
        return True
    return path[0] == "employee" and {"active", "retired"} <= set(raw)
