"""Every head of a table says what it heads: read by ear a table is its heads."""

import re
from pathlib import Path
from typing import Final

import yilian

HEAD: Final = re.compile(r"<th(?=[\s>])[^>]*>")
TEMPLATES: Final = sorted(Path(yilian.__file__).parent.rglob("*.html"))


def test_there_are_templates_to_read() -> None:
    assert len(TEMPLATES) > 50


def test_every_head_says_whether_it_heads_a_column_or_a_row() -> None:
    silent = {
        f"{path.name}: {head}"
        for path in TEMPLATES
        for head in HEAD.findall(path.read_text())
        if "scope=" not in head
    }
    assert silent == set()
