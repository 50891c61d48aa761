"""What is different between two sets, day by day, and how much limits have risen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from yilian.insurance.policy.rules.documents import Change, changes
from yilian.insurance.policy.rules.editing import split
from yilian.insurance.policy.rules.leaves import plain
from yilian.insurance.policy.rules.sets import InForce, ParameterSet

VISIT: Final = "outpatient.visit_limit"
YEAR: Final = "outpatient.annual_limit"


def differences(old: ParameterSet, new: ParameterSet) -> list[Change]:
    """As `documents.changes`, with what was in force where a set has no row of its own
    on the day; a row that says the same again is no difference."""
    found = []
    for change in changes(old, new):
        before = _leaf(old.on(change.starts_on), change.path)
        after = _leaf(new.on(change.starts_on), change.path)
        if before != after:
            found.append(Change(change.path, change.starts_on, before, after))
    return found


def _leaf(in_force: InForce, path: str) -> Any:
    key, below = split(path)
    if key is None or key.name not in in_force.rows:
        return None
    value = in_force.rows[key.name].value
    for name in below:
        if name not in value:
            return None
        value = value[name]
    return plain(value)


@dataclass(frozen=True, slots=True)
class YearOfLimits:
    """The primary outpatient limits of residents at the end of a year (NX-3.2-b);
    None: no limit."""

    year: int
    village_visit: Decimal | None
    primary_visit: Decimal | None
    annual: Decimal | None


@dataclass(frozen=True, slots=True)
class Rise:
    """A year beside the one before; shares are of the year before, None: no limits."""

    now: YearOfLimits
    village_visit: Decimal | None
    primary_visit: Decimal | None
    annual: Decimal | None


def limits_by_year(line: ParameterSet, last: int) -> list[YearOfLimits]:
    return [
        _limits(line.on(date(year, 12, 31)), year)
        for year in range(line.first_day.year, last + 1)
    ]


def rises(years: Sequence[YearOfLimits]) -> list[Rise]:
    found = []
    for at, now in enumerate(years):
        before = years[at - 1] if at else now
        found.append(
            Rise(
                now,
                _share(before.village_visit, now.village_visit),
                _share(before.primary_visit, now.primary_visit),
                _share(before.annual, now.annual),
            )
        )
    return found


def _limits(in_force: InForce, year: int) -> YearOfLimits:
    visit = in_force.of_group(VISIT, "resident", "any")
    annual = in_force.of_group(YEAR, "resident", "any")
    return YearOfLimits(year, visit["village"], visit["primary"], annual)


def _share(before: Decimal | None, now: Decimal | None) -> Decimal | None:
    if not before or now is None:
        return None
    return (now - before) / before
