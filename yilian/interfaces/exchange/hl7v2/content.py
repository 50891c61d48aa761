"""From notes and observations to the sections of a hand-over, 交接内容.

A note may carry labels (主诉：…), an observation the code of a document section; what
says neither goes where a reader looks for it first.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from yilian.interfaces.exchange.hl7v2.referral import (
    Allergy,
    Observation,
    Procedure,
    ReferralFacts,
)
from yilian.kernel.calendar import local
from yilian.kernel.tier import Direction

OWN_SYSTEM: Final = "99YILIAN"  # our section keys as codes, in what we send
REASON: Final = "reason"
LONGEST: Final = 4000
# LOINC codes of document sections.
_SECTIONS: Final[Mapping[str, str]] = {
    "10154-3": "complaint", "8661-1": "complaint",
    "10164-2": "history", "11348-0": "history", "8684-3": "history",
    "29545-1": "exam", "10210-3": "exam",
    "18776-5": "treatment", "30954-2": "results",
    "18842-5": "discharge_summary", "8648-8": "discharge_summary",
    "47519-4": "operation",
    "10183-2": "drugs", "10160-0": "drugs",
}  # fmt: skip
_VITALS: Final = frozenset(
    {
        "8480-6", "8462-4", "85354-9", "8867-4", "8310-5", "9279-1", "2708-6",
        "59408-5", "29463-7", "8302-2", "39156-5",
    }
)  # fmt: skip
_LABELS: Final[Mapping[str, str]] = {
    "主诉": "complaint", "chief complaint": "complaint",
    "病史": "history", "现病史": "history", "既往史": "history", "过敏史": "history",
    "体格检查": "exam", "查体": "exam", "生命体征": "exam",
    "检验检查": "results", "辅助检查": "results", "检查结果": "results",
    "已做处理": "treatment", "处理": "treatment", "治疗经过": "treatment",
    "出院小结": "discharge_summary", "诊治经过": "discharge_summary",
    "手术": "operation", "目前用药": "drugs", "出院带药": "drugs",
    "康复计划": "rehabilitation", "控制目标": "targets", "警示征象": "warning_signs",
    "后续检查": "next_tests", "上级医师联系方式": "upper_contact",
    "转诊原因": REASON, "转诊理由": REASON,
}  # fmt: skip
_LABELLED: Final = re.compile(r"^\s*([^\s：:][^：:\n]{0,20})\s*[：:]\s*(.*)$")
_ATTACHED: Final = frozenset({"ED", "RP"})
_KEEP_LABEL: Final = frozenset({"现病史", "既往史", "过敏史"})
_REST: Final = {Direction.DOWN: "discharge_summary"}
_SEVERE: Final = "SV"


def sections_of(facts: ReferralFacts, way: Direction) -> dict[str, str]:
    """By section key; `reason` beside them where a note says it."""
    parts: dict[str, list[str]] = {}
    rest = _REST.get(way, "history")
    for note in facts.notes:
        _sort(note, rest, parts)
    for one in facts.observations:
        section = section_of(one)
        if section:
            parts.setdefault(section, []).extend(one.values)
    _add_results(facts.observations, way, parts)
    _add(
        parts,
        "history" if way is not Direction.DOWN else rest,
        _allergies(facts.allergies),
    )
    _add(
        parts,
        "treatment" if way is not Direction.DOWN else "operation",
        _procedures(facts.procedures),
    )
    if facts.admit_reason and way is not Direction.DOWN:
        parts.setdefault("complaint", [facts.admit_reason])
    return {
        key: "\n".join(filter(None, lines))[:LONGEST] for key, lines in parts.items()
    }


def section_of(one: Observation) -> str:
    """Of an observation that is a part of a document, and no measurement."""
    if one.code.system.upper() == OWN_SYSTEM:
        return one.code.code
    return _SECTIONS.get(one.code.code, "") if one.values else ""


def is_measured(one: Observation) -> bool:
    return (
        not section_of(one)
        and one.kind not in _ATTACHED
        and bool(one.values or one.concepts)
    )


def line_of(one: Observation) -> str:
    """2026-03-01 血钾 5.5 mmol/L（参考 3.5–5.3）H"""
    said = "、".join([*one.values, *(concept.words for concept in one.concepts)])
    on = f"{local(one.at):%Y-%m-%d}" if one.at else ""
    limits = f"（参考 {one.limits}）" if one.limits else ""
    flags = " ".join(flag for flag in one.flags if flag not in {"", "N"})
    line = " ".join(filter(None, (on, one.code.words, said, one.unit)))
    comments = "；".join(one.comments)
    tail = f"；{comments}" if comments else ""
    return f"{line}{limits}{' ' + flags if flags else ''}{tail}"


def _sort(note: str, rest: str, parts: dict[str, list[str]]) -> None:
    """Each line to its label; those without one to the label before."""
    current = rest
    for line in note.splitlines():
        found = _LABELLED.match(line)
        label = found[1].strip().casefold() if found else ""
        if found and label in _LABELS:
            current = _LABELS[label]
            text = f"{label}：{found[2]}" if label in _KEEP_LABEL else found[2]
        else:
            text = line.strip()
        if text:
            parts.setdefault(current, []).append(text)


def _add_results(
    observations: Sequence[Observation], way: Direction, parts: dict[str, list[str]]
) -> None:
    for one in filter(is_measured, observations):
        if way is Direction.DOWN:
            section = "discharge_summary"
        else:
            section = "exam" if one.code.code in _VITALS else "results"
        parts.setdefault(section, []).append(line_of(one))
    section = "discharge_summary" if way is Direction.DOWN else "results"
    for one in observations:
        if one.kind in _ATTACHED:  # a picture is not taken over, what is said of it is
            parts.setdefault(section, []).extend(one.comments)


def _add(parts: dict[str, list[str]], section: str, line: str) -> None:
    if line:
        parts.setdefault(section, []).append(line)


def _allergies(found: Iterable[Allergy]) -> str:
    named = [one.code.words + _in_brackets(one) for one in found if one.code.words]
    return f"过敏史：{'、'.join(named)}" if named else ""


def _in_brackets(one: Allergy) -> str:
    return f"（{'、'.join(one.reactions)}）" if one.reactions else ""


def _procedures(found: Iterable[Procedure]) -> str:
    named = [" ".join(filter(None, (f"{one.on}" if one.on else "", one.code.words)))
             for one in found if one.code.words]  # fmt: skip
    return "；".join(named)
