"""Changes of a set in the words of a table."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from yilian.insurance.policy.rules.documents import Change
from yilian.insurance.policy.rules.editing import split
from yilian.insurance.policy.rules.naming import name_of
from yilian.insurance.policy.rules.sheets import Words
from yilian.insurance.policy.rules.typing_in import shown


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """`before` and `after` are None where the value was, or is, not there."""

    title: str
    labels: tuple[Words, ...]
    clause: str
    starts_on: date
    before: Any
    after: Any


def change_lines(changes: Iterable[Change]) -> list[ChangeLine]:
    return [line for change in changes if (line := _line(change)) is not None]


def _line(change: Change) -> ChangeLine | None:
    key, below = split(change.path)
    if key is None:
        return None
    return ChangeLine(
        title=key.title,
        labels=tuple(
            name_of(name, level.name)
            for name, level in zip(below, key.levels, strict=False)
        ),
        clause=key.clause,
        starts_on=change.starts_on,
        before=_said(key.leaf, change.before),
        after=_said(key.leaf, change.after),
    )


def _said(leaf: Any, raw: Any) -> Any:
    if raw is None:
        return None
    if leaf.options:
        return name_of(raw)
    return shown(leaf, leaf.read(raw))
