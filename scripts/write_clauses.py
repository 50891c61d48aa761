"""Write docs/clauses.md: every ground that a rule may name, in two languages.

Run from the repository's root: `.venv/bin/python -m scripts.write_clauses`.
"""

from itertools import groupby
from pathlib import Path

from yilian.kernel.clause import Clause, clauses

TARGET = Path(__file__).parent.parent / "docs" / "clauses.md"

HEAD = """\
# Clauses 政策条款

Written by `scripts/write_clauses.py` from `yilian/kernel/clauses.toml`; change that
file. A rule names the clause it carries out by its id. What a clause demands is told
in our own words and is no quotation.
"""


def render() -> str:
    groups = groupby(clauses().values(), key=lambda clause: clause.document)
    sections = [_section(list(group)) for _document, group in groups]
    return "\n".join([HEAD, *sections])


def _section(group: list[Clause]) -> str:
    first = group[0]
    rows = [f"| {c.id} | {c.says} | {c.says_en} |" for c in group]
    table = ["| id | 要求 | Demand |", "|---|---|---|", *rows]
    heading = f"## {first.document}\n\n{first.document_en}\n"
    return "\n".join([heading, *table, ""])


if __name__ == "__main__":
    TARGET.write_text(render(), encoding="utf-8")
