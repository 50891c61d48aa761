"""What the record says of one person, in bounded pieces, as people read it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, TypeVar
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext

from yilian.foundation.access.actor import Actor
from yilian.foundation.terminology.queries import icd10_name
from yilian.kernel.tier import Tier
from yilian.record import fhir
from yilian.record.advice.facts import PatientFacts
from yilian.record.advice.fhir.read import read_facts
from yilian.record.queries.reading import Held, Told, resources_of, texts_of
from yilian.record.rules.trend import Trend, trend
from yilian.registry.directory.models import PractitionerRole
from yilian.registry.directory.queries import institution_lines

T = TypeVar("T")

DRUG_TYPES: Final = ("MedicationRequest", "MedicationStatement")
DOCUMENT_TYPES: Final = ("DocumentReference", "DiagnosticReport", "Composition")
_DRAWN_TYPES: Final = ("Encounter", "ServiceRequest")
_ADVICE_TYPES: Final = (
    "AdverseEvent", "AllergyIntolerance", "CarePlan", "Condition", "Encounter",
    "Flag", "MedicationRequest", "MedicationStatement", "Observation", "Patient",
)  # fmt: skip
_MOST, _MOST_FOR_ADVICE, _MOST_GROUPS, _MOST_POINTS = 300, 2_000, 30, 24
_MOST_STAYS: Final = 400
_RECENT: Final = 5


@dataclass(frozen=True, slots=True)
class Place:
    """Where a line comes from."""

    name: str = ""
    tier: Tier | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """A line with its place: `line` is one of `fhir`'s."""

    line: Any
    place: Place


@dataclass(frozen=True, slots=True)
class ResultGroup:
    """One thing measured, newest last; the line is drawn over `values`."""

    name: str
    unit: str
    last: fhir.Result
    place: Place
    count: int
    values: Sequence[fhir.Result]
    trend: Trend | None


@dataclass(frozen=True, slots=True)
class Summary:
    """For a hand-over: what the next clinician must know first."""

    problems: Sequence[fhir.Problem]
    drugs: Sequence[fhir.Drug]
    allergies: Sequence[fhir.Allergy]
    results: Sequence[fhir.Result]
    encounters: Sequence[fhir.Visit]


@dataclass(frozen=True, slots=True)
class Stay:
    """One visit or stay on the tier time line (no `end`: a dot)."""

    tier: Tier
    start: datetime
    end: datetime | None
    label: str
    ref: str
    href: str | None = None


@dataclass(frozen=True, slots=True)
class Move:
    source: Tier
    target: Tier
    left: datetime
    reached: datetime
    label: str


@dataclass(frozen=True, slots=True)
class Timeline:
    stays: Sequence[Stay]
    moves: Sequence[Move]
    outside: int  # visits whose institution has no tier: not drawn
    latest: datetime | None  # of all, also before the period


def problems(actor: Actor, person_id: UUID) -> list[Placed]:
    """Active ones first, then by how long they have been known."""
    held = resources_of(actor, person_id, ["Condition"], limit=_MOST)
    placed = _placed(held, _problem)
    return sorted(placed, key=lambda one: not one.line.is_active)


def drugs(actor: Actor, person_id: UUID) -> list[Placed]:
    held = resources_of(actor, person_id, DRUG_TYPES, limit=_MOST)
    placed = _placed(held, fhir.drug)
    return sorted(placed, key=lambda one: not one.line.is_current)


def allergies(actor: Actor, person_id: UUID) -> list[fhir.Allergy]:
    held = resources_of(actor, person_id, ["AllergyIntolerance"], limit=_MOST)
    return [found for one in held if (found := fhir.allergy(one.body))]


def result_groups(actor: Actor, person_id: UUID) -> list[ResultGroup]:
    """By what was measured; what is abnormal now stands first."""
    held = resources_of(actor, person_id, ["Observation"], limit=_MOST)
    places = _places(held)
    groups: dict[str, list[tuple[fhir.Result, Place]]] = {}
    for one in held:
        for result in fhir.results(one.body):
            groups.setdefault(result.key, []).append((result, _place(places, one)))
    found = [_group(rows) for rows in groups.values()]
    found.sort(key=lambda g: (not g.last.is_critical, not g.last.flag))
    return found[:_MOST_GROUPS]


