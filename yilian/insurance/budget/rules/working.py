"""The steps of a clearing as they are kept: words and values, so that a frozen
working reads the same in ten years and in either language."""

from collections.abc import Iterable, Mapping
from typing import Any

from yilian.insurance.settlement.rules.trace import Step
from yilian.kernel.text import Text

Kept = dict[str, Any]


def kept(steps: Iterable[Step]) -> list[Kept]:
    return [_kept(step) for step in steps]


def reading(step: Mapping[str, Any]) -> Text:
    """The formula with its numbers."""
    return Text(step["template"], step["values"])


def remark(step: Mapping[str, Any]) -> Text | None:
    return Text(step["remark"], step["values"]) if step["remark"] else None


def _kept(step: Step) -> Kept:
    words = {name: str(value) for name, value in step.working.values.items()}
    return {
        "code": step.code,
        "title": step.title,
        "clause": step.clause.id,
        "formula": step.formula,
        "template": step.template,
        "values": words,
        "result": step.outcome,
        "remark": step.remark,
        "references": [
            {
                "id": one.id,
                "set": one.set_id,
                "version": one.version,
                "starts_on": one.starts_on.isoformat(),
                "clause": one.clause,
                "source": one.source,
                "value": one.value,
            }
            for one in step.references
        ],
    }
