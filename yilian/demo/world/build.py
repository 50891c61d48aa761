"""The whole demonstration region, from a seed and a moment."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from uuid import UUID

from yilian.demo.world import resources
from yilian.demo.world.consortia import agreements, bodies, members
from yilian.demo.world.consortia.model import Agreement, Consortium, Membership
from yilian.demo.world.history import fhir
from yilian.demo.world.history.build import histories
from yilian.demo.world.history.model import Entry, History
from yilian.demo.world.history.pen import CHINA
from yilian.demo.world.institutions.build import institutions
from yilian.demo.world.institutions.model import Institution
from yilian.demo.world.people import cast, papers, rosters
from yilian.demo.world.people.model import (
    CastMember,
    DutyShift,
    Population,
    Resident,
    Staff,
)
from yilian.demo.world.people.residents import residents
from yilian.demo.world.people.staff import staff
from yilian.demo.world.referrals.build import referrals
from yilian.demo.world.referrals.model import PlannedReferral
from yilian.demo.world.resources import BedPlan, SlotPlan
from yilian.foundation.access.actor import Role


@dataclass(frozen=True)
class Region:
    """`now` is when the region is looked at; the same facts give the same region.

    The history is told person by person and not kept: `entries()` is a stream.
    """

    seed: int
    now: datetime
    institutions: tuple[Institution, ...]
    consortia: tuple[Consortium, ...]
    memberships: tuple[Membership, ...]
    agreements: tuple[Agreement, ...]
    staff: Staff
    shifts: tuple[DutyShift, ...]
    population: Population
    cast: tuple[CastMember, ...]
    referrals: tuple[PlannedReferral, ...]

    def beds(self) -> Iterator[BedPlan]:
        return resources.beds()

    def slots(self) -> Iterator[SlotPlan]:
        return resources.slots(self.now.astimezone(CHINA).date())

    def histories(self) -> Iterator[History]:
        return self.histories_of(self.population.residents)

    def histories_of(self, residents: Iterable[Resident]) -> Iterator[History]:
        today = self.now.astimezone(CHINA).date()
        return histories(residents, self.seed, today)

    def entries(self) -> Iterator[Entry]:
        for history in self.histories():
            yield from fhir.entries(history, self.physician)

    def physician(self, institution: str, department: str) -> UUID | None:
        """Who is named in the record of that house's department."""
        named = self._physicians.get((institution, department))
        return named or self._physicians.get((institution, ""))

    @cached_property
    def _physicians(self) -> dict[tuple[str, str], UUID]:
        found: dict[tuple[str, str], UUID] = {}
        for post in self.staff.posts:
            if Role.PHYSICIAN in post.roles:
                found.setdefault((post.institution, post.department), post.practitioner)
                found.setdefault((post.institution, ""), post.practitioner)
        return found


def region(count: int, seed: int, now: datetime) -> Region:
    """`count` residents; `now` must know its time zone."""
    today = now.astimezone(CHINA).date()
    people = cast.with_cast(staff(seed, today))
    doctors = papers.contract_doctors(people.posts)
    population = residents(count, seed, today, doctors)
    return Region(
        seed=seed,
        now=now,
        institutions=institutions(),
        consortia=bodies.consortia(),
        memberships=members.memberships(),
        agreements=agreements.agreements(today),
        staff=people,
        shifts=tuple(rosters.rosters(people, today)),
        population=population,
        cast=cast.cast(people, population),
        referrals=referrals(population, people, seed, now),
    )
