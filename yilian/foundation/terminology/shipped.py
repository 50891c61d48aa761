"""The small set of common diagnoses that comes with the program.

Codes and diagnoses are those in daily use; the whole insurance edition is loaded
with `yilian load icd10 FILE`.
"""

from importlib import resources
from typing import Final

EDITION: Final = "common"


def shipped() -> list[tuple[str, str]]:
    """Code and name of each."""
    here = resources.files("yilian.foundation.terminology")
    text = here.joinpath("data", "icd10_common.tsv").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines() if line)
    return [(code, name) for code, name in rows]
