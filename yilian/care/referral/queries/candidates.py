"""Who in this house's beds could go down today, 可下转 (NX-2.2.4-d).

The whole ward is read from the record in one statement under row security, then
judged by pure rules. What the record does not say stays "unknown", with what is
missing: nobody is sent down by a gap.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db.models import Q

from yilian.care.referral.models import Referral
from yilian.care.referral.queries.facts import limits_on
from yilian.care.referral.rules.clocks import Limits
from yilian.care.referral.rules.going_down import Phase, phase_of
from yilian.care.referral.rules.states import LIVE, PRESENT, State
from yilian.foundation.access.actor import Actor
from yilian.foundation.access.choices import values
from yilian.foundation.access.database import acting_as
from yilian.kernel import calendar
from yilian.kernel.canonical import parse_object
from yilian.kernel.tier import Direction, Tier
from yilian.record.advice.evaluate import stable_for_down
from yilian.record.advice.facts import PatientFacts
from yilian.record.advice.fhir.read import read_facts
from yilian.record.advice.fhir.values import codings, first_code, part
from yilian.record.advice.groups import groups_of
from yilian.record.advice.naming import name_of
from yilian.record.advice.rules import Advice, Outcome
from yilian.record.models import Resource
from yilian.registry.population.queries import PersonCard, cards
from yilian.registry.population.rules import Scope
from yilian.resources.reception.models import Encounter
from yilian.resources.reception.rules import EncounterKind, EncounterState

MOST: Final = 80
# Rules look back 14 days; what is older than half a year tells nothing of today.
_BACK: Final = timedelta(days=190)
_ICD10: Final = "http://hl7.org/fhir/sid/icd-10"
_PREGNANT: Final = "pregnancy"
_ALWAYS: Final = ("Patient", "Condition")
_DATED: Final = (
    "AllergyIntolerance", "Encounter", "MedicationRequest", "MedicationStatement",
    "Observation",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class RuleLine:
    rule_id: str
    title: str
    text: str
    missing: tuple[str, ...]
    group: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody in a bed, and what speaks for going down."""

    encounter_id: UUID
    person: PersonCard
    department: str
    days_in: int
    admitted_at: datetime
    diagnosis: str
    fires: tuple[RuleLine, ...]
    is_for_this: bool  # a rule that fires is about what the stay is for
    unknown: tuple[RuleLine, ...]
    phase: Phase | None
    parent_id: UUID | None
    going: str  # number of a hop down that is already under way
    going_id: UUID | None


@dataclass(frozen=True, slots=True)
class Ward:
    """`ready`: a rule says so; `ask`: the diagnosis and the days say to ask;
    `unknown`: the record does not say enough."""

    ready: list[Candidate] = field(default_factory=list)
    ask: list[Candidate] = field(default_factory=list)
    unknown: list[Candidate] = field(default_factory=list)
    under_way: list[Candidate] = field(default_factory=list)
    inpatients: int = 0
    unseen: int = 0  # in a bed here, but not open to this actor

    @property
    def shown_persons(self) -> list[UUID]:
        groups = (self.ready, self.ask, self.unknown, self.under_way)
        return [line.person.id for group in groups for line in group]


def can_send_down(actor: Actor) -> bool:
    """Below a village nothing stands: only from the township up."""
    return actor.tier in (Tier.PRIMARY, Tier.SECONDARY, Tier.TERTIARY)


def ward(actor: Actor, now: datetime) -> Ward:
    """Four statements, however many beds."""
    stays = _stays(actor)
    people = cards(actor, {stay.person_id for stay in stays})
    seen = [stay for stay in stays if people[stay.person_id].scope >= Scope.SUMMARY]
    ids = {stay.person_id for stay in seen}
    known = known_of_many(actor, ids, now)
    hops = _hops(actor, ids)
    on = _On(calendar.local_day(now), limits_on(now))
    found = [
        _candidate(stay, people[stay.person_id], known.get(stay.person_id),
                   hops.get(stay.person_id, []), on)
        for stay in seen
    ]  # fmt: skip
    return Ward(
        ready=[c for c in found if c.is_for_this and not (c.phase or c.going)],
        ask=[c for c in found if _is_to_be_asked(c)],
        unknown=[c for c in found if _says_too_little(c)],
        under_way=[c for c in found if c.going],
        inpatients=len(stays),
        unseen=len(stays) - len(seen),
    )


@dataclass(frozen=True, slots=True)
class Known:
    """What the record says of one person: facts for the rules, codes of diagnoses."""

    facts: PatientFacts
    codes: tuple[str, ...]


