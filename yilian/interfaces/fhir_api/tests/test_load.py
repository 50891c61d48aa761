"""`yilian load fhir`: what comes in, what is refused, and that twice is once."""

import json
import re
import tarfile
from pathlib import Path
from typing import Any

import pytest

from yilian.foundation.access.actor import Actor, Role, system_actor
from yilian.foundation.access.database import acting_as
from yilian.interfaces.fhir_api.load import LoadReport, load_folder
from yilian.kernel.errors import NotFound
from yilian.kernel.ids import NIL
from yilian.record.models import Resource
from yilian.record.queries.reading import resources_of
from yilian.record.services.reading import open_resource
from yilian.registry.directory.models import Institution
from yilian.registry.population.models import Grant, Person, PersonIdentifier
from yilian.registry.population.queries import sight_of
from yilian.registry.population.rules import Scope
from yilian.registry.population.tests import world

CLOCK = system_actor("test")
SHARED = Path(__file__).parents[4].parent / "shared" / "data"
NPI = "http://hl7.org/fhir/sid/us-npi"
BABY, VISIT, READING = (f"{n}a6b7c8d-1111-4222-8333-44445555666{n}" for n in (1, 2, 3))

Bundle = dict[str, Any]


def bundle(kind: str, *entries: dict[str, Any]) -> Bundle:
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def post(resource: dict[str, Any], **request: str) -> dict[str, Any]:
    return {
        "fullUrl": f"urn:uuid:{resource['id']}",
        "resource": resource,
        "request": {"method": "POST", "url": resource["resourceType"], **request},
    }


def patient(**changes: Any) -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "id": BABY,
        "identifier": [{"system": "urn:hospital:mrn", "value": "MRN-0007"}],
        "name": [{"family": "Testperson7", "given": ["Ada12"]}],
        "telecom": [{"system": "phone", "value": "555-0100"}],
        "gender": "female",
        "birthDate": "1980-02-29",
        **changes,
    }


def encounter() -> dict[str, Any]:
    return {
        "resourceType": "Encounter",
        "id": VISIT,
        "status": "finished",
        "class": {"code": "AMB"},
        "subject": {"reference": f"urn:uuid:{BABY}"},
        "period": {"start": "2024-05-01T08:00:00Z", "end": "2024-05-01T08:20:00Z"},
        "participant": [
            {"individual": {"reference": f"Practitioner?identifier={NPI}|99"}}
        ],
    }


def reading(**changes: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": READING,
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "8302-2"}]},
        "subject": {"reference": f"urn:uuid:{BABY}"},
        "encounter": {"reference": f"urn:uuid:{VISIT}"},
        "effectiveDateTime": "2024-05-01T08:05:00Z",
        "valueQuantity": {"value": 166.50, "unit": "cm"},
        **changes,
    }


def practitioner() -> dict[str, Any]:
    return {
        "resourceType": "Practitioner",
        "id": "4a6b7c8d-1111-4222-8333-444455556664",
        "identifier": [{"system": NPI, "value": "99"}],
        "name": [{"family": "Doc"}],
    }


def whole() -> Bundle:
    return bundle("transaction", post(patient()), post(encounter()), post(reading()))


def staff() -> Bundle:
    asked = {"ifNoneExist": f"identifier={NPI}|99"}
    return bundle("batch", post(practitioner(), **asked))


def keep(folder: Path, **files: Any) -> Path:
    for name, content in files.items():
        text = content if isinstance(content, str) else json.dumps(content)
        path = folder / f"{name.replace('__', '/')}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def load(house: Institution, folder: Path, **files: Any) -> LoadReport:
    return load_folder(keep(folder, **files), house.code)


def reasons(report: LoadReport) -> str:
    return "\n".join(map(str, report.refused))


def versions() -> dict[str, int]:
    with acting_as(CLOCK):
        return dict(Resource.objects.values_list("id", "version"))


