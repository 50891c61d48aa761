"""Short illnesses, children's checks, pregnancies, yearly checks of the old."""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from yilian.demo.world.chance import likely
from yilian.demo.world.history.catalogue import CHILDHOOD, CHRONIC, MINOR, Illness
from yilian.demo.world.history.model import Measure
from yilian.demo.world.history.pen import DAYS_TOLD, Pen
from yilian.demo.world.people.ages import CHILD, ELDERLY
from yilian.resources.reception.rules import EncounterKind

_CHECK: Final = Illness("Z00.000", "健康查体")
_CHILD_CHECK: Final = Illness("Z00.100", "儿童健康体检")
_YEAR: Final = 365


def tell(pen: Pen) -> None:
    _short_illnesses(pen)
    if pen.age < CHILD:
        _child_checks(pen)
    if pen.age >= ELDERLY:
        _yearly_checks(pen)
    if "pregnancy" in pen.who.conditions:
        _pregnancy(pen)


def _short_illnesses(pen: Pen) -> None:
    rng = pen.rng
    for _ in range(rng.choices((0, 1, 2, 3, 4), (22, 36, 26, 12, 4))[0]):
        illness, drugs = rng.choice(CHILDHOOD if pen.age < CHILD else MINOR)
        day = pen.days_ago(rng.randrange(6, DAYS_TOLD))
        is_feverish = illness.code[0] in "JA" and likely(rng, 60)
        warmth = rng.uniform(37.6, 39.2) if is_feverish else rng.uniform(36.2, 37.0)
        measures = [Measure("temperature", f"{warmth:.1f}")]
        if pen.age >= CHILD and likely(rng, 40):
            measures.append(Measure("heart_rate", str(rng.randrange(62, 96))))
        place = rng.choice((pen.outpost, pen.center, pen.center))
        visit = pen.visit(illness, place, pen.at(day))
        pen.visits.append(replace(visit, measures=tuple(measures)))
        ended_on = day + timedelta(days=rng.randrange(5, 15))
        pen.diagnose(illness, place, day, ended_on=ended_on)
        for drug in drugs:
            pen.prescribe(drug, place, day, reason=illness.name, ends_on=ended_on)


def _child_checks(pen: Pen) -> None:
    """0–6 years: by the month at first, then once a year."""
    lived = (pen.today - pen.who.born_on).days
    ages = [30, 90, 180, 240, 365, 540, 730, 900, 1095, 1460, 1825, 2190]
    for age in ages:
        if age < lived and lived - age < DAYS_TOLD:
            day = pen.who.born_on + timedelta(days=age)
            months = age / 30.4
            height = 50 + 25 * (months / 12) ** 0.55 + pen.rng.gauss(0, 2)
            weight = 3.4 + 6.4 * (months / 12) ** 0.6 + pen.rng.gauss(0, 0.7)
            measures = [
                Measure("height", f"{height:.1f}"),
                Measure("weight", f"{max(2.4, weight):.1f}"),
            ]
            if age in {240, 540, 900}:
                measures.append(Measure("haemoglobin", f"{pen.rng.gauss(121, 7):.0f}"))
            visit = pen.visit(
                _CHILD_CHECK, pen.center, pen.at(day), department="public_health"
            )
            pen.visits.append(replace(visit, measures=tuple(measures)))


def _yearly_checks(pen: Pen) -> None:
    """The free yearly examination from 65 on, 老年人健康体检."""
    first = pen.rng.randrange(20, _YEAR)
    for days in (first, first + _YEAR):
        if days >= DAYS_TOLD:
            continue
        rng = pen.rng
        visit = pen.visit(
            _CHECK, pen.center, pen.at(pen.days_ago(days)), department="public_health"
        )
        systolic = rng.randrange(116, 140)
        has_sugar = "diabetes" in pen.who.conditions
        glucose = rng.uniform(5.2, 6.9) if has_sugar else rng.uniform(4.4, 6.0)
        measures = (
            Measure("fasting_glucose", f"{glucose:.1f}"),
            Measure("creatinine", f"{max(45.0, rng.gauss(76, 15)):.0f}"),
            Measure("ldl", f"{max(1.1, rng.gauss(2.7, 0.7)):.2f}"),
            Measure("haemoglobin", f"{rng.gauss(136, 11):.0f}"),
        )
        pen.visits.append(
            replace(
                visit,
                blood_pressure=((systolic, round(systolic * 0.59), visit.starts_at),),
                measures=measures,
                report=("心电图", _ecg(pen)),
            )
        )


def _ecg(pen: Pen) -> str:
    return pen.rng.choice(
        (
            "窦性心律，正常心电图。",
            "窦性心律，大致正常心电图。",
            "窦性心律，ST-T轻度改变，请结合临床。",
            "窦性心动过缓，心率56次/分。",
            "窦性心律，完全性右束支传导阻滞。",
            "窦性心律，左心室高电压。",
        )
    )


def _pregnancy(pen: Pen) -> None:
    """Antenatal visits up to now, at the health centre and then in the county."""
    rng = pen.rng
    weeks = rng.randrange(9, 38)
    illness = CHRONIC["pregnancy"]
    first_day = pen.days_ago(weeks * 7 - 49)
    pen.has_problem("pregnancy", pen.center, since=first_day)
    for week in (8, 12, 18, 23, 30, 34, 37):
        if week > weeks:
            return
        day = pen.days_ago((weeks - week) * 7 + rng.randrange(1, 6))
        is_late = week >= 30  # noqa: PLR2004
        place = pen.county if is_late else pen.center
        visit = pen.visit(
            illness,
            place,
            pen.at(day),
            department="obstetrics" if is_late else "public_health",
            kind=EncounterKind.OUTPATIENT,
        )
        systolic = rng.randrange(98, 132)
        pen.visits.append(
            replace(
                visit,
                blood_pressure=((systolic, round(systolic * 0.62), visit.starts_at),),
                measures=(
                    Measure("weight", f"{52 + week * 0.35 + rng.gauss(0, 5):.1f}"),
                    Measure("haemoglobin", f"{rng.gauss(117, 9):.0f}"),
                ),
            )
        )
