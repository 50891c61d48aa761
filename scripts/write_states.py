"""Write docs/states/referral.md: the life of a hop, in two languages.

Run from the repository's root: `.venv/bin/python -m scripts.write_states`.
"""

from collections.abc import Callable, Iterable
from pathlib import Path

from yilian.care.referral.rules.states import (
    FINAL,
    MOVES,
    SIDE_NAMES,
    STATE_NAMES,
    STEP_NAMES,
    Move,
    State,
    Step,
)
from yilian.foundation.access.actor import ROLE_NAMES, Role

TARGET = Path(__file__).parent.parent / "docs" / "states" / "referral.md"

HEAD = """\
# The life of a referral 转诊单的状态

Written by `scripts/write_states.py` from `yilian/care/referral/rules/states.py`;
change that table. It is the same for going up, down and across. Open states are
round, closed ones have corners.
"""
Name = Callable[[State | Step], str]


def render() -> str:
    parts = [
        HEAD,
        "## 状态图\n",
        *_diagram(_chinese),
        "## Diagram\n",
        *_diagram(_english),
        "## Steps 步骤\n",
        *_steps(),
        "## States 状态\n",
        *_states(),
    ]
    return "\n".join(parts)


def _chinese(one: State | Step) -> str:
    return STATE_NAMES[one] if isinstance(one, State) else STEP_NAMES[one]


def _english(one: State | Step) -> str:
    return one.value.replace("_", " ")


def _diagram(name: Name) -> list[str]:
    nodes = [f"    {_node(state, name(state))}" for state in State]
    arrows = [
        f"    {source} -->|{name(move.step)}| {move.target}"
        for move in MOVES
        for source in move.sources
    ]
    return ["```mermaid", "flowchart TD", *nodes, *arrows, "```", ""]


def _node(state: State, name: str) -> str:
    return f'{state}["{name}"]' if state in FINAL else f'{state}("{name}")'


def _steps() -> list[str]:
    head = [
        "| step 步骤 | from 从 | to 到 | who 谁 | needs 须有 | clock 计时"
        " | effects 作用 |",
        "|---|---|---|---|---|---|---|",
    ]
    return [*head, *map(_row, MOVES), ""]


def _row(move: Move) -> str:
    cells = (
        f"`{move.step}` {_chinese(move.step)}",
        _list(_chinese(source) for source in move.sources),
        _chinese(move.target),
        f"{_list(SIDE_NAMES[side] for side in move.sides)} · {_who(move)}",
        ", ".join(move.needs),
        move.clock or "",
        _list(move.effects),
    )
    return f"| {' | '.join(cells)} |"


def _who(move: Move) -> str:
    return _list(ROLE_NAMES[Role(role)] for role in move.roles) or "—"


def _states() -> list[str]:
    rows = [
        f"| `{state}` | {_chinese(state)} | {'closed 办结' if state in FINAL else ''} |"
        for state in State
    ]
    return ["| state | 状态 | |", "|---|---|---|", *rows, ""]


def _list(words: Iterable[str]) -> str:
    return "、".join(words)


if __name__ == "__main__":
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(render(), encoding="utf-8")