def test_a_patient_with_a_visit_comes_in(township: Institution, tmp_path: Path) -> None:
    # The patient's file sorts first: references reach over all files of the run.
    report = load(township, tmp_path, a=whole(), z__staff=staff())
    assert report.failed == 0, reasons(report)
    assert (report.files, report.entries, report.persons) == (2, 4, 1)
    person = Person.objects.get(name="Ada12 Testperson7")
    assert (str(person.born_on), person.sex) == ("1980-02-29", "2")
    held = resources_of(CLOCK, person.id, ["Encounter", "Observation"])
    by_type = {one.type: one.body for one in held}
    owner = {"reference": f"Patient/{person.id}"}
    assert by_type["Encounter"]["subject"] == by_type["Observation"]["subject"] == owner
    assert by_type["Observation"]["encounter"]["reference"] == f"Encounter/{VISIT}"
    assert by_type["Encounter"]["participant"][0]["individual"] == {
        "reference": f"Practitioner/{practitioner()['id']}"
    }


def test_twice_changes_nothing(township: Institution, tmp_path: Path) -> None:
    load(township, tmp_path, a=whole(), staff=staff())
    before = versions()
    again = load_folder(tmp_path, township.code)
    assert again.failed == 0, reasons(again)
    assert again.written == (0, 0, 4)
    assert versions() == before
    assert Person.objects.count() == Grant.objects.count() == 1


def test_numbers_and_phones_are_not_plain_in_the_record(
    township: Institution, tmp_path: Path
) -> None:
    load(township, tmp_path, a=whole(), staff=staff())
    person = Person.objects.get()
    with acting_as(CLOCK):
        text = Resource.objects.get(type="Patient").body
        found = Resource.objects.get(type="Patient").tokens
    for plain in ("MRN-0007", BABY, "555-0100"):
        assert plain not in text
        assert plain not in str(found)
    shown = open_resource(CLOCK, "Patient", str(person.id)).text
    assert "MRN-0007" in shown
    assert "555-0100" in shown
    assert PersonIdentifier.objects.count() == 2


def test_the_house_that_treated_may_see_and_no_other(
    township: Institution, county: Institution, tmp_path: Path
) -> None:
    load(township, tmp_path, a=whole(), staff=staff())
    person = Person.objects.get()
    doctor = world.staff(township, Role.PHYSICIAN)
    stranger = world.staff(county, Role.PHYSICIAN)
    assert sight_of(doctor, person.id).scope is Scope.FULL
    assert sight_of(stranger, person.id).scope is Scope.NONE


def test_a_later_file_finds_the_patient_by_the_same_id(
    township: Institution, tmp_path: Path
) -> None:
    load(township, tmp_path, a=whole(), staff=staff())
    later = reading(id="later", subject={"reference": f"Patient/{BABY}"})
    del later["encounter"]
    report = load(township, tmp_path / "b", single=later)
    assert report.failed == 0, reasons(report)
    assert len(resources_of(CLOCK, Person.objects.get().id, ["Observation"])) == 2


BAD = {
    "an impossible day": (reading(effectiveDateTime="2024-02-30"), "日历"),
    "an unknown status": (reading(status="done"), "status"),
    "a bad id": (reading(id="a b"), "编号"),
    "script in the narrative": (
        reading(text={"status": "generated", "div": "<div><script>1</script></div>"}),
        "脚本",
    ),
    "the wrong target": (reading(encounter={"reference": "Patient/1"}), "不能引用"),
    "a missing element": (reading(code=None), "FHIR"),
    "an unknown type": ({"resourceType": "Nonsense", "id": "1"}, "类型"),
    "nothing inside it": ({}, "类型"),
    "a contained one without id": (
        reading(contained=[{"resourceType": "Patient"}]), "包含"
    ),
    "nobody's reading": (reading(subject=None), "哪位患者"),
    "an unknown patient": (reading(subject={"reference": "Patient/zz"}), "患者不在"),
    "an unknown urn": (reading(subject={"reference": "urn:uuid:0"}), "不在文件中"),
    "an unknown number": (
        reading(performer=[{"reference": "Practitioner?identifier=x|y"}]), "不在文件"
    ),
    "a NUL": (reading(valueQuantity=None, valueString="a\0b"), "NUL"),
}  # fmt: skip


def spoilt(kind: str, bad: dict[str, Any]) -> Bundle:
    wrong = {name: value for name, value in bad.items() if value is not None}
    good = [post(patient()), post(encounter()), post(reading())]
    entry = {"resource": wrong, "request": {"method": "POST", "url": "x"}}
    return bundle(kind, *good, entry)


