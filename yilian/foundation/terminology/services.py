"""Loading concepts: many at once, again and again without harm."""

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from django.db import connection, transaction

from yilian.foundation.access.actor import system_actor
from yilian.foundation.audit import services as audit
from yilian.foundation.terminology.models import Concept
from yilian.foundation.terminology.rules import ICD10, bigrams, initials, is_code
from yilian.foundation.terminology.shipped import EDITION, shipped
from yilian.kernel.ids import new_id

INSURANCE: Final = "insurance-2.0"
LONGEST_NAME: Final = 300
MOST_SHOWN: Final = 50

NO_CODE: Final = "编码不合规则"
NO_NAME: Final = "缺少名称"
TOO_LONG: Final = "名称过长"
CONTROL: Final = "含有控制字符"
TWICE: Final = "编码重复"
NOT_TEXT: Final = "不是 UTF-8 文字"


@dataclass(frozen=True, slots=True)
class BadLine:
    number: int
    why: str


@dataclass(slots=True)
class Loaded:
    """What became of a file's lines."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    bad: list[BadLine] = field(default_factory=list)

    def __str__(self) -> str:
        lines = [
            f"新增 added {self.added}，更新 changed {self.changed}，"
            f"未变 unchanged {self.unchanged}，有误 bad {len(self.bad)}"
        ]
        lines += [
            f"  第 {bad.number} 行 line: {bad.why}" for bad in self.bad[:MOST_SHOWN]
        ]
        if len(self.bad) > MOST_SHOWN:
            lines.append(f"  … {len(self.bad) - MOST_SHOWN}")
        return "\n".join(lines)


@transaction.atomic
def load_icd10(path: Path, edition: str = INSURANCE) -> Loaded:
    """One diagnosis a line: code, space or tab, name. Bad lines are named and left
    out; what is in the table already and not in the file stays."""
    report = Loaded()
    rows = dict(_good(path.read_bytes(), report))
    _put(rows.items(), edition, report)
    audit.record(
        system_actor("load icd10"),
        "terminology.load",
        detail={"edition": edition, "added": report.added, "changed": report.changed},
    )
    return report


@transaction.atomic
def load_shipped() -> int:
    """The common diagnoses, where no fuller edition has named them yet."""
    known = set(Concept.objects.filter(system=ICD10).values_list("code", flat=True))
    report = Loaded()
    _put((row for row in shipped() if row[0] not in known), EDITION, report)
    return report.added


# --- reading ------------------------------------------------------------------


def _good(data: bytes, report: Loaded) -> Iterator[tuple[str, str]]:
    seen: set[str] = set()
    for number, line in enumerate(_lines(data), start=1):
        if not line.strip():
            continue
        text = _text(line)
        code, _gap, name = (text or "").strip().replace("\t", " ").partition(" ")
        why = _what_is_wrong(text, code, name.strip(), seen)
        if why:
            report.bad.append(BadLine(number, why))
            continue
        seen.add(code)
        yield code, name.strip()


def _lines(data: bytes) -> list[bytes]:
    """UTF-8 with or without its mark; else the whole file is tried as GB 18030."""
    data = data.removeprefix("\ufeff".encode())
    try:
        data.decode()
    except UnicodeDecodeError:
        data = _from_gb18030(data)
    return data.replace(b"\r\n", b"\n").split(b"\n")


def _from_gb18030(data: bytes) -> bytes:
    try:
        return data.decode("gb18030").encode()
    except UnicodeDecodeError:
        return data  # neither: each line is judged on its own


def _text(line: bytes) -> str | None:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return None


def _what_is_wrong(
    text: str | None, code: str, name: str, seen: set[str]
) -> str | None:
    if text is None:
        return NOT_TEXT
    checks = {
        NO_CODE: is_code(code),
        NO_NAME: bool(name),
        TOO_LONG: len(name) <= LONGEST_NAME,
        CONTROL: not any(unicodedata.category(c)[0] == "C" for c in name),
        TWICE: code not in seen,
    }
    return next((why for why, is_right in checks.items() if not is_right), None)


# --- writing ------------------------------------------------------------------

_STAGE: Final = (
    "CREATE TEMPORARY TABLE concept_stage (id uuid, code text, name text,"
    " initials text, bigrams text[]) ON COMMIT DROP"
)
_COPY: Final = "COPY concept_stage (id, code, name, initials, bigrams) FROM STDIN"
_UPSERT: Final = """
INSERT INTO terminology_concept
    (id, system, edition, code, name, initials, bigrams, is_leaf)
SELECT id, %s, %s, code, name, initials, bigrams, true FROM concept_stage
ON CONFLICT (system, code) DO UPDATE
    SET edition = excluded.edition, name = excluded.name,
        initials = excluded.initials, bigrams = excluded.bigrams, retired_on = NULL
    WHERE (terminology_concept.name, terminology_concept.edition,
           terminology_concept.retired_on)
        IS DISTINCT FROM (excluded.name, excluded.edition, NULL)
RETURNING (xmax = 0)
"""


def _put(rows: Iterable[tuple[str, str]], edition: str, report: Loaded) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_STAGE)
        with cursor.copy(_COPY) as copy:
            for code, name in rows:
                copy.write_row((new_id(), code, name, initials(name), bigrams(name)))
        cursor.execute("SELECT count(*) FROM concept_stage")
        total = int(cursor.fetchone()[0])
        cursor.execute(_UPSERT, [ICD10, edition])
        is_new = [new for (new,) in cursor.fetchall()]
        cursor.execute("DROP TABLE concept_stage")
    report.added = sum(is_new)
    report.changed = len(is_new) - report.added
    report.unchanged = total - len(is_new)
