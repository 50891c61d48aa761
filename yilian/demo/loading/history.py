"""Two years of history: into the record, with the sight that visits leave behind.

Told block by block: who is free takes the next one (`beside.py`).

Whoever is in hospital now is also in the reception's book, in a bed. Nobody is in
two places: where a person of a referral story would be, the stay ends before the
story begins, or is left out.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from yilian.demo.loading.people import grant
from yilian.demo.loading.places import department_id, institution_id
from yilian.demo.world.build import Region
from yilian.demo.world.chance import fixed_id
from yilian.demo.world.history import fhir
from yilian.demo.world.history.model import History, Visit
from yilian.demo.world.people.model import Resident
from yilian.foundation.access.actor import Actor
from yilian.record.services.writing import Incoming, put_many
from yilian.registry.population import services as population
from yilian.registry.population.models import Grant
from yilian.registry.population.rules import Ground
from yilian.resources.reception import services as reception
from yilian.resources.reception.models import Encounter
from yilian.resources.reception.rules import EncounterState, Presence
from yilian.resources.scheduling import services as scheduling
from yilian.resources.scheduling.models import Bed, Hold
from yilian.resources.scheduling.rules import LIVE, HoldState, Quota

CONTINUITY: Final = timedelta(days=365)
_BEFORE_STORY: Final = timedelta(hours=18)
_SHORTEST_STAY: Final = timedelta(days=1)
BLOCK: Final = 2000  # residents told at a time
_LAST: Final = (Quota.OPEN, Quota.CONTRACT, Quota.REFERRAL)

Span = tuple[datetime, datetime]


@dataclass(slots=True)
class Told:
    """What was changed for the stories' sake, and who lies in hospital now."""

    ended: int = 0
    left_out: int = 0
    in_bed: int = 0
    stays: list[tuple[UUID, Visit]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Lives:
    """Everybody's history as it is loaded: told anew whenever it is asked for, so that
    a large region never stands in memory at once.

    `stories`: from when to when each person is busy with a referral.
    """

    region: Region
    stories: Mapping[UUID, Span]
    deaths: Mapping[UUID, datetime]

    @property
    def blocks(self) -> int:
        return -(-len(self.region.population.residents) // BLOCK)

    def residents(self, number: int) -> Sequence[Resident]:
        """Of this block."""
        return self.region.population.residents[number * BLOCK : (number + 1) * BLOCK]

    def of_block(self, number: int, told: Told) -> Iterator[History]:
        return self.of(self.residents(number), told)

    def of(self, residents: Iterable[Resident], told: Told) -> Iterator[History]:
        for history in self.region.histories_of(residents):
            lived = _until(history, self.deaths.get(history.person))
            span = self.stories.get(history.person)
            kept = replace(lived, visits=tuple(_visits(lived.visits, span, told)))
            told.stays += [(kept.person, one) for one in kept.visits if not one.ends_at]
            yield kept


def load_record(actor: Actor, lives: Lives, blocks: Iterable[int]) -> None:
    for number in blocks:
        histories = lives.of_block(number, Told())
        put_many(actor, _incoming(histories, lives.region.physician), source="demo")


def load_sight(actor: Actor, lives: Lives) -> Told:
    """A house goes on seeing whom it has seen within a year."""
    told, since = Told(), lives.region.now - CONTINUITY
    for number in range(lives.blocks):
        histories = lives.of_block(number, told)
        population.load_many(actor, grants=list(_visit_grants(histories, since)))
    return told


def load_stays(actor: Actor, told: Told) -> None:
    """After the stories, whose patients have taken their beds one by one."""
    encounters = [_encounter(person, visit) for person, visit in told.stays]
    holds = list(_holds(encounters))
    scheduling.load_many(actor, holds=holds)
    told.in_bed = len(holds)
    reception.load_many(actor, encounters=encounters)
    population.load_many(
        actor,
        grants=[
            grant(
                one.person_id,
                one.institution_id,
                Ground.ENCOUNTER,
                ("encounter", one.id),
                (one.started_at, None),
            )
            for one in encounters
        ],
    )


def _until(history: History, died_at: datetime | None) -> History:
    """Who dies in a story is not seen afterwards."""
    if died_at is None:
        return history
    day = died_at.date()
    return replace(
        history,
        problems=tuple(one for one in history.problems if one.since < day),
        visits=tuple(
            one for one in history.visits if (one.ends_at or one.starts_at) < died_at
        ),
        prescriptions=tuple(
            one for one in history.prescriptions if one.starts_on < day
        ),
    )


def _visits(visits: Iterable[Visit], span: Span | None, told: Told) -> Iterator[Visit]:
    for visit in visits:
        if visit.ends_at is not None or span is None or span[1] <= visit.starts_at:
            yield visit
            continue
        ends_at = span[0] - _BEFORE_STORY
        if ends_at - visit.starts_at < _SHORTEST_STAY:
            told.left_out += 1
            continue
        told.ended += 1
        yield _ended(visit, ends_at)


def _ended(visit: Visit, ends_at: datetime) -> Visit:
    """Discharged earlier than told: what was measured later is not there."""
    return replace(
        visit,
        ends_at=ends_at,
        signs=(),
        blood_pressure=tuple(one for one in visit.blood_pressure if one[2] < ends_at),
        measures=tuple(
            one for one in visit.measures if one.at is None or one.at < ends_at
        ),
    )


def _incoming(
    histories: Iterable[History], physician: fhir.Physicians
) -> Iterator[Incoming]:
    """All but the encounters that the reception writes itself."""
    for history in histories:
        at_reception = {str(one.id) for one in history.visits if one.ends_at is None}
        for code, resource, _at in fhir.resources(history, physician):
            if resource["id"] not in at_reception:
                yield Incoming(resource, history.person, institution_id(code))


def _visit_grants(histories: Iterable[History], since: datetime) -> Iterator[Grant]:
    for history in histories:
        last = {
            visit.institution: (visit, visit.ends_at)
            for visit in history.visits
            if visit.ends_at is not None and visit.ends_at > since
        }
        for code, (visit, ends_at) in last.items():
            yield grant(
                history.person,
                institution_id(code),
                Ground.ENCOUNTER,
                ("encounter", visit.id),
                (visit.starts_at, ends_at + CONTINUITY),
            )


def _encounter(person: UUID, visit: Visit) -> Encounter:
    return Encounter(
        id=visit.id,
        person_id=person,
        institution_id=institution_id(visit.institution),
        department_id=department_id(visit.institution, visit.department),
        kind=visit.kind.value,
        state=EncounterState.IN_PROGRESS.value,
        presence=Presence.CARD.value,
        reason=visit.diagnosis_name,
        started_at=visit.starts_at,
    )


def _holds(encounters: Iterable[Encounter]) -> Iterator[Hold]:
    """A free bed of the ward for each while there are any; the rest lie in extra beds.

    The last bed of a ward stays free, so that somebody can still be taken in.
    """
    free = _free_beds({one.department_id for one in encounters})
    for encounter in encounters:
        beds = free.get(encounter.department_id, [])
        if len(beds) <= 1:
            continue
        hold = Hold(
            id=fixed_id("hold", encounter.id),
            bed_id=beds.pop(0),
            person_id=encounter.person_id,
            purpose_kind="encounter",
            purpose_id=encounter.id,
            state=HoldState.USED.value,
            period=DateTimeTZRange(encounter.started_at, None),
        )
        encounter.hold_id = hold.id
        yield hold


def _free_beds(departments: set[UUID | None]) -> dict[UUID | None, list[UUID]]:
    """Those open to all first, those kept for referrals last."""
    taken = Hold.objects.filter(state__in=[s.value for s in LIVE], bed__isnull=False)
    beds = Bed.objects.filter(department__in=departments, closed_at=None).exclude(
        pk__in=taken.values("bed")
    )
    free: dict[UUID | None, list[UUID]] = {}
    rows = beds.order_by("label").values_list("department_id", "pk", "quota")
    for department, bed, _quota in sorted(rows, key=lambda row: _LAST.index(row[2])):
        free.setdefault(department, []).append(bed)
    return free
