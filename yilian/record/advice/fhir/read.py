"""One person's resources → `PatientFacts`."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from yilian.kernel.text import _
from yilian.record.advice import groups
from yilian.record.advice.facts import Diagnosis, Encounter, PatientFacts, Problem, Sign
from yilian.record.advice.fhir.bundle import Bundle, Entry, NotFhir, open_bundle
from yilian.record.advice.fhir.observations import Observations
from yilian.record.advice.fhir.treatment import MEDICATION, REACTION, Treatment
from yilian.record.advice.fhir.values import (
    Resource,
    at_midnight,
    born,
    codings,
    day,
    first_code,
    first_moment,
    part,
    text,
)
from yilian.record.advice.symptoms import SIGNS, is_ours

_UNUSED_ENCOUNTERS: Final = frozenset({"planned", "cancelled", "entered-in-error"})
_NOT_A_FOLLOW_UP: Final = frozenset(
    {"IMP", "ACUTE", "NONAC", "OBSENC", "PRENC", "SS", "EMER"}
)
_NOT_A_DIAGNOSIS: Final = frozenset({"entered-in-error", "refuted"})
_UNCONFIRMED: Final = frozenset({"unconfirmed", "provisional", "differential"})
_ACTIVE: Final = frozenset({"active", "recurrence", "relapse", ""})
_LASTS: Final = {
    "pregnancy": ("pregnant", timedelta(days=300)),
    "gestational_diabetes": ("pregnant", timedelta(days=300)),
    "lactation": ("lactating", timedelta(days=365)),
}
_ABOUT_A_PERSON: Final = frozenset(
    {
        "Observation",
        "Condition",
        "Encounter",
        "CarePlan",
        "Flag",
        *MEDICATION,
        *REACTION,
    }
)


def read_facts(source: object) -> PatientFacts:
    """Of a Bundle of any type, or a list of resources, about one person."""
    bundle = open_bundle(source)
    patient = _the_patient(bundle)
    reader = _Reader(bundle, Observations(bundle), Treatment(bundle))
    for entry in bundle.entries:
        if entry.type in _ABOUT_A_PERSON:
            reader.read(entry, patient)
    return reader.facts(patient)


@dataclass(frozen=True, slots=True)
class _Patient:
    ref: str  # empty: nobody says whose resources these are
    resource: Resource


def _the_patient(bundle: Bundle) -> _Patient:
    patients = list(bundle.of("Patient"))
    if len(patients) > 1:
        raise NotFhir(
            _("一次只能评估一个人，文件里有 {count} 个 Patient。"), count=len(patients)
        )
    if patients:
        return _Patient(patients[0].ref, patients[0].resource)
    subjects = {_subject(bundle, entry) for entry in bundle.of(*_ABOUT_A_PERSON)}
    subjects.discard(None)
    if len(subjects) > 1:
        raise NotFhir(
            _("一次只能评估一个人，文件里的资源属于 {count} 个人。"),
            count=len(subjects),
        )
    return _Patient(next(iter(subjects)) or "" if subjects else "", {})


def _subject(bundle: Bundle, entry: Entry) -> str | None:
    key = "patient" if "patient" in entry.resource else "subject"
    return bundle.resolve(entry.resource, key)


@dataclass
class _Reader:
    bundle: Bundle
    observations: Observations
    treatment: Treatment
    diagnoses: list[Diagnosis] = field(default_factory=list)
    signs: list[Sign] = field(default_factory=list)
    encounters: list[Encounter] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def read(self, entry: Entry, patient: _Patient) -> None:
        subject = _subject(self.bundle, entry)
        if subject not in {None, patient.ref} and "?" not in (subject or ""):
            self.problems.append(Problem(entry.ref, _("属于另一个人，未采用")))
            return
        match entry.type:
            case "Observation":
                self.observations.read(entry)
            case "Encounter":
                self._read_encounter(entry)
            case "Condition":
                self._read_condition(entry)
            case "CarePlan":
                self._read_plan(entry)
            case "Flag":
                self._read_flag(entry)
            case "AdverseEvent" | "AllergyIntolerance":
                self.treatment.read_reaction(entry)
            case _:
                self.treatment.read_drug(entry)

    def facts(self, patient: _Patient) -> PatientFacts:
        seen = self.observations
        signs = [*seen.signs, *self.treatment.signs, *self.signs]
        return PatientFacts(
            ref=patient.ref,
            born=born(text(patient.resource, "birthDate")),
            sex=text(patient.resource, "gender"),
            measurements=tuple(
                sorted(seen.measurements, key=lambda m: (m.at, m.value))
            ),
            signs=tuple(sorted(signs, key=lambda sign: sign.at)),
            diagnoses=tuple(self.diagnoses),
            drugs=tuple(self.treatment.drugs),
            encounters=tuple(self.encounters),
            touches=tuple(seen.touches),
            problems=(*seen.problems, *self.problems),
        )

    def _read_encounter(self, entry: Entry) -> None:
        resource = entry.resource
        if text(resource, "status") in _UNUSED_ENCOUNTERS:
            return
        period = part(resource, "period")
        when = first_moment(text(period, "start"), text(period, "end"))
        if when is None:
            return
        kind = text(part(resource, "class"), "code").upper()
        is_follow_up = kind not in _NOT_A_FOLLOW_UP
        self.encounters.append(Encounter(entry.ref, when.at, when.day, is_follow_up))

    def _read_condition(self, entry: Entry) -> None:
        resource = entry.resource
        verified = first_code(resource, "verificationStatus")
        if verified in _NOT_A_DIAGNOSIS:
            return
        found = frozenset[str]().union(
            *(
                groups.groups_of(c.system, c.code)
                for c in codings(part(resource, "code"))
            )
        )
        diagnosis = Diagnosis(
            groups=found,
            ref=entry.ref,
            is_active=first_code(resource, "clinicalStatus") in _ACTIVE,
            is_confirmed=verified not in _UNCONFIRMED,
            onset=_onset(resource),
            recorded=day(text(resource, "recordedDate")),
        )
        self.diagnoses.append(diagnosis)
        self._note_state(diagnosis)

    def _note_state(self, diagnosis: Diagnosis) -> None:
        """Pregnancy and lactation are diagnoses that end by themselves."""
        since = diagnosis.since
        if not diagnosis.is_active or since is None:
            return
        for group, (code, lasts) in _LASTS.items():
            if group in diagnosis.groups:
                self._note(code, since, diagnosis.ref, until=since + lasts)

    def _read_plan(self, entry: Entry) -> None:
        resource = entry.resource
        period = part(resource, "period")
        since = day(text(resource, "created")) or day(text(period, "start"))
        author = text(part(resource, "author"), "reference")
        if text(resource, "status") != "active" or since is None:
            return
        if "Practitioner" in (self.bundle.resolve(resource, "author") or author):
            until = day(text(period, "end"))
            self._note("plan_signed", since, entry.ref, until=until)

    def _read_flag(self, entry: Entry) -> None:
        resource = entry.resource
        since = day(text(part(resource, "period"), "start"))
        if text(resource, "status") != "active" or since is None:
            return
        until = day(text(part(resource, "period"), "end"))
        for coding in codings(part(resource, "code")):
            if is_ours(coding.system) and coding.code in SIGNS:
                self._note(coding.code, since, entry.ref, until=until)

    def _note(self, code: str, since: date, ref: str, *, until: date | None) -> None:
        at = at_midnight(since).at
        self.signs.append(Sign(code, True, at, since, ref, until=until, is_loose=True))


def _onset(resource: Resource) -> date | None:
    period = part(resource, "onsetPeriod")
    when = first_moment(text(resource, "onsetDateTime"), text(period, "start"))
    if when is not None:
        return when.day
    known = born(text(resource, "onsetDateTime"))
    return known.latest if known else None