@pytest.mark.parametrize("name", BAD)
def test_a_bad_entry_is_told_and_the_rest_goes_on(
    township: Institution, tmp_path: Path, name: str
) -> None:
    bad, words = BAD[name]
    report = load(township, tmp_path, a=spoilt("batch", bad), staff=staff())
    (refused,) = report.refused
    assert (refused.file, refused.entry) == ("a.json", 4)
    assert words in str(refused.reason)
    assert report.written.new == 4


@pytest.mark.parametrize("name", BAD)
def test_a_transaction_is_taken_whole_or_not_at_all(
    township: Institution, tmp_path: Path, name: str
) -> None:
    bad, _words = BAD[name]
    report = load(township, tmp_path, a=spoilt("transaction", bad), staff=staff())
    assert {refused.entry for refused in report.refused} == {0, 4}
    assert report.written.new == 1  # the practitioner of the other file
    assert not Person.objects.exists()
    assert report.persons == 0


def test_files_that_are_not_fhir_are_passed_over(
    township: Institution, tmp_path: Path
) -> None:
    report = load(
        township, tmp_path, staff=staff(), other={"a": 1}, broken="{", empty=""
    )
    assert len(report.skipped) == 1
    assert {refused.file for refused in report.refused} == {"broken.json", "empty.json"}
    assert report.written.new == 1


def test_the_same_number_with_another_birth_date_is_not_the_same_person(
    township: Institution, tmp_path: Path
) -> None:
    load(township, tmp_path, a=whole(), staff=staff())
    other = patient(id="other", birthDate="1999-01-01")
    report = load(township, tmp_path / "b", a=bundle("batch", {"resource": other}))
    assert "出生日期" in reasons(report)
    assert Person.objects.count() == 1


def test_nobody_overwrites_what_another_house_holds(
    township: Institution, county: Institution, tmp_path: Path
) -> None:
    house = {"resourceType": "Organization", "id": "one", "name": "甲"}
    load(township, tmp_path, a=house)
    report = load(county, tmp_path / "b", a=house | {"name": "乙"})
    assert "另一家机构" in reasons(report)
    with acting_as(CLOCK):
        assert '"甲"' in Resource.objects.get(id="one", person_id=NIL).body


def test_an_unknown_institution_is_said(db: None, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        load_folder(tmp_path, "nowhere")


def test_an_empty_folder_is_no_trouble(township: Institution, tmp_path: Path) -> None:
    assert str(load(township, tmp_path)).startswith("文件 files 0")


def test_the_report_is_said_in_both_languages(
    township: Institution, tmp_path: Path
) -> None:
    report = load(township, tmp_path, staff=staff(), other={"a": 1}, broken="{")
    head, reason, skipped = str(report).splitlines()
    assert re.search("新增 new 1.*未载入 not loaded 1", head)
    assert re.match(r"  broken\.json: .*[\u4e00-\u9fff].* [a-z]+ [a-z]+", reason)
    assert skipped.endswith("skipped: 1")


# --- third-party files ------------------------------------------------------

needs_shared = pytest.mark.skipif(
    not (SHARED / "synthea").is_dir(),
    reason="third-party data (../shared/data) is not on this machine",
)


@pytest.fixture
def doctor(township: Institution) -> Actor:
    return world.staff(township, Role.PHYSICIAN)


@needs_shared
def test_synthea_bundles_come_in_whole_and_twice_is_once(
    township: Institution, doctor: Actor, tmp_path: Path
) -> None:
    for archive in (SHARED / "synthea").glob("*.tar.gz"):
        with tarfile.open(archive) as packed:
            packed.extractall(tmp_path, filter="data")
    report = load_folder(tmp_path, township.code)
    assert report.failed == 0, reasons(report)
    assert (report.entries, report.persons) == (13_607, 17)
    before = versions()
    assert load_folder(tmp_path, township.code).written == (0, 0, 13_607)
    assert versions() == before
    for person in Person.objects.all():
        assert resources_of(doctor, person.id, ["Encounter"], limit=1)


@needs_shared
def test_official_examples_load_or_are_reported(
    township: Institution, db: None
) -> None:
    report = load_folder(SHARED / "fhir" / "examples", township.code)
    assert report.entries > 3_000
    assert report.written.new > 2_600
    told = reasons(report)
    for unexpected in ("数据库", "Error"):
        assert unexpected not in told
