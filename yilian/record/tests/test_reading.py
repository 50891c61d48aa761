"""Reading by id and by search: sight first, then what was asked."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from yilian.foundation.access.actor import Actor, Reach, system_actor
from yilian.foundation.audit.models import AuditEntry
from yilian.kernel.errors import NotFound, NotPermitted
from yilian.kernel.ids import NIL, new_id
from yilian.record.models import Resource, Version
from yilian.record.queries import reading
from yilian.record.rules.asking import SearchWrong, read_query
from yilian.record.services.reading import (
    open_history,
    open_part,
    open_resource,
    search,
)
from yilian.record.services.writing import Incoming, put, put_many
from yilian.record.tests import examples
from yilian.registry.directory.models import Institution
from yilian.registry.population.models import Person
from yilian.registry.population.rules import Ground, Scope
from yilian.registry.population.services import give_grant
from yilian.registry.population.tests import world

CLOCK = system_actor("test")


def grant(house: Institution, person: Person, scope: Scope = Scope.FULL) -> UUID:
    return give_grant(
        CLOCK,
        person_id=person.id,
        institution_id=house.id,
        ground=Ground.ENCOUNTER,
        scope=scope,
        evidence_kind="encounter",
        evidence_id=new_id(),
    )


@pytest.fixture
def known(township: Institution, resident: Person) -> dict[str, dict[str, Any]]:
    """A resident with one resource of each depth, and nobody's organization."""
    grant(township, resident)
    made = {
        "identity": {"resourceType": "Patient", "id": str(resident.id)},
        "summary": examples.condition(resident.id),
        "all": examples.observation(resident.id),
        "nobody": examples.organization(),
    }
    for depth, resource in made.items():
        person_id = NIL if depth == "nobody" else resident.id
        put(CLOCK, resource, person_id=person_id, institution_id=township.id)
    return made


def sees(actor: Actor, resource: dict[str, Any]) -> bool:
    try:
        reading.read(actor, resource["resourceType"], resource["id"])
    except NotFound:
        return False
    return True


def finds(actor: Actor, resource: dict[str, Any]) -> bool:
    asked = read_query(resource["resourceType"], [("_id", resource["id"])])
    if resource["resourceType"] == "Patient":
        asked = read_query("Patient", [("patient", resource["id"])])
    return len(reading.search(actor, asked)) == 1


SCOPES = {
    Scope.NONE: {"nobody"},
    Scope.IDENTITY: {"nobody", "identity"},
    Scope.SUMMARY: {"nobody", "identity", "summary"},
    Scope.FULL: {"nobody", "identity", "summary", "all"},
}


@pytest.mark.parametrize("way", [sees, finds])
@pytest.mark.parametrize("scope", list(Scope))
def test_a_grant_opens_as_much_as_its_scope(
    known: dict[str, dict[str, Any]],
    stranger: Actor,
    county: Institution,
    resident: Person,
    scope: Scope,
    way: Callable[[Actor, dict[str, Any]], bool],
) -> None:
    if scope:
        grant(county, resident, scope)
    opened = {depth for depth, resource in known.items() if way(stranger, resource)}
    assert opened == SCOPES[scope]


@pytest.mark.parametrize("scope", list(Scope))
def test_what_is_planned_once_finds_what_a_search_finds(
    known: dict[str, dict[str, Any]],
    stranger: Actor,
    county: Institution,
    resident: Person,
    scope: Scope,
) -> None:
    """The parts of a page ask in a way of their own (migration 0006)."""
    for month in ("2020-01", "2020-03", "2020-02"):
        made = examples.condition(resident.id) | {"onsetDateTime": month}
        put(CLOCK, made, person_id=resident.id)
    if scope:
        grant(county, resident, scope)
    types, ever = (
        ["Condition", "Observation", "Patient"],
        datetime(1900, 1, 1, tzinfo=UTC),
    )
    planned = reading.resources_of(stranger, resident.id, types, limit=4)
    searched = reading.resources_of(stranger, resident.id, types, limit=4, since=ever)
    assert planned == searched
    assert len(planned) == {Scope.NONE: 0, Scope.IDENTITY: 1}.get(scope, 4)
    told = reading.texts_of(stranger, resident.id, types, limit=4)
    assert [one.text for one in told] == [one.text for one in planned]


@pytest.mark.parametrize("way", [sees, finds])
@pytest.mark.parametrize("reach", [Reach.CONSORTIUM, Reach.AREA, Reach.AUDIT])
def test_those_who_see_no_persons_read_no_records(
    known: dict[str, dict[str, Any]],
    doctor: Actor,
    reach: Reach,
    way: Callable[[Actor, dict[str, Any]], bool],
) -> None:
    actor = Actor(doctor.account_id, reach, institution_id=doctor.institution_id)
    assert {d for d, r in known.items() if way(actor, r)} == {"nobody"}