def documents(actor: Actor, person_id: UUID) -> list[Placed]:
    held = resources_of(actor, person_id, DOCUMENT_TYPES, limit=_MOST // 3)
    return _placed(held, fhir.document)


def timeline(actor: Actor, person_id: UUID, start: datetime, end: datetime) -> Timeline:
    """Visits and referrals that touch the period; a stay may have begun before."""
    told = texts_of(actor, person_id, _DRAWN_TYPES, limit=_MOST_STAYS)
    read = [(one, fhir.visit(one.body)) for one in told if one.type == "Encounter"]
    visits = [(one, found) for one, found in read if found and found.start]
    hops = [fhir.hop(one.body) for one in told if one.type == "ServiceRequest"]
    places = _houses(visits, [one for one in hops if one])
    stays = [_stay(found, _home(places, one, found)) for one, found in visits]
    moves = [_move(one, places) for one in hops if one]
    drawn = [stay for stay in stays if stay]
    return Timeline(
        stays=[s for s in drawn if s.start < end and (s.end or s.start) >= start],
        moves=[m for m in moves if m and start <= m.reached and m.left < end],
        outside=len(visits) - len(drawn),
        latest=max((s.start for s in drawn), default=None),
    )


def summary(actor: Actor, person_id: UUID) -> Summary:
    """What the actor's scope opens; without FULL there are no results."""
    visits = resources_of(actor, person_id, ["Encounter"], limit=_RECENT)
    return Summary(
        problems=[one.line for one in problems(actor, person_id)],
        drugs=[one.line for one in drugs(actor, person_id)],
        allergies=allergies(actor, person_id),
        results=[group.last for group in result_groups(actor, person_id)],
        encounters=[found for one in visits if (found := fhir.visit(one.body))],
    )


def facts_for_advice(
    actor: Actor, person_id: UUID, on: date | None = None
) -> PatientFacts:
    """What the rule packs look at, as known on that day."""
    held = resources_of(actor, person_id, _ADVICE_TYPES, limit=_MOST_FOR_ADVICE)
    facts = read_facts([one.body for one in held])
    return facts if on is None else facts.as_of(on)


def authors(accounts: Iterable[UUID | None]) -> dict[UUID, str]:
    """Names of the staff behind accounts, for who wrote which version."""
    wanted = {one for one in accounts if one is not None}
    rows = PractitionerRole.objects.filter(account_id__in=wanted)
    return dict(rows.values_list("account_id", "practitioner__name"))


def place_of(institution_id: UUID | None) -> Place:
    if institution_id is None:
        return Place()
    line = institution_lines({institution_id}).get(institution_id)
    return _placed_at(line) if line else Place()


def _problem(body: fhir.Body) -> fhir.Problem | None:
    found = fhir.problem(body)
    if found is None or any("\u4e00" <= letter <= "\u9fff" for letter in found.name):
        return found
    code = fhir.code_of(body.get("code"), fhir.ICD10)
    chinese = icd10_name(code) if code else None
    if not chinese:
        return found
    name = f"{chinese}（{found.name}）" if found.name not in {code, ""} else chinese
    return fhir.Problem(
        found.ref, name, found.code, found.since, found.ended_on, found.is_active
    )


def _group(rows: list[tuple[fhir.Result, Place]]) -> ResultGroup:
    """Rows come newest first."""
    last, place = rows[0]
    values = [result for result, _place in reversed(rows[:_MOST_POINTS])]
    points = [
        (result.at, result.value)
        for result in values
        if result.at is not None and result.value is not None
    ]
    line = trend(points, last.low, last.high)
    return ResultGroup(last.name, last.unit, last, place, len(rows), values, line)


def _placed(
    held: Iterable[Held], read: Callable[[fhir.Body], T | None]
) -> list[Placed]:
    rows = list(held)
    places = _places(rows)
    return [
        Placed(found, _place(places, one))
        for one in rows
        if (found := read(one.body)) is not None
    ]


def _places(held: Iterable[Held]) -> dict[UUID, Place]:
    ids = {one.institution_id for one in held if one.institution_id is not None}
    return {key: _placed_at(line) for key, line in institution_lines(ids).items()}


def _placed_at(line: Any) -> Place:
    return Place(line.name, line.tier)


def _place(places: dict[UUID, Place], held: Held) -> Place:
    if held.institution_id is None:
        return Place()
    return places.get(held.institution_id, Place())


def _houses(
    visits: Sequence[tuple[Told, fhir.Visit]], hops: Sequence[fhir.Hop]
) -> dict[UUID, Place]:
    named = [found.provider_id for _one, found in visits]
    named += [id_ for one in hops for id_ in (one.from_id, one.to_id)]
    ids = {_uuid(name) for name in named}
    ids |= {one.institution_id for one, _found in visits}
    lines = institution_lines({id_ for id_ in ids if id_ is not None})
    return {key: _placed_at(line) for key, line in lines.items()}


def _home(places: dict[UUID, Place], told: Told, found: fhir.Visit) -> Place | None:
    """Whose visit it was, if that house is known here; else whoever sent it."""
    for key in (_uuid(found.provider_id), told.institution_id):
        if key is not None and key in places:
            return places[key]
    return None


def _stay(found: fhir.Visit, place: Place | None) -> Stay | None:
    if place is None or place.tier is None or found.start is None:
        return None
    end = found.end if found.is_stay else None
    if found.is_stay and found.is_open:
        end = max(found.start + timedelta(days=1), timezone.now())
    kind = gettext(found.kind) if found.kind else ""
    words = (kind, place.name, found.department, found.reason)
    label = " · ".join(filter(None, words))
    return Stay(place.tier, found.start, end, label, found.ref)


def _move(found: fhir.Hop, places: dict[UUID, Place]) -> Move | None:
    one, other = (_uuid(found.from_id), _uuid(found.to_id))
    source = places.get(one) if one else None
    target = places.get(other) if other else None
    if not (source and target and source.tier and target.tier):
        return None
    if found.left is None or found.reached is None:
        return None
    label = f"{source.name} → {target.name}"
    return Move(
        source.tier, target.tier, found.left, max(found.left, found.reached), label
    )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
