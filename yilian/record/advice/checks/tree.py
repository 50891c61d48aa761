"""Walk a rule's tree."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from yilian.record.advice import rules
from yilian.record.advice.checks import history, numbers, signs, targets
from yilian.record.advice.checks.case import Case
from yilian.record.advice.verdict import Verdict, all_of, any_of, negate

_CHECKS: Final[Mapping[type, Callable[[Any, Case], Verdict]]] = {
    rules.Number: numbers.number,
    rules.Recorded: numbers.recorded,
    rules.Target: targets.target,
    rules.Steady: targets.steady,
    rules.RaisedDays: targets.raised_days,
    rules.Swing: targets.swing,
    rules.Symptom: signs.symptom,
    rules.Finding: signs.finding,
    rules.Diagnosis: history.diagnosis,
    rules.Drug: history.drug,
    rules.DrugChange: history.drug_change,
    rules.Age: history.age,
    rules.OnsetAge: history.onset_age,
}


def check(tree: rules.Tree, case: Case) -> Verdict:
    if isinstance(tree, rules.AllOf):
        return all_of([check(part, case) for part in tree.parts])
    if isinstance(tree, rules.AnyOf):
        return any_of([check(part, case) for part in tree.parts])
    if isinstance(tree, rules.Not):
        return negate(check(tree.part, case))
    return _CHECKS[type(tree)](tree, case)
