"""What was found, and how it is told: as lines, as JSON, as an exit code."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum


class Level(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """`key` stays the same from version to version, for whoever watches us."""

    key: str
    level: Level
    subject: str
    found: str
    advice: str = ""


def judge(  # noqa: PLR0917 read as the line it becomes
    is_well: bool,
    key: str,
    subject: str,
    found: str,
    advice: str,
    otherwise: Level = Level.FAIL,
) -> Finding:
    if is_well:
        return Finding(key, Level.OK, subject, found)
    return Finding(key, otherwise, subject, found, advice)


def by_limits(  # noqa: PLR0917 likewise
    value: float, warn: float, fail: float, key: str, subject: str, advice: str
) -> Finding:
    """Well below `warn`, bad from `fail` on; the value is told in whole seconds."""
    found = f"{value:.0f} s"
    if value < warn:
        return Finding(key, Level.OK, subject, found)
    level = Level.FAIL if value >= fail else Level.WARN
    return Finding(key, level, subject, found, advice)


def table(findings: Sequence[Finding]) -> Iterator[str]:
    for finding in findings:
        yield f"[{finding.level:4}] {finding.subject}: {finding.found}"
        if finding.advice:
            yield f"       → {finding.advice}"


def as_json(findings: Sequence[Finding]) -> str:
    worst = max(findings, key=lambda f: [*Level].index(f.level), default=None)
    said = {
        "level": worst.level if worst else Level.OK,
        "findings": [asdict(finding) for finding in findings],
    }
    return json.dumps(said, ensure_ascii=False, indent=2)


def exit_code(findings: Sequence[Finding], *, strict: bool = False) -> int:
    """1 when something has failed; 2, if asked for, when something only warns."""
    levels = {finding.level for finding in findings}
    if Level.FAIL in levels:
        return 1
    return 2 if strict and Level.WARN in levels else 0
