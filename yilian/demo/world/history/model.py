"""What happened to a person, in plain words before it becomes FHIR."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from yilian.resources.reception.rules import EncounterKind


@dataclass(frozen=True, slots=True)
class Problem:
    """A diagnosis that goes on the problem list; `ended_on` when it is over."""

    id: UUID
    code: str
    name: str
    since: date
    institution: str
    ended_on: date | None = None


@dataclass(frozen=True, slots=True)
class Measure:
    """One value by its key in `catalogue.MEASURES`; `at` if not the visit's start."""

    key: str
    value: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Prescription:
    """A drug by its key in `catalogue.DRUGS`; active while `ends_on` is None."""

    id: UUID
    drug: str
    starts_on: date
    ends_on: date | None
    institution: str
    reason: str


@dataclass(frozen=True, slots=True)
class Visit:
    """One encounter; `ends_at` is None while the person is still there.

    `blood_pressure` holds systolic and diastolic; `signs` are codes of our
    CodeSystem `symptom` that were said to be there; `report` and `document` are
    texts.
    """

    id: UUID
    kind: EncounterKind
    institution: str
    department: str
    starts_at: datetime
    ends_at: datetime | None
    diagnosis: str
    diagnosis_name: str
    is_follow_up: bool = False
    blood_pressure: tuple[tuple[int, int, datetime], ...] = ()
    measures: tuple[Measure, ...] = ()
    signs: tuple[str, ...] = ()
    operation: tuple[str, str] | None = None
    report: tuple[str, str] | None = None
    document: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class History:
    person: UUID
    problems: tuple[Problem, ...]
    visits: tuple[Visit, ...]
    prescriptions: tuple[Prescription, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """A resource as the record takes it; `text` is its JSON."""

    type: str
    id: UUID
    person: UUID
    institution: str
    clinical_at: datetime
    status: str
    text: str
