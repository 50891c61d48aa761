"""`yilian load fhir DIR --institution CODE`: files of bundles come into the record.

Twice through the files: first what they hold is noted (ids, identifiers), then they
are taken one after another, each in a transaction of its own. A bad entry is reported
with its file, place and reason, and the rest goes on; only a `transaction` bundle is
refused as a whole. Running it again changes nothing.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final
from uuid import UUID

from django.db import DatabaseError, transaction

from yilian.foundation.access.actor import Actor, system_actor
from yilian.interfaces.fhir_api.checks import problems_of
from yilian.interfaces.fhir_api.patients import Patients
from yilian.interfaces.fhir_api.persons import MAY_BE_NOBODYS, person_of
from yilian.interfaces.fhir_api.references import (
    Directory,
    ReferenceWrong,
    condition_of,
    kept_id,
    references_in,
    rewritten,
)
from yilian.interfaces.fhir_api.sources import (
    Entry,
    NotFhir,
    Source,
    files_in,
    read_source,
)
from yilian.interfaces.web.words import in_both_languages
from yilian.kernel.errors import DomainError, NotFound
from yilian.kernel.text import Text, _
from yilian.record.queries import reading
from yilian.record.services.writing import Incoming, Written, put_many
from yilian.registry.directory.models import Institution
from yilian.registry.population.rules import Ground, Scope
from yilian.registry.population.services.grants import give_grant

Progress = Callable[..., None]

_SHOWN: Final = 20
_PATIENT: Final = "Patient"
_EVIDENCE: Final = "load"


@dataclass(frozen=True, slots=True)
class Refused:
    """`entry` counts from 1; 0 is the whole file."""

    file: str
    entry: int
    reason: Text

    def __str__(self) -> str:
        place = f" #{self.entry}" if self.entry else ""
        return f"{self.file}{place}: {in_both_languages(self.reason)}"


@dataclass(slots=True)
class LoadReport:
    files: int = 0
    entries: int = 0
    persons: int = 0
    written: Written = Written(0, 0, 0)  # noqa: RUF009  (a tuple)
    refused: list[Refused] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)  # JSON, but not FHIR

    @property
    def failed(self) -> int:
        return len(self.refused)

    def __str__(self) -> str:
        new, changed, unchanged = self.written
        lines = [
            f"文件 files {self.files}，资源 resources {self.entries}："
            f"新增 new {new}，更新 changed {changed}，未变 unchanged {unchanged}，"
            f"未载入 not loaded {self.failed}；"
            f"新登记居民 residents registered {self.persons}",
            *(f"  {refused}" for refused in self.refused[:_SHOWN]),
        ]
        if self.failed > _SHOWN:
            lines.append(f"  … 另有 and {self.failed - _SHOWN} 处 more")
        if self.skipped:
            lines.append(f"不是 FHIR，已跳过 not FHIR, skipped: {len(self.skipped)}")
        return "\n".join(lines)


def load_folder(
    folder: Path, institution_code: str, progress: Progress | None = None
) -> LoadReport:
    return _Load(folder, institution_code, progress or _silent).run()


def _silent(*_parts: object) -> None:
    return None


@dataclass(frozen=True, slots=True)
class _Ready:
    """An entry that passed, with the names it goes by."""

    entry: Entry
    id: str

    @property
    def reference(self) -> str:
        return f"{self.entry.type}/{self.id}"


class _Load:
    def __init__(self, folder: Path, code: str, progress: Progress) -> None:
        house = Institution.objects.filter(code=code).first()
        if house is None:
            raise NotFound(_("没有编号为 {code} 的机构。"), code=code)
        self.folder, self.code, self.progress = folder, code, progress
        self.institution_id: UUID = house.id
        self.actor: Actor = system_actor("load")
        self.directory = Directory(self.actor)
        self.patients = Patients(self.actor, self.institution_id, code)
        self.report = LoadReport()
        self.urns: dict[str, str] = {}
        self.conditions: set[tuple[str, str]] = set()

    def run(self) -> LoadReport:
        order = sorted(self._noted(), key=lambda noted: noted[0])
        self.directory.prepare(self.conditions)
        for number, (_rank, path) in enumerate(order):
            self.progress(100 * number / len(order), self._name(path))
            self._take(read_source(path, self._name(path)))
        self.report.persons = self.patients.registered
        return self.report

    def _name(self, path: Path) -> str:
        return str(path.relative_to(self.folder))

    # --- the first time through -------------------------------------------

    def _noted(self) -> Iterator[tuple[int, Path]]:
        """Institutions and staff come before patients, patients before the rest."""
        for path in files_in(self.folder):
            source = self._readable(path)
            if source is None:
                continue
            self.report.files += 1
            for entry in source.entries:
                self._note(entry)
            types = {entry.type for entry in source.entries}
            if types <= MAY_BE_NOBODYS:
                yield 0, path
            else:
                yield (1 if _PATIENT in types else 2), path

    def _readable(self, path: Path) -> Source | None:
        name = self._name(path)
        try:
            return read_source(path, name)
        except NotFhir as error:
            self.report.skipped.append(f"{name}: {error}")
        except (DomainError, OSError) as error:
            self._refuse(name, 0, getattr(error, "text", Text(_("打不开文件。"))))
        return None

    def _note(self, entry: Entry) -> None:
        if entry.problem is not None:
            return
        resource_id = kept_id(entry, self.code)
        if entry.type in MAY_BE_NOBODYS:
            self.directory.note(entry, resource_id)
        if entry.full_url.startswith("urn:"):
            self.urns[entry.full_url] = f"{entry.type}/{resource_id}"
        wanted = [*references_in(entry.resource), _condition_url(entry)]
        for reference in {one for one in wanted if "?" in one}:
            try:
                found = condition_of(reference)
            except ReferenceWrong:
                continue  # reported when its entry is taken
            if found is not None:
                self.conditions.add(found)

    # --- the second time: one file ----------------------------------------

    def _take(self, source: Source) -> None:
        self.report.entries += len(source.entries)
        refused_before = self.report.failed
        registered_before = self.patients.registered
        try:
            with transaction.atomic():
                written = self._write(source)
                if source.is_whole and self.report.failed > refused_before:
                    raise _WholeRefused
        except (DomainError, DatabaseError) as error:
            self.patients.forget()
            self.directory.forget()
            self.patients.registered = registered_before
            self._refuse(source.name, 0, _reason(error))
            return
        # A person just registered has a Patient already; ours is its fuller text.
        fuller = min(self.patients.registered - registered_before, written.changed)
        self.report.written += written + Written(fuller, -fuller, 0)

    def _write(self, source: Source) -> Written:
        passed = list(self._checked(source))
        local = self._local_names(passed)
        persons = self._settle(source, passed, local)
        rows: list[Incoming] = []
        behind: dict[str, UUID] = {}
        for ready in _persons_first(passed):
            row = self._row(source, ready, local, persons, behind)
            if row is not None:
                rows.append(row)
                behind[ready.reference] = row.person_id
        kept = list(self._owned(source, rows))
        written = put_many(self.actor, kept, source=_EVIDENCE)
        self._open_to_us(kept)
        return written

    def _checked(self, source: Source) -> Iterator[_Ready]:
        for entry in source.entries:
            problems = [entry.problem] if entry.problem else problems_of(entry.resource)
            for problem in problems[:1]:
                self._refuse(source.name, entry.number, problem)
            if not problems:
                yield _Ready(entry, kept_id(entry, self.code))

    def _local_names(self, passed: Sequence[_Ready]) -> dict[str, str]:
        names: dict[str, str] = {}
        for ready in passed:
            entry = ready.entry
            if entry.full_url:
                names[entry.full_url] = ready.reference
            if entry.given_id:
                names[f"{entry.type}/{entry.given_id}"] = ready.reference
        return names

    def _settle(
        self, source: Source, passed: list[_Ready], local: dict[str, str]
    ) -> dict[str, UUID]:
        """Persons of the patients in this file; theirs is the id from now on."""
        persons: dict[str, UUID] = {}
        for at, ready in enumerate(passed):
            if ready.entry.type != _PATIENT:
                continue
            foreign_id = ready.entry.given_id or ready.id
            try:
                person_id = self.patients.settle(ready.entry.resource, foreign_id)
            except DomainError as error:
                self._refuse(source.name, ready.entry.number, error.text)
                continue
            persons[foreign_id] = self.patients.known[foreign_id] = person_id
            passed[at] = replace(ready, id=str(person_id))
            for name in (ready.entry.full_url, f"{_PATIENT}/{foreign_id}"):
                local[name] = f"{_PATIENT}/{person_id}"
        return persons

    def _row(
        self,
        source: Source,
        ready: _Ready,
        local: Mapping[str, str],
        persons: Mapping[str, UUID],
        behind: Mapping[str, UUID],
    ) -> Incoming | None:
        entry = ready.entry
        try:
            if self._stands_already(entry):
                return None
            if entry.type == _PATIENT:
                return self._patient_row(ready, local, persons)
            body = rewritten(entry.resource, lambda ref: self._resolved(ref, local))
            body["id"] = ready.id
            person_id = person_of(body, behind.get)
        except DomainError as error:
            self._refuse(source.name, entry.number, error.text)
            return None
        return Incoming(body, person_id, self.institution_id)

    def _patient_row(
        self, ready: _Ready, local: Mapping[str, str], persons: Mapping[str, UUID]
    ) -> Incoming | None:
        foreign_id = ready.entry.given_id or ready.id
        person_id = persons.get(foreign_id)
        if person_id is None:
            return None  # refused when it was to be registered
        body = self.patients.body(ready.entry.resource, person_id, foreign_id)
        own = rewritten(body, lambda ref: self._resolved(ref, local))
        return Incoming(own, person_id, self.institution_id)

    def _stands_already(self, entry: Entry) -> bool:
        """Conditional create: what is there stays as it is."""
        condition = condition_of(_condition_url(entry))
        if condition is None:
            return False
        found = self.directory.of_record(*condition)
        if len(found) > 1:
            raise ReferenceWrong(_("按条件新增时找到不止一个。"))
        if not found:
            self.directory.in_record[condition] = {kept_id(entry, self.code)}
            return False
        self.report.written += Written(0, 0, 1)
        return True

    def _resolved(self, reference: str, local: Mapping[str, str]) -> str:
        if reference.startswith("#"):
            return reference
        found = local.get(reference) or self.urns.get(reference)
        if found is None and reference.startswith("urn:"):
            raise ReferenceWrong(_("引用的 {ref} 不在文件中。"), ref=reference[:9])
        condition = None if found else condition_of(reference)
        if condition is not None:
            return f"{condition[0]}/{self.directory.find(*condition)}"
        return self._person_instead(found or reference, local)

    def _person_instead(self, reference: str, local: Mapping[str, str]) -> str:
        """`Patient/x` of another file, by the id it came with."""
        plain = reference.partition("/_history/")[0]
        parts = plain.rsplit("/", 2)
        if plain in local.values() or parts[-2:-1] != [_PATIENT]:
            return reference
        tail = "/".join(parts[-2:])
        if tail in local:
            return local[tail]
        person_id = self.patients.find(parts[-1])
        if person_id is None:
            raise ReferenceWrong(_("引用的患者不在文件中，也没有载入过。"))
        return f"{_PATIENT}/{person_id}"

    def _owned(self, source: Source, rows: Sequence[Incoming]) -> Iterator[Incoming]:
        """Nobody overwrites what another institution or another person holds."""
        names = [(row.resource["resourceType"], row.resource["id"]) for row in rows]
        taken = reading.owners(self.actor, names)
        for name, row in zip(names, rows, strict=True):
            person_id, institution_id = taken.get(name, (row.person_id, None))
            is_other = institution_id not in (None, self.institution_id)
            if person_id != row.person_id or (is_other and name[0] != _PATIENT):
                words = _("编号 {name} 已被另一位患者或另一家机构使用。")
                self._refuse(source.name, 0, Text(words, {"name": "/".join(name)}))
            else:
                yield row

    def _open_to_us(self, rows: Sequence[Incoming]) -> None:
        """Who cared for a person may go on seeing them: an encounter is the ground."""
        treated = {
            row.person_id for row in rows if row.resource["resourceType"] == "Encounter"
        }
        for person_id in sorted(treated):
            give_grant(
                self.actor,
                person_id=person_id,
                institution_id=self.institution_id,
                ground=Ground.ENCOUNTER,
                scope=Scope.FULL,
                evidence_kind=_EVIDENCE,
                evidence_id=person_id,
            )

    def _refuse(self, file: str, entry: int, reason: Text) -> None:
        self.report.refused.append(Refused(file, entry, reason))


class _WholeRefused(DomainError):
    code = "load-transaction-refused"

    def __init__(self) -> None:
        super().__init__(_("transaction 中有不能载入的条目，整包没有载入。"))


def _condition_url(entry: Entry) -> str:
    """Of `ifNoneExist`; "" without it."""
    asked = entry.if_none_exist
    return f"{entry.type}?{asked.partition('?')[2] or asked}" if asked else ""


def _persons_first(passed: Sequence[_Ready]) -> list[_Ready]:
    """What vouches for others comes after them."""
    late = {"Provenance", "AuditEvent", "PaymentNotice", "ImmunizationEvaluation"}
    return sorted(passed, key=lambda ready: ready.entry.type in late)


def _reason(error: Exception) -> Text:
    if isinstance(error, DomainError):
        return error.text
    return Text(_("数据库没有接受这个文件的内容。"))