@pytest.mark.parametrize("way", [sees, finds])
def test_a_resident_reads_their_own_record_and_no_other(
    known: dict[str, dict[str, Any]],
    resident: Person,
    way: Callable[[Actor, dict[str, Any]], bool],
) -> None:
    own = world.resident_actor(resident.id)
    other = world.resident_actor(world.person("王小明").id)
    assert {d for d, r in known.items() if way(own, r)} == set(known)
    assert {d for d, r in known.items() if way(other, r)} == {"nobody"}


def test_without_saying_who_acts_only_what_is_nobodys_is_there(
    known: dict[str, dict[str, Any]],
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('yilian.reach', '', true)")
    assert set(Resource.objects.values_list("person_id", flat=True)) == {NIL}
    assert set(Version.objects.values_list("person_id", flat=True)) == {NIL}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM record_search('{Observation}', NULL, '{}', 10)"
        )
        assert cursor.fetchone() == (0,)


def test_a_read_is_written_down_with_its_ground(
    known: dict[str, dict[str, Any]], doctor: Actor, resident: Person
) -> None:
    opened = open_resource(doctor, "Observation", known["all"]["id"])
    assert '"value":6.10' in opened.text
    entry = AuditEntry.objects.get(action="record.read")
    assert entry.person_id == resident.id
    assert entry.ground == Ground.ENCOUNTER
    assert entry.grant_id == opened.seen.grant_id
    assert entry.object_id == UUID(known["all"]["id"])


def test_what_is_nobodys_is_read_without_a_trace(
    known: dict[str, dict[str, Any]], stranger: Actor
) -> None:
    open_resource(stranger, "Organization", known["nobody"]["id"])
    assert not AuditEntry.objects.filter(action="record.read").exists()


def test_the_history_has_every_version(
    known: dict[str, dict[str, Any]], doctor: Actor, stranger: Actor, resident: Person
) -> None:
    changed = known["all"] | {"status": "amended"}
    put(doctor, changed, person_id=resident.id)
    lines, _seen = open_history(doctor, "Observation", changed["id"])
    assert [line.version for line in lines] == [2, 1]
    assert lines[0].account_id == doctor.account_id
    with pytest.raises(NotFound):
        open_history(stranger, "Observation", changed["id"])


def test_a_part_of_the_page_needs_a_ground(
    known: dict[str, dict[str, Any]], doctor: Actor, stranger: Actor, resident: Person
) -> None:
    assert open_part(doctor, resident.id, "problems").ground == Ground.ENCOUNTER
    with pytest.raises(NotPermitted):
        open_part(stranger, resident.id, "problems")
    assert AuditEntry.objects.get(action="record.view").object_kind == "problems"


# --- search ---------------------------------------------------------------


def ids_of(actor: Actor, type_name: str, *pairs: tuple[str, str]) -> list[str]:
    return [held.id for held in reading.search(actor, read_query(type_name, pairs))]


@pytest.fixture
def readings(township: Institution, resident: Person) -> list[dict[str, Any]]:
    grant(township, resident)
    made = [
        examples.observation(resident.id, at="2026-03-01T08:00:00+08:00"),
        examples.observation(resident.id, at="2026-03-02"),
        examples.observation(resident.id, at="2026-04"),
        examples.blood_pressure(resident.id),
    ]
    for number, reading_ in enumerate(made):
        reading_["id"] = f"r{number}"
    made[2]["encounter"] = {"reference": "Encounter/e1"}
    made[1]["effectivePeriod"] = {"start": "2026-03-02"}
    del made[1]["effectiveDateTime"]
    made[3]["effectiveDateTime"] = "2025-12-31T23:30:00Z"
    put_many(CLOCK, [Incoming(one, resident.id) for one in made])
    return made


