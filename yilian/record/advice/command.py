"""`yilian advise FILE.json [--on DATE]`: what the rules say about one file."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from yilian.kernel.errors import Invalid
from yilian.kernel.text import _
from yilian.record.advice.evaluate import evaluate
from yilian.record.advice.facts import PatientFacts
from yilian.record.advice.fhir.read import read_facts
from yilian.record.advice.fhir.values import SHANGHAI


class UnreadableFile(Invalid):
    code = "advice-unreadable-file"


def advise_file(path: Path, on: date | None = None) -> list[dict[str, Any]]:
    """One row per rule of every pack in force.

    Without `on` the day is that of the newest observation; a contact after it is
    still seen, so that a later follow-up without values cannot pass for the one
    before it.
    """
    facts = read_facts(_read(path))
    day = on or facts.newest_observation_day or _today()
    seen_until = on or max(day, _newest_contact(facts) or day)
    return [
        {
            "rule_id": advice.rule_id,
            "outcome": advice.outcome.value,
            "evidence": list(advice.evidence),
            "missing": list(advice.missing),
        }
        for advice in evaluate(facts, on=day, seen_until=seen_until)
    ]


def _read(path: Path) -> object:
    try:
        found: object = json.loads(path.read_bytes(), parse_float=Decimal)
    except OSError:
        raise UnreadableFile(_("打不开文件：{path}"), path=path) from None
    except (ValueError, RecursionError):
        raise UnreadableFile(_("不是有效的 JSON 文件：{path}"), path=path) from None
    return found


def _newest_contact(facts: PatientFacts) -> date | None:
    return max((encounter.day for encounter in facts.encounters), default=None)


def _today() -> date:
    return datetime.now(UTC).astimezone(SHANGHAI).date()
