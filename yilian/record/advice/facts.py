"""What is known about one person, in the words that rules use.

One Encounter, or without it one day, is one follow-up, 随访. A reading without
an Encounter joins the follow-up of its day. A laboratory result by itself, and
an inpatient or emergency stay without the value asked for, is not a follow-up.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from itertools import groupby


@dataclass(frozen=True, slots=True)
class Measurement:
    code: str
    value: Decimal
    at: datetime
    day: date
    ref: str
    encounter: str | None = None
    comparator: str = ""  # "<", ">" …: the device could not say more


@dataclass(frozen=True, slots=True)
class Sign:
    """A symptom, event or judgement: said to be there, or denied."""

    code: str
    present: bool
    at: datetime
    day: date
    ref: str
    encounter: str | None = None
    until: date | None = None
    is_loose: bool = False  # reported between follow-ups, makes none itself


@dataclass(frozen=True, slots=True)
class Diagnosis:
    groups: frozenset[str]
    ref: str
    is_active: bool = True
    is_confirmed: bool = True
    onset: date | None = None
    recorded: date | None = None

    @property
    def since(self) -> date | None:
        return self.onset or self.recorded


@dataclass(frozen=True, slots=True)
class Drug:
    classes: frozenset[str]
    name: str
    ref: str
    is_active: bool
    start: date | None = None
    end: date | None = None
    dosage: str = ""


@dataclass(frozen=True, slots=True)
class Encounter:
    ref: str
    at: datetime
    day: date
    is_follow_up: bool


@dataclass(frozen=True, slots=True)
class Touch:
    """An observation was made, whatever it was: somebody saw the person."""

    at: datetime
    day: date
    encounter: str | None
    is_laboratory: bool


@dataclass(frozen=True, slots=True)
class Visit:
    key: str
    at: datetime
    day: date
    is_follow_up: bool


@dataclass(frozen=True, slots=True)
class Born:
    """A birth date that may be known only to the month or the year."""

    earliest: date
    latest: date

    def ages_on(self, day: date) -> tuple[int, int]:
        return _age(self.latest, day), _age(self.earliest, day)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in the record that could not be used, and why."""

    ref: str
    reason: str


@dataclass(frozen=True)
class PatientFacts:
    ref: str = ""
    born: Born | None = None
    sex: str = ""
    measurements: tuple[Measurement, ...] = ()  # oldest first
    signs: tuple[Sign, ...] = ()  # oldest first
    diagnoses: tuple[Diagnosis, ...] = ()
    drugs: tuple[Drug, ...] = ()
    encounters: tuple[Encounter, ...] = ()
    touches: tuple[Touch, ...] = ()
    problems: tuple[Problem, ...] = ()

    def as_of(self, day: date) -> "PatientFacts":
        """What was known on that day, without what came later."""
        return replace(
            self,
            measurements=tuple(m for m in self.measurements if m.day <= day),
            signs=tuple(sign for sign in self.signs if sign.day <= day),
            diagnoses=tuple(
                d for d in self.diagnoses if (d.recorded or d.since or day) <= day
            ),
            drugs=tuple(d for d in self.drugs if d.start is None or d.start <= day),
            encounters=tuple(e for e in self.encounters if e.day <= day),
            touches=tuple(touch for touch in self.touches if touch.day <= day),
        )

    @property
    def newest_observation_day(self) -> date | None:
        return max((touch.day for touch in self.touches), default=None)

    @cached_property
    def visits(self) -> tuple[Visit, ...]:
        """Follow-ups and other contacts, oldest first."""
        keyed = [(self.visit_key(t.encounter, t.day), t) for t in self.touches]
        touched = groupby(sorted(keyed, key=_by_key), key=_by_key)
        found = {key: self._visit(key, [t for _k, t in rows]) for key, rows in touched}
        for stay in self.encounters:
            bare = Visit(stay.ref, stay.at, stay.day, stay.is_follow_up)
            found.setdefault(stay.ref, bare)
        return tuple(sorted(found.values(), key=lambda visit: (visit.at, visit.key)))

    def _visit(self, key: str, touches: list[Touch]) -> Visit:
        last = max(touches, key=lambda touch: touch.at)
        stay = self._encounter_by_ref.get(key)
        if stay is not None:
            return Visit(key, last.at, last.day, stay.is_follow_up)
        is_follow_up = any(t.encounter or not t.is_laboratory for t in touches)
        return Visit(key, last.at, last.day, is_follow_up)

    @cached_property
    def _encounter_by_ref(self) -> Mapping[str, Encounter]:
        return {encounter.ref: encounter for encounter in self.encounters}

    def visit_key(self, encounter: str | None, day: date) -> str:
        return encounter or self._encounter_of_day.get(day) or f"day:{day}"

    @cached_property
    def _encounter_of_day(self) -> Mapping[date, str]:
        seen = [(e.at, e.day, e.ref) for e in self.encounters if e.is_follow_up]
        seen += [(t.at, t.day, t.encounter) for t in self.touches if t.encounter]
        return {day: ref for _at, day, ref in sorted(seen)}

    @cached_property
    def _by_visit(self) -> Mapping[str, tuple[Measurement, ...]]:
        table: dict[str, list[Measurement]] = {}
        for m in self.measurements:
            table.setdefault(self.visit_key(m.encounter, m.day), []).append(m)
        return {key: tuple(rows) for key, rows in table.items()}

    @cached_property
    def signed_visits(self) -> frozenset[str]:
        bound = (sign for sign in self.signs if not sign.is_loose)
        return frozenset(self.visit_key(sign.encounter, sign.day) for sign in bound)

    def of_visit(self, visit: Visit, codes: Iterable[str]) -> tuple[Measurement, ...]:
        wanted = frozenset(codes)
        return tuple(m for m in self._by_visit.get(visit.key, ()) if m.code in wanted)

    def visits_with(self, codes: Iterable[str]) -> tuple[Visit, ...]:
        wanted = tuple(codes)
        return tuple(v for v in self.visits if self.of_visit(v, wanted))

    def last_visit(self, counts_too: Callable[[Visit], object]) -> Visit | None:
        """The last follow-up, or a later contact that counts for the question."""
        counting = (v for v in reversed(self.visits) if v.is_follow_up or counts_too(v))
        return next(counting, None)

    def last_visit_for(self, codes: Iterable[str]) -> Visit | None:
        wanted = tuple(codes)
        return self.last_visit(lambda visit: self.of_visit(visit, wanted))

    def within(
        self, codes: Iterable[str], *, on: date, days: int | None
    ) -> tuple[Measurement, ...]:
        wanted = frozenset(codes)
        return tuple(
            m
            for m in self.measurements
            if m.code in wanted and is_within(m.day, on, days)
        )

    @cached_property
    def day_of(self) -> Mapping[str, date]:
        return {m.ref: m.day for m in self.measurements} | {
            sign.ref: sign.day for sign in self.signs
        }


def is_within(day: date, on: date, days: int | None) -> bool:
    return days is None or (on - day).days <= days


def _age(born: date, day: date) -> int:
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def _by_key(row: tuple[str, Touch]) -> str:
    return row[0]
