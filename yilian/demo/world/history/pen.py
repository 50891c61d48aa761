"""Writes one person's history down, with ids that follow from the dates."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from random import Random
from typing import Final

from yilian.demo.world.chance import dated_id
from yilian.demo.world.consortia.bodies import county_lead
from yilian.demo.world.history.catalogue import CHRONIC, Illness
from yilian.demo.world.history.model import Prescription, Problem, Visit
from yilian.demo.world.institutions.plots import center_code, outpost_code
from yilian.demo.world.people.model import Resident
from yilian.demo.world.people.papers import TERTIARY_BY_CITY
from yilian.resources.reception.rules import EncounterKind

CHINA: Final = timezone(timedelta(hours=8))
DAYS_TOLD: Final = 730


@dataclass(slots=True)
class Pen:
    rng: Random
    who: Resident
    today: date
    problems: list[Problem] = field(default_factory=list)
    visits: list[Visit] = field(default_factory=list)
    prescriptions: list[Prescription] = field(default_factory=list)

    @property
    def age(self) -> int:
        return self.who.age_on(self.today)

    @property
    def center(self) -> str:
        return center_code(self.who.area_code[:9])

    @property
    def outpost(self) -> str:
        return outpost_code(self.who.area_code)

    @property
    def county(self) -> str:
        return county_lead(self.who.county_code).code

    @property
    def tertiary(self) -> str:
        return TERTIARY_BY_CITY[self.who.area_code[:4]]

    def at(self, day: date) -> datetime:
        """A moment in office hours of the day."""
        minutes = self.rng.randrange(510, 1050)
        return datetime(
            day.year, day.month, day.day, minutes // 60, minutes % 60, tzinfo=CHINA
        )

    def days_ago(self, days: int) -> date:
        return self.today - timedelta(days=days)

    def has_problem(self, key: str, institution: str, *, since: date) -> None:
        self.diagnose(CHRONIC[key], institution, since)

    def diagnose(
        self,
        illness: Illness,
        institution: str,
        since: date,
        *,
        ended_on: date | None = None,
    ) -> None:
        made = dated_id(self.rng, self.at(since))
        self.problems.append(
            Problem(made, illness.code, illness.name, since, institution, ended_on)
        )

    def prescribe(
        self,
        drug: str,
        institution: str,
        starts_on: date,
        *,
        reason: str,
        ends_on: date | None = None,
    ) -> None:
        made = dated_id(self.rng, self.at(starts_on))
        self.prescriptions.append(
            Prescription(made, drug, starts_on, ends_on, institution, reason)
        )

    def visit(
        self,
        illness: Illness,
        institution: str,
        starts_at: datetime,
        *,
        department: str = "general",
        kind: EncounterKind = EncounterKind.OUTPATIENT,
    ) -> Visit:
        """A plain consultation; the caller replaces what else was found."""
        return Visit(
            id=dated_id(self.rng, starts_at),
            kind=kind,
            institution=institution,
            department=department,
            starts_at=starts_at,
            ends_at=starts_at + timedelta(minutes=self.rng.randrange(10, 50)),
            diagnosis=illness.code,
            diagnosis_name=illness.name,
        )
