"""Sets after the shipped ones: the two primary limits rise, dated (NX-3.2-b).

All values are invented; the row of each says `demo`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from yilian.insurance.policy.rules import editing
from yilian.insurance.policy.rules.editing import Head
from yilian.insurance.policy.rules.files import shipped_set
from yilian.insurance.policy.rules.sets import ParameterSet
from yilian.insurance.policy.rules.sheets import DEMO

AREA: Final = "64"
_FIRST: Final = ("NX-DEMO-2018", "NX-DEMO-2019")


@dataclass(frozen=True, slots=True)
class Limits:
    """Of residents, in yuan: a visit to a village clinic, to a township, a year."""

    year: int
    village: int
    primary: int
    annual: int

    @property
    def starts_on(self) -> date:
        return date(self.year, 1, 1)

    def changes(self) -> dict[str, str]:
        visit = "outpatient.visit_limit.resident.any"
        return {
            f"{visit}.village": str(self.village),
            f"{visit}.primary": str(self.primary),
            "outpatient.annual_limit.resident.any": str(self.annual),
        }


RAISED: Final = (
    Limits(2021, 45, 90, 600),
    Limits(2023, 50, 100, 700),
    Limits(2025, 60, 120, 800),
)


def released_sets() -> Iterator[tuple[date, ParameterSet]]:
    """Each with the day from which it holds, in the order of their release."""
    for name in _FIRST:
        found = shipped_set(name)
        yield date(int(name[-4:]), 1, 1), found
    for limits in RAISED:
        found = _raised(found, limits)
        yield limits.starts_on, found


def next_limits(today: date) -> Limits:
    """What is being prepared for the year to come."""
    last = RAISED[-1]
    return Limits(
        today.year + 1, last.village + 10, last.primary + 20, last.annual + 100
    )


def _raised(base: ParameterSet, limits: Limits) -> ParameterSet:
    changed = editing.edited(base, limits.starts_on, limits.changes(), source=DEMO)
    title = f"宁夏演示参数（{limits.year}，基层门诊限额提高）"
    return editing.named(
        changed, Head(f"NX-DEMO-{limits.year}", "1", title, AREA, DEMO)
    )