def known_of_many(
    actor: Actor, person_ids: Iterable[UUID], now: datetime
) -> dict[UUID, Known]:
    """One statement for all, under row security."""
    wanted = list(person_ids)
    if not wanted:
        return {}
    recent = Q(clinical_at__gte=now - _BACK) | Q(clinical_at=None)
    rows = Resource.objects.filter(
        Q(type__in=_ALWAYS) | Q(type__in=_DATED) & recent,
        person_id__in=wanted,
        is_deleted=False,
    ).values_list("person_id", "body")
    bundles: dict[UUID, list[dict[str, Any]]] = {}
    with acting_as(actor):
        for person_id, body in rows:
            bundles.setdefault(person_id, []).append(parse_object(body))
    return {
        person_id: Known(read_facts(bundle), tuple(_codes(bundle)))
        for person_id, bundle in bundles.items()
    }


def _codes(bundle: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Codes of the diagnoses that are not said to be over."""
    for resource in bundle:
        if resource["resourceType"] != "Condition" or _is_over(resource):
            continue
        yield from (coding.code for coding in codings(part(resource, "code")))


def _is_over(condition: Mapping[str, Any]) -> bool:
    said = {first_code(condition, key) for key in _STATUSES}
    return not said.isdisjoint(
        {"inactive", "remission", "resolved", "refuted", "entered-in-error"}
    )


_STATUSES: Final = ("clinicalStatus", "verificationStatus")


def _stays(actor: Actor) -> list[Encounter]:
    rows = Encounter.objects.visible_to(actor).filter(
        kind=EncounterKind.INPATIENT.value, state=EncounterState.IN_PROGRESS.value
    )
    return list(rows.select_related("department").order_by("started_at", "pk")[:MOST])


def _hops(actor: Actor, ids: Iterable[UUID]) -> Mapping[UUID, list[Referral]]:
    """Hops that brought somebody here, and those that already lead down."""
    came = Q(to_institution=actor.institution_id, state__in=values(PRESENT))
    goes = Q(from_institution=actor.institution_id, direction=Direction.DOWN.value)
    drafted = LIVE | {State.DRAFT}
    rows = Referral.objects.visible_to(actor).filter(
        came | goes & Q(state__in=values(drafted)), person__in=list(ids)
    )
    found: dict[UUID, list[Referral]] = {}
    for row in rows.order_by("-created_at"):
        found.setdefault(row.person_id, []).append(row)
    return found


class _On(NamedTuple):
    today: date
    limits: Limits


def _candidate(
    stay: Encounter,
    person: PersonCard,
    known: Known | None,
    hops: list[Referral],
    on: _On,
) -> Candidate:
    days_in = (on.today - calendar.local_day(stay.started_at)).days
    came = next((h for h in hops if h.to_institution_id == stay.institution_id), None)
    goes = next((h for h in hops if h.from_institution_id == stay.institution_id), None)
    advice = _advice(known, on.today)
    codes = known.codes if known else ()
    fires = _lines(advice, Outcome.FIRES)
    stay_for = [came.diagnosis_code] if came else codes
    return Candidate(
        encounter_id=stay.id,
        person=person,
        department=stay.department.name if stay.department else "",
        days_in=days_in,
        admitted_at=stay.started_at,
        diagnosis=came.diagnosis_name if came else stay.reason,
        fires=fires,
        is_for_this=_is_about(fires, stay_for) and not _expects(codes),
        unknown=_lines(advice, Outcome.UNKNOWN),
        phase=phase_of([*codes, *stay_for], days_in, on.limits),
        parent_id=came.id if came else None,
        going=goes.number if goes else "",
        going_id=goes.id if goes else None,
    )


def _advice(known: Known | None, today: date) -> list[Advice]:
    """Only of diseases that are on record: the others have nothing to say."""
    if known is None:
        return []
    return [a for a in stable_for_down(known.facts, on=today) if a.applies]


def _lines(advice: list[Advice], outcome: Outcome) -> tuple[RuleLine, ...]:
    return tuple(
        RuleLine(
            a.rule_id,
            a.title,
            a.text,
            tuple(name_of(code) for code in a.missing),
            a.group or "",
        )
        for a in advice
        if a.outcome is outcome
    )


def _is_to_be_asked(line: Candidate) -> bool:
    """A phase that may be over, or a stable disease that is not why they came."""
    if line.going:
        return False
    return bool(line.phase) or (bool(line.fires) and not line.is_for_this)


def _is_about(rules: Iterable[RuleLine], codes: Iterable[str]) -> bool:
    """One of the diseases at rest is a diagnosis of this stay."""
    groups = frozenset[str]().union(*(groups_of(_ICD10, code) for code in codes))
    return any(rule.group in groups for rule in rules)


def _expects(codes: Iterable[str]) -> bool:
    return any(_PREGNANT in groups_of(_ICD10, code) for code in codes)


def _says_too_little(line: Candidate) -> bool:
    return bool(line.unknown) and not (line.fires or line.phase or line.going)
