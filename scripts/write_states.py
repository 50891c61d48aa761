"""Write docs/states: the lives of what moves by a table of steps, in two languages.

Run from the repository's root: `.venv/bin/python -m scripts.write_states`.
"""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, Protocol, TypeVar

from yilian.care.referral.rules import states as referral
from yilian.foundation.access.actor import ROLE_NAMES, Role
from yilian.insurance.clearing.rules import slip, statement
from yilian.insurance.clearing.rules.clocks import LIMITS

FOLDER: Final = Path(__file__).parent.parent / "docs" / "states"
_REFERRAL: Final = """\
# The life of a referral 转诊单的状态

Written by `scripts/write_states.py` from `yilian/care/referral/rules/states.py`;
change that table. It is the same for going up, down and across. Open states are
round, closed ones have corners.
"""
_STATEMENT: Final = """\
# The life of a clearing statement 对账单的状态

Written by `scripts/write_states.py` from
`yilian/insurance/clearing/rules/statement.py`; change that table. A statement is
drawn by the month for each pair of houses. Open states are round, closed ones have
corners.
"""
_SLIP: Final = """\
# The life of a slip of a shared service 协作服务单的状态

Written by `scripts/write_states.py` from `yilian/insurance/clearing/rules/slip.py`;
change that table. The provider records a slip; what the requester acknowledges is
posted. Open states are round, closed ones have corners.
"""


@dataclass(frozen=True, slots=True)
class Life:
    """A table of moves, as far as all pages say it alike; `rows` are its steps.

    `states`, `steps`: their Chinese names. `clocks`: what is waited for in a state.
    """

    head: str
    arrows: Sequence[tuple[StrEnum, StrEnum, StrEnum]]  # source, step, target
    states: Mapping[str, str]
    steps: Mapping[str, str]
    closed: AbstractSet[StrEnum]
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    clocks: Mapping[str, str] | None = None


def pages() -> Mapping[str, Life]:
    return {
        "referral.md": _referral(),
        "statement.md": _statement(),
        "slip.md": _slip(),
    }


def render(life: Life) -> str:
    parts = [
        life.head,
        "## 状态图\n",
        *_diagram(life, life.states, life.steps),
        "## Diagram\n",
        *_diagram(life, _english(life.states), _english(life.steps)),
        "## Steps 步骤\n",
        *_table(life.columns, life.rows),
        "## States 状态\n",
        *_states(life),
    ]
    return "\n".join(parts)


def _english(names: Mapping[str, str]) -> dict[str, str]:
    return {value: value.replace("_", " ") for value in names}


def _diagram(
    life: Life, states: Mapping[str, str], steps: Mapping[str, str]
) -> list[str]:
    nodes = [
        f'    {state}["{name}"]' if state in life.closed else f'    {state}("{name}")'
        for state, name in states.items()
    ]
    arrows = [
        f"    {source} -->|{steps[step]}| {target}"
        for source, step, target in life.arrows
    ]
    return ["```mermaid", "flowchart TD", *nodes, *arrows, "```", ""]


def _states(life: Life) -> list[str]:
    columns = ["state", "状态", ""]
    rows = [
        [f"`{state}`", name, "closed 办结" if state in life.closed else ""]
        for state, name in life.states.items()
    ]
    if life.clocks is None:
        return _table(columns, rows)
    waits = [life.clocks.get(state, "") for state in life.states]
    return _table(
        [*columns, "clock 计时"],
        [[*row, wait] for row, wait in zip(rows, waits, strict=True)],
    )


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    head = "|".join(f" {column} " if column else " " for column in columns)
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return [f"|{head}|", f"|{'---|' * len(columns)}", *lines, ""]


# --- each of them ---------------------------------------------------------------


_Name = TypeVar("_Name", bound=StrEnum)
_COLUMNS: Final = ("step 步骤", "from 从", "to 到", "who 谁", "needs 须有")
_EFFECTS: Final = "effects 作用"


class _Move(Protocol):
    """A step that several states may come before."""

    @property
    def step(self) -> StrEnum: ...
    @property
    def sources(self) -> Sequence[StrEnum]: ...
    @property
    def target(self) -> StrEnum: ...


def _arrows(moves: Iterable[_Move]) -> list[tuple[StrEnum, StrEnum, StrEnum]]:
    return [
        (source, move.step, move.target) for move in moves for source in move.sources
    ]


def _values(names: Mapping[_Name, str]) -> dict[str, str]:
    return {one.value: name for one, name in names.items()}


def _referral() -> Life:
    return Life(
        head=_REFERRAL,
        arrows=_arrows(referral.MOVES),
        states=_values(referral.STATE_NAMES),
        steps=_values(referral.STEP_NAMES),
        closed=referral.FINAL,
        columns=(*_COLUMNS, "clock 计时", _EFFECTS),
        rows=[_of_referral(move) for move in referral.MOVES],
    )


def _of_referral(move: referral.Move) -> tuple[str, ...]:
    who = _list(ROLE_NAMES[Role(role)] for role in move.roles) or "—"
    return (
        f"`{move.step}` {referral.STEP_NAMES[move.step]}",
        _list(referral.STATE_NAMES[source] for source in move.sources),
        referral.STATE_NAMES[move.target],
        f"{_list(referral.SIDE_NAMES[side] for side in move.sides)} · {who}",
        ", ".join(move.needs),
        move.clock or "",
        _list(move.effects),
    )


def _statement() -> Life:
    return Life(
        head=_STATEMENT,
        arrows=_arrows(statement.MOVES),
        states=_values(statement.STATE_NAMES),
        steps=_values(statement.STEP_NAMES),
        closed=statement.FINAL,
        columns=(*_COLUMNS, _EFFECTS),
        rows=[_of_statement(move) for move in statement.MOVES],
        clocks={state.value: _clock(kind) for state, kind in statement.CLOCKS.items()},
    )


def _of_statement(move: statement.Move) -> tuple[str, ...]:
    return (
        f"`{move.step}` {statement.STEP_NAMES[move.step]}",
        _list(statement.STATE_NAMES[source] for source in move.sources),
        statement.STATE_NAMES[move.target],
        _list(statement.SIDE_NAMES[side] for side in move.sides),
        ", ".join(move.needs),
        _list(move.effects),
    )


def _clock(kind: statement.Clock) -> str:
    """The parameter that says how long."""
    return f"`{LIMITS[kind].name}` {LIMITS[kind].title}"


def _slip() -> Life:
    return Life(
        head=_SLIP,
        arrows=[(move.source, move.step, move.target) for move in slip.MOVES],
        states=_values(slip.STATE_NAMES),
        steps=_values(slip.STEP_NAMES),
        closed={state for state in slip.State if not slip.steps_from(state)},
        columns=_COLUMNS,
        rows=[_of_slip(move) for move in slip.MOVES],
    )


def _of_slip(move: slip.Move) -> tuple[str, ...]:
    return (
        f"`{move.step}` {slip.STEP_NAMES[move.step]}",
        slip.STATE_NAMES[move.source],
        slip.STATE_NAMES[move.target],
        f"{slip.SIDE_NAMES[move.side]} · {ROLE_NAMES[Role.FINANCE]}",
        "reason" if move.needs_reason else "",
    )


def _list(words: Iterable[str]) -> str:
    return "、".join(words)


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for file_name, life in pages().items():
        (FOLDER / file_name).write_text(render(life), encoding="utf-8")
