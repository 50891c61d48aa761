"""Measured values against a limit."""

import operator
from collections.abc import Callable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from yilian.record.advice.checks.case import Case
from yilian.record.advice.facts import Measurement, is_within
from yilian.record.advice.rules import Aggregate, Number, Recorded, Scope, Silence
from yilian.record.advice.verdict import NO, Verdict, all_of, any_of, unknown

OPS: Final[Mapping[str, Callable[[Decimal, Decimal], bool]]] = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
}
_UPWARD: Final = frozenset({">=", ">"})
_STRICT: Final = frozenset({">", "<"})
# At the limit itself, "33 or more" settles these and "33 or less" those.
_CLOSED_BY_FLOOR: Final = frozenset({">=", "<"})
_CLOSED_BY_CEILING: Final = frozenset({"<=", ">"})


def number(leaf: Number, case: Case) -> Verdict:
    readings = _readings(leaf, case)
    if not readings:
        return silence(leaf.unmentioned, leaf.code[:1])
    if leaf.aggregate is Aggregate.LAST:
        return _last(leaf, readings)
    judged = [compare(m, leaf.op, leaf.value) for m in readings]
    if leaf.aggregate is Aggregate.ALL:
        return all_of(judged)
    return any_of(judged) if leaf.count == 1 else _often(leaf, case, readings)


def recorded(leaf: Recorded, case: Case) -> Verdict:
    found = case.facts.within(leaf.recorded, on=case.on, days=None)
    return Verdict(True, (found[-1].ref,)) if found else NO


def silence(meaning: Silence, missing: Sequence[str]) -> Verdict:
    return NO if meaning is Silence.ABSENT else unknown(missing)


def compare(measured: Measurement, op: str, limit: Decimal) -> Verdict:
    """Whether the value meets `op limit`; unknown when a `>33` leaves it open."""
    if measured.comparator:
        return _compare_bound(measured, op, limit)
    met = OPS[op](measured.value, limit)
    rounded = measured.value.quantize(limit, ROUND_HALF_UP)
    near = not met and OPS[op](rounded, limit)
    return Verdict(met, (measured.ref,), near_limit=near)


def _compare_bound(measured: Measurement, op: str, limit: Decimal) -> Verdict:
    """`> 33` certainly meets `>= 30`; whether it meets `<= 40` is not known."""
    is_floor = measured.comparator in _UPWARD
    value = measured.value
    is_beyond = value > limit if is_floor else value < limit
    is_strict = measured.comparator in _STRICT
    closes = op in (_CLOSED_BY_FLOOR if is_floor else _CLOSED_BY_CEILING)
    if is_beyond or (value == limit and (is_strict or closes)):
        return Verdict(is_floor == (op in _UPWARD), (measured.ref,))
    return Verdict(None, (measured.ref,), (measured.code,))


def _readings(leaf: Number, case: Case) -> Sequence[Measurement]:
    if leaf.scope is not Scope.LAST_FOLLOW_UP:
        return case.facts.within(leaf.code, on=case.on, days=leaf.window_days)
    visit = case.facts.last_visit_for(leaf.code)
    if visit is None or not is_within(visit.day, case.on, leaf.window_days):
        return ()
    return case.facts.of_visit(visit, leaf.code)


def _last(leaf: Number, readings: Sequence[Measurement]) -> Verdict:
    judged = [compare(m, leaf.op, leaf.value) for m in readings[-leaf.readings :]]
    if len(judged) < leaf.readings:
        judged.append(unknown(leaf.code[:1]))
    return all_of(judged)


def _often(leaf: Number, case: Case, readings: Sequence[Measurement]) -> Verdict:
    """On how many follow-ups the limit was met."""
    met = {
        case.facts.visit_key(m.encounter, m.day): m.ref
        for m in readings
        if compare(m, leaf.op, leaf.value).truth
    }
    return Verdict(len(met) >= leaf.count, tuple(met.values()))
