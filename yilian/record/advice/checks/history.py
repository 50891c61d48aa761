"""Diagnoses, drugs and age."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Final

from yilian.record.advice import drugs, facts, rules
from yilian.record.advice.checks.case import Case
from yilian.record.advice.checks.numbers import OPS, silence
from yilian.record.advice.facts import is_within
from yilian.record.advice.rules import DiagnosisState
from yilian.record.advice.verdict import NO, YES, Verdict, any_of, unique, unknown

ONSET: Final = "onset"
BIRTH_DATE: Final = "birthDate"
MEDICATION: Final = "medication"


def diagnosis(leaf: rules.Diagnosis, case: Case) -> Verdict:
    """A diagnosis that nobody recorded is read as not made."""
    found = _diagnosed(leaf.condition_any, case, leaf.state)
    return any_of(_is_timely(leaf, item, case.on) for item in found)


def drug(leaf: rules.Drug, case: Case) -> Verdict:
    if not case.facts.drugs:
        return unknown(leaf.drug_any)
    wanted = _classes(leaf.drug_any)
    taken = [d for d in case.facts.drugs if d.classes & wanted and _is_taken(d, case)]
    evidence = unique(d.ref for d in taken)
    held = frozenset[str]().union(*(d.classes & wanted for d in taken))
    if not _suffices(leaf, held):
        return Verdict(False, evidence)
    long = [d for d in taken if _for_long(d, leaf.for_days, case)]
    if _suffices(leaf, frozenset[str]().union(*(d.classes & wanted for d in long))):
        return Verdict(True, evidence)
    if any(_start(d, case) is None for d in taken):
        return unknown([f"{MEDICATION}.start"], evidence)
    return Verdict(False, evidence)


def drug_change(leaf: rules.DrugChange, case: Case) -> Verdict:
    """A drug begun, stopped or dosed anew in the last days; a refill is none."""
    if not case.facts.drugs:
        return unknown([MEDICATION])
    wanted = _classes(leaf.drug_change)
    ours = [d for d in case.facts.drugs if d.classes & wanted]
    changed = [d.ref for d in ours if _is_change(d, ours, leaf, case.on)]
    return Verdict(bool(changed), unique(changed or (d.ref for d in ours)))


def age(leaf: rules.Age, case: Case) -> Verdict:
    born = case.facts.born
    if born is None:
        return unknown([BIRTH_DATE])
    met = {OPS[leaf.age](Decimal(n), leaf.value) for n in born.ages_on(case.on)}
    if len(met) > 1:
        return unknown([BIRTH_DATE])
    return YES if met.pop() else NO


def onset_age(leaf: rules.OnsetAge, case: Case) -> Verdict:
    """The age at which it began; it began no later than today."""
    born = case.facts.born
    if born is None:
        return unknown([BIRTH_DATE])
    compared = OPS[leaf.onset_age]
    known = _diagnosed(leaf.condition_any, case, DiagnosisState.ACTIVE)
    first = min((item for item in known if item.onset), key=_onset, default=None)
    day = _onset(first) if first else case.on
    youngest, oldest = born.ages_on(day)
    evidence = (first.ref,) if first else ()
    if compared(Decimal(oldest), leaf.value):
        return Verdict(True, evidence)
    if first is None:
        return unknown([ONSET])
    if compared(Decimal(youngest), leaf.value):
        return unknown([BIRTH_DATE], evidence)
    return Verdict(False, evidence)


def _diagnosed(
    wanted: Sequence[str], case: Case, state: DiagnosisState
) -> list[facts.Diagnosis]:
    groups = frozenset(wanted)
    ours = (item for item in case.facts.diagnoses if item.groups & groups)
    return [item for item in ours if _is_in(item, state)]


def _is_in(item: facts.Diagnosis, state: DiagnosisState) -> bool:
    match state:
        case DiagnosisState.RESOLVED:
            return not item.is_active
        case DiagnosisState.CONFIRMED:
            return item.is_active and item.is_confirmed
        case DiagnosisState.UNCONFIRMED:
            return item.is_active and not item.is_confirmed
        case DiagnosisState.ACTIVE:
            return item.is_active


def _is_timely(leaf: rules.Diagnosis, item: facts.Diagnosis, on: date) -> Verdict:
    if leaf.new_within_days is None and leaf.older_than_days is None:
        return Verdict(True, (item.ref,))
    if item.since is None:
        return silence(leaf.undated, [ONSET])
    is_new = is_within(item.since, on, leaf.new_within_days)
    is_old = leaf.older_than_days is None or not is_within(
        item.since, on, leaf.older_than_days
    )
    return Verdict(is_new and is_old, (item.ref,))


def _onset(item: facts.Diagnosis) -> date:
    return item.onset or date.max


def _classes(names: Iterable[str]) -> frozenset[str]:
    return frozenset[str]().union(
        *(drugs.SETS.get(name, frozenset({name})) for name in names)
    )


def _is_taken(item: facts.Drug, case: Case) -> bool:
    return item.is_active and (item.end is None or item.end >= case.on)


def _suffices(leaf: rules.Drug, held: frozenset[str]) -> bool:
    return len(held) >= leaf.classes_at_least and held >= frozenset(leaf.including)


def _for_long(item: facts.Drug, days: int, case: Case) -> bool:
    start = _start(item, case)
    return days == 0 or (start is not None and (case.on - start).days >= days)


def _start(item: facts.Drug, case: Case) -> date | None:
    """Since when the drug's class has been taken, earlier prescriptions included."""
    same = (d.start for d in case.facts.drugs if d.classes & item.classes and d.start)
    return min(same, default=None)


def _is_change(
    item: facts.Drug, ours: Sequence[facts.Drug], leaf: rules.DrugChange, on: date
) -> bool:
    same = [d for d in ours if d.name == item.name and d is not item]
    if item.start is not None and is_within(item.start, on, leaf.window_days):
        before = [d for d in same if d.start is None or d.start < item.start]
        latest = max(before, key=lambda d: d.start or date.min, default=None)
        return latest is None or latest.dosage != item.dosage
    if item.is_active or item.end is None or any(d.is_active for d in same):
        return False
    return is_within(item.end, on, leaf.window_days)
