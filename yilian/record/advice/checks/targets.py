"""Whether follow-ups met the treatment target, and how values moved between them.

"Two consecutive times" means the last two follow-ups with a value, both failing.
When the last follow-up has no value and one more failing value would make it so,
the answer is unknown: a missing value is never "at target".
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Final

from yilian.record.advice.checks.case import Case
from yilian.record.advice.checks.numbers import compare
from yilian.record.advice.codes import DBP, SBP
from yilian.record.advice.facts import Measurement, Visit, is_within
from yilian.record.advice.rules import RaisedDays, Steady, Swing, Target, TargetTest
from yilian.record.advice.verdict import (
    NO,
    Verdict,
    all_of,
    any_of,
    negate,
    unique,
    unknown,
)

_ELDERLY: Final = 65
_LIMITS: Final[Mapping[str, tuple[str, str]]] = {
    SBP: ("sbp", "sbp_65"),
    DBP: ("dbp", "dbp_65"),
}


def target(leaf: Target, case: Case) -> Verdict:
    last = case.facts.last_visit_for(leaf.code)
    valued = case.facts.visits_with(leaf.code)
    if last is None or not valued:
        return unknown(_needed(leaf.code))
    if not is_within(valued[-1].day, case.on, leaf.window_days):
        return unknown(_needed(leaf.code))
    if leaf.consecutive > 1:
        return _consecutive(leaf, case, last, valued)
    over = _judge_visit(leaf.code, case, last)
    if leaf.test is TargetTest.AT_TARGET:
        return negate(over)
    if leaf.test is TargetTest.FIRST_NOT_AT_TARGET:
        return all_of([over, *_not_before(leaf, case, last, valued)])
    return over


def steady(leaf: Steady, case: Case) -> Verdict:
    """The last readings at target; fewer readings that all are: unknown."""
    readings = case.facts.within(leaf.code, on=case.on, days=leaf.window_days)
    moments = [
        tuple(group) for _at, group in groupby(readings, key=lambda m: (m.at, m.day))
    ]
    judged = [
        negate(_judge(leaf.code, case, found, found[0].day))
        for found in moments[-leaf.steady_readings :]
    ]
    if len(judged) < leaf.steady_readings:
        judged.append(unknown(_needed(leaf.code)))
    return all_of(judged)


def raised_days(leaf: RaisedDays, case: Case) -> Verdict:
    readings = case.facts.within(leaf.code, on=case.on, days=leaf.window_days)
    if not readings:
        return unknown(_needed(leaf.code))
    days = {
        m.day: m.ref
        for m in readings
        if compare(m, ">=", case.params[_LIMITS[m.code][0]]).truth
    }
    return Verdict(len(days) >= leaf.raised_days, unique(days.values()))


def swing(leaf: Swing, case: Case) -> Verdict:
    valued = case.facts.visits_with(leaf.code)[-leaf.swing_visits :]
    recent = [v for v in valued if is_within(v.day, case.on, leaf.window_days)]
    if not recent:
        return unknown(leaf.code[:1])
    readings = [case.facts.of_visit(visit, leaf.code)[-1] for visit in recent]
    values = [reading.value for reading in readings]
    wide = max(values) - min(values) >= leaf.value
    return Verdict(wide, unique(reading.ref for reading in readings))


def _consecutive(
    leaf: Target, case: Case, last: Visit, valued: Sequence[Visit]
) -> Verdict:
    judged = [_judge_visit(leaf.code, case, v) for v in valued[-leaf.consecutive :]]
    enough = len(judged) == leaf.consecutive
    found = all_of(judged) if enough else all_of([*judged, NO])
    if found.truth or last.key == valued[-1].key:
        return found
    # The last follow-up has no value: would one more failing value decide?
    if all_of(judged[-leaf.consecutive + 1 :]).truth is False:
        return found
    return unknown(_needed(leaf.code), found.evidence)


def _not_before(
    leaf: Target, case: Case, last: Visit, valued: Sequence[Visit]
) -> Iterator[Verdict]:
    earlier = [visit for visit in valued if visit.key != last.key]
    if earlier:
        yield negate(_judge_visit(leaf.code, case, earlier[-1]))


def _judge_visit(codes: Sequence[str], case: Case, visit: Visit) -> Verdict:
    return _judge(codes, case, case.facts.of_visit(visit, codes), visit.day)


def _judge(
    codes: Sequence[str], case: Case, readings: Sequence[Measurement], day: date
) -> Verdict:
    """True: the target is *not* met. Of several readings the last one counts."""
    last = {m.code: m for m in readings}
    if codes[0] in _LIMITS:
        return any_of(_over_pressure(code, case, last.get(code), day) for code in codes)
    first = next((last[code] for code in codes if code in last), None)
    if first is None:
        return unknown(codes[:1])
    return compare(first, ">=", case.params["fpg"])


def _over_pressure(
    code: str, case: Case, reading: Measurement | None, day: date
) -> Verdict:
    if reading is None:
        return unknown([code])
    possible = [compare(reading, ">=", limit) for limit in _limits(code, case, day)]
    first, second = possible[0], possible[-1]
    if first.truth == second.truth:
        return first
    return unknown(["birthDate"], first.evidence)


def _limits(code: str, case: Case, day: date) -> tuple[Decimal, ...]:
    """The limit of the person's age; both, when the age cannot decide."""
    plain, elderly = (case.params[name] for name in _LIMITS[code])
    born = case.facts.born
    youngest, oldest = born.ages_on(day) if born else (0, _ELDERLY)
    if youngest >= _ELDERLY:
        return (elderly,)
    return (plain,) if oldest < _ELDERLY else (plain, elderly)


def _needed(codes: Sequence[str]) -> Sequence[str]:
    """Both pressures are needed; of several kinds of glucose the first is asked."""
    return codes if codes[0] in _LIMITS else codes[:1]
