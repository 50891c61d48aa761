"""Hypertension and diabetes: quarterly follow-ups with believable courses.

Most are at target. Some are not, twice in a row (HTN-F3, DM-F3), some are in danger
at the last visit (HTN-F4, DM-F4), some get better after the drugs were changed.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from yilian.demo.world.chance import likely, pick
from yilian.demo.world.history.catalogue import CHRONIC
from yilian.demo.world.history.model import Measure, Visit
from yilian.demo.world.history.pen import DAYS_TOLD, Pen
from yilian.demo.world.people.ages import ELDERLY
from yilian.demo.world.people.residents import CAST_RESIDENT
from yilian.resources.reception.rules import EncounterKind

_PRESSURE_COURSES: Final = {"steady": 66, "failing": 17, "danger": 4, "better": 13}
_SUGAR_COURSES: Final = {
    "steady": 62,
    "failing": 24,
    "danger": 4,
    "low": 2,
    "better": 8,
}
_FIRST_DRUGS: Final = {
    "amlodipine": 40,
    "nifedipine": 20,
    "valsartan": 25,
    "enalapril": 15,
}
_SECOND_DRUGS: Final = {"indapamide": 40, "metoprolol": 25, "irbesartan_hct": 35}
_ADDED_SUGAR_DRUGS: Final = {"gliclazide": 40, "acarbose": 30, "dapagliflozin": 30}
_DANGER_SIGNS: Final = ("dizziness_severe", "blurred_vision", "palpitation", "headache")


@dataclass(frozen=True, slots=True)
class Course:
    """How pressure and sugar go; "" where the person has no such illness."""

    pressure: str
    sugar: str

    @property
    def is_pressing(self) -> bool:
        return "danger" in {self.pressure, self.sugar} or self.sugar == "low"


def tell(pen: Pen) -> None:
    has = pen.who.conditions
    course = _course(pen)
    if not (course.pressure or course.sugar):
        return
    days = _days(pen, course)
    for left, day in enumerate(reversed(days)):
        pen.visits.append(_follow_up(pen, course, day, len(days), left))
    _drugs(pen, course, days)
    for key in ("hypertension", "diabetes"):
        if key in has:
            since = pen.days_ago(DAYS_TOLD + pen.rng.randrange(60, 2500))
            pen.has_problem(key, pen.center, since=since)


def _course(pen: Pen) -> Course:
    has = pen.who.conditions
    if pen.who.id == CAST_RESIDENT:
        return Course("failing", "failing")
    return Course(
        pick(pen.rng, _PRESSURE_COURSES) if "hypertension" in has else "",
        pick(pen.rng, _SUGAR_COURSES) if "diabetes" in has else "",
    )


def _days(pen: Pen, course: Course) -> list[date]:
    """About every three months; the last one lately when it was pressing."""
    last = pen.rng.randrange(2, 9) if course.is_pressing else pen.rng.randrange(4, 80)
    found = [pen.days_ago(last)]
    gap = 14 if course.pressure == "failing" or course.sugar == "failing" else 88
    while (pen.today - found[-1]).days < DAYS_TOLD - 100:
        found.append(found[-1] - timedelta(days=gap + pen.rng.randrange(-4, 12)))
        gap = 88
    return found[::-1]


def _follow_up(pen: Pen, course: Course, day: date, count: int, left: int) -> Visit:
    """`left`: how many follow-ups came after this one."""
    at_home = likely(pen.rng, 45)
    place = pen.outpost if at_home else pen.center
    illness = CHRONIC["hypertension" if course.pressure else "diabetes"]
    visit = pen.visit(illness, place, pen.at(day))
    return replace(
        visit,
        kind=EncounterKind.HOME if likely(pen.rng, 10) else visit.kind,
        is_follow_up=True,
        blood_pressure=((*_pressure(pen, course, count, left), visit.starts_at),),
        measures=tuple(_measures(pen, course, left, at_home=at_home)),
        signs=_signs(pen, course, left),
    )


def _pressure(pen: Pen, course: Course, count: int, left: int) -> tuple[int, int]:
    rng = pen.rng
    if course.pressure == "danger" and left == 0:
        return rng.randrange(180, 199), rng.randrange(102, 118)
    is_failing = course.pressure == "failing" and left < 2  # noqa: PLR2004
    was_failing = course.pressure == "better" and left > count // 2
    if is_failing or was_failing or (course.pressure == "danger" and left == 1):
        return rng.randrange(151, 172), rng.randrange(88, 104)
    top = 146 if pen.age >= ELDERLY else 138
    systolic = min(top, round(rng.gauss(top - 11, 6)))
    return systolic, min(88, max(62, round(systolic * 0.6 + rng.gauss(0, 4))))


def _signs(pen: Pen, course: Course, left: int) -> tuple[str, ...]:
    if course.pressure == "danger" and left == 0:
        return (pen.rng.choice(_DANGER_SIGNS),)
    if course.sugar == "danger" and left == 0:
        return ("polydipsia", "polyuria")
    if course.sugar == "low" and left == 0:
        return ("sweating", "palpitation")
    return ()


def _measures(
    pen: Pen, course: Course, left: int, *, at_home: bool
) -> Iterator[Measure]:
    rng = pen.rng
    yield Measure("heart_rate", str(rng.randrange(62, 92)))
    if course.sugar:
        key = "capillary_glucose" if at_home and left else "fasting_glucose"
        yield Measure(key, f"{_glucose(pen, course, left):.1f}")
    if left == 1:
        yield Measure("weight", f"{rng.gauss(67, 9):.1f}")
    if not at_home and left in {0, 2, 4}:
        yield from _laboratory(pen, course)


def _glucose(pen: Pen, course: Course, left: int) -> float:
    rng = pen.rng
    if left == 0 and course.sugar == "danger":
        return rng.uniform(16.8, 21.5)
    if left == 0 and course.sugar == "low":
        return rng.uniform(3.1, 3.8)
    if course.sugar == "failing" and left < 2:  # noqa: PLR2004
        return rng.uniform(7.6, 11.8)
    if course.sugar == "better" and left > 3:  # noqa: PLR2004
        return rng.uniform(7.8, 12.4)
    return rng.uniform(4.9, 6.8)


def _laboratory(pen: Pen, course: Course) -> Iterator[Measure]:
    rng = pen.rng
    creatinine = max(42.0, rng.gauss(74, 15))
    yield Measure("creatinine", f"{creatinine:.0f}")
    yield Measure("egfr", f"{max(24.0, min(122.0, 168 - creatinine)):.0f}")
    yield Measure("potassium", f"{rng.gauss(4.2, 0.35):.2f}")
    if course.sugar:
        is_high = course.sugar in {"failing", "danger"}
        yield Measure("hba1c", f"{rng.gauss(8.6 if is_high else 6.6, 0.5):.1f}")
    if likely(rng, 40):
        yield Measure("ldl", f"{max(1.1, rng.gauss(2.6, 0.7)):.2f}")


def _drugs(pen: Pen, course: Course, days: list[date]) -> None:
    changed_on = days[-2] if len(days) > 1 else days[-1]
    started_on = days[0] - timedelta(days=pen.rng.randrange(30, 400))
    if course.pressure:
        reason = CHRONIC["hypertension"].name
        first = pick(pen.rng, _FIRST_DRUGS)
        pen.prescribe(first, pen.center, started_on, reason=reason)
        if course.pressure != "steady" or likely(pen.rng, 20):
            added_on = days[len(days) // 2]
            if course.pressure in {"failing", "danger"}:
                added_on = changed_on
            second = pick(pen.rng, _SECOND_DRUGS)
            pen.prescribe(second, pen.center, added_on, reason=reason)
    if course.sugar:
        reason = CHRONIC["diabetes"].name
        pen.prescribe("metformin", pen.center, started_on, reason=reason)
        if course.sugar != "steady":
            added = pick(pen.rng, _ADDED_SUGAR_DRUGS)
            pen.prescribe(added, pen.center, changed_on, reason=reason)