@pytest.mark.parametrize(
    ("pairs", "found"),
    [
        ([], "0123"),
        ([("code", "15074-8")], "012"),
        ([("code", "http://loinc.org|15074-8")], "012"),
        ([("code", "http://other|15074-8")], ""),
        ([("code", "|15074-8")], ""),
        ([("code", "15074-8,85354-9")], "0123"),
        ([("code", "15074-8"), ("code", "85354-9")], ""),
        ([("combo-code", "8480-6")], "3"),
        ([("code", "8480-6")], ""),
        ([("status", "final")], "0123"),
        ([("status", "preliminary")], ""),
        ([("encounter", "e1")], "2"),
        ([("encounter", "Encounter/e1")], "2"),
        ([("_id", "r1,r2,nothing")], "12"),
        ([("_id", "%_'\"")], ""),
        ([("date", "2026-03-01")], "0"),
        ([("date", "2026-03")], "0"),
        ([("date", "ge2026-03-02")], "12"),
        ([("date", "gt2026-03")], "12"),
        ([("date", "lt2026-03-01")], "3"),
        ([("date", "ge2026-01-01"), ("date", "lt2026-03-02")], "03"),
        ([("date", "sa2026-03-01")], "12"),
        ([("date", "eb2026-03-01")], "3"),
        ([("date", "ne2026-03-01")], "123"),
        ([("_lastUpdated", "ge2020-01-01")], "0123"),
        ([("_lastUpdated", "lt2020-01-01")], ""),
    ],
)
def test_search_finds_by(
    readings: list[dict[str, Any]],
    doctor: Actor,
    resident: Person,
    pairs: list[tuple[str, str]],
    found: str,
) -> None:
    asked = ("patient", f"Patient/{resident.id}"), *pairs
    assert "".join(ids_of(doctor, "Observation", *asked)) == "".join(
        f"r{digit}" for digit in found
    )


def test_names_are_found_by_their_beginning(doctor: Actor) -> None:
    house = examples.organization("宁夏 Yinchuan 医院")
    put(doctor, house, person_id=NIL)
    for typed in ("宁夏", "yinc", "YINCHUAN", "宁夏 yin", "医院"):
        assert ids_of(doctor, "Organization", ("name", typed)) == [house["id"]], typed
    for typed in ("夏 yin", "inch", "%%", "__"):
        assert ids_of(doctor, "Organization", ("name", typed)) == [], typed


def test_pages_follow_each_other_without_gap_or_repeat(
    readings: list[dict[str, Any]], doctor: Actor, resident: Person
) -> None:
    seen: list[str] = []
    cursor = None
    for _page in range(4):
        pairs = [("patient", str(resident.id)), ("_count", "1")]
        pairs += [("_cursor", cursor)] if cursor else []
        found = search(doctor, read_query("Observation", pairs))
        seen += [held.id for held in found.items]
        cursor = found.next
    assert seen == ["r0", "r1", "r2", "r3"]
    assert cursor is None


@pytest.mark.parametrize(
    "pairs",
    [
        [],
        [("code", "15074-8")],
        [("patient", "a"), ("nonsense", "1")],
        [("patient", "a"), ("code:in", "x")],
        [("patient", "a"), ("_count", "ten")],
        [("patient", "a"), ("_count", "1" + "0" * 20)],
        [("patient", "a"), ("_count", "-1")],
        [("patient", "a"), ("_offset", "1" + "0" * 20)],
        [("patient", "a"), ("_cursor", "MTAw")],
        [("patient", "a"), ("date", "2026-02-30")],
        [("patient", "a"), ("date", "yesterday")],
        [("patient", "a"), ("code", "")],
        [("patient", "a"), ("code", "x|")],
        [("patient", "a"), ("code", "a\0b")],
        [("patient", "a"), ("code", "x" * 500)],
        [("patient", "a"), ("performer", "123")],
    ],
)
def test_what_cannot_be_asked_is_refused(pairs: list[tuple[str, str]]) -> None:
    with pytest.raises(SearchWrong):
        read_query("Observation", pairs)


def test_a_patient_that_cannot_exist_has_nothing(doctor: Actor) -> None:
    assert ids_of(doctor, "Observation", ("patient", "'; DROP TABLE")) == []


def test_a_search_is_written_down_once_with_the_persons_it_showed(
    readings: list[dict[str, Any]], doctor: Actor, resident: Person
) -> None:
    search(doctor, read_query("Observation", [("patient", str(resident.id))]))
    entry = AuditEntry.objects.get(action="record.search")
    assert (entry.person_id, entry.person_ids) == (resident.id, [resident.id])
    assert entry.ground == Ground.ENCOUNTER
    assert entry.detail == {"count": 4}


def test_what_is_new_comes_first_for_a_page(
    readings: list[dict[str, Any]], doctor: Actor, stranger: Actor, resident: Person
) -> None:
    rows = reading.resources_of(doctor, resident.id, ["Observation", "Condition"])
    assert [held.id for held in rows] == ["r2", "r1", "r0", "r3"]
    some = reading.resources_of(
        doctor, resident.id, ["Observation"], tokens=["code=85354-9"], limit=1
    )
    assert [held.id for held in some] == ["r3"]
    assert reading.resources_of(stranger, resident.id, ["Observation"]) == []
