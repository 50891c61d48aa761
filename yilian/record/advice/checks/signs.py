"""Symptoms, events and judgements: said, denied, or never mentioned."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from yilian.record.advice.checks.case import Case
from yilian.record.advice.checks.numbers import silence
from yilian.record.advice.facts import Sign, Visit, is_within
from yilian.record.advice.rules import Finding, Scope, Silence, Symptom
from yilian.record.advice.verdict import Verdict, unique

# How far back an event counts that was reported outside any follow-up.
_LOOSE_DAYS: Final = 90


def symptom(leaf: Symptom, case: Case) -> Verdict:
    found = _in_scope(leaf, case)
    verdict = _decide(leaf.symptom_any, found, leaf.unmentioned)
    mentioned = {sign.code for sign in found}
    silent = tuple(code for code in leaf.symptom_any if code not in mentioned)
    return replace(verdict, not_asked=() if verdict.truth else silent)


def finding(leaf: Finding, case: Case) -> Verdict:
    return _decide(leaf.finding_any, _in_scope(leaf, case), leaf.unmentioned)


def _decide(codes: Sequence[str], found: Sequence[Sign], meaning: Silence) -> Verdict:
    present = [sign.ref for sign in found if sign.present and sign.code in codes]
    if present:
        return Verdict(True, unique(present))
    denied = {sign.code: sign.ref for sign in found if sign.code in codes}
    silent = [code for code in codes if code not in denied]
    if not silent:
        return Verdict(False, unique(denied.values()))
    verdict = silence(meaning, silent)
    return replace(verdict, evidence=unique(denied.values()))


def _in_scope(leaf: Symptom | Finding, case: Case) -> list[Sign]:
    wanted = leaf.symptom_any if isinstance(leaf, Symptom) else leaf.finding_any
    signs = [sign for sign in case.facts.signs if sign.code in wanted]
    if leaf.scope is Scope.LAST_FOLLOW_UP:
        return _of_last_follow_up(signs, case, leaf.window_days)
    current = [sign for sign in signs if is_within(sign.day, case.on, leaf.window_days)]
    if leaf.scope is Scope.WINDOW:
        return current
    latest = {sign.code: sign for sign in current}
    return [sign for sign in latest.values() if not _is_over(sign, case.on)]


def _is_over(sign: Sign, on: date) -> bool:
    return sign.until is not None and sign.until < on


def _of_last_follow_up(signs: list[Sign], case: Case, days: int | None) -> list[Sign]:
    facts = case.facts
    last = facts.last_visit(lambda visit: visit.key in facts.signed_visits)
    before = _day_of_the_one_before(facts.visits, last)
    here = last.key if last and is_within(last.day, case.on, days) else None
    return [
        sign
        for sign in signs
        if (sign.is_loose and _is_since(sign, before, case.on))
        or (not sign.is_loose and facts.visit_key(sign.encounter, sign.day) == here)
    ]


def _is_since(sign: Sign, before: date, on: date) -> bool:
    return sign.day > before and is_within(sign.day, on, _LOOSE_DAYS)


def _day_of_the_one_before(visits: Sequence[Visit], last: Visit | None) -> date:
    """After this day a loose event belongs to the last follow-up."""
    if last is None:
        return date.min
    earlier = (v.day for v in visits if v.is_follow_up and v.at < last.at)
    return max(earlier, default=date.min)
