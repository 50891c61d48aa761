"""Putting into the record: versions, repeats, and many at once."""

from copy import deepcopy
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from yilian.foundation.access.actor import Actor, system_actor
from yilian.foundation.access.database import acting_as
from yilian.foundation.access.services import together
from yilian.foundation.audit import services as audit
from yilian.foundation.audit.models import AuditEntry
from yilian.kernel.canonical import Number, is_unchanged, parse_object
from yilian.kernel.ids import NIL, new_id
from yilian.record.models import Resource, Version
from yilian.record.services.writing import (
    IdOfAnotherPerson,
    Incoming,
    Written,
    put,
    put_along,
    put_many,
)
from yilian.record.sink import RecordSink
from yilian.record.tests import examples
from yilian.registry.population.models import Person
from yilian.registry.population.tests import world

CLOCK = system_actor("test")


def text_of(resource_id: str) -> str:
    with acting_as(CLOCK):
        return Resource.objects.get(id=resource_id).body


def body_of(resource_id: str) -> dict[str, Any]:
    return parse_object(text_of(resource_id))


def versions_of(resource_id: str) -> list[int]:
    with acting_as(CLOCK):
        rows = Version.objects.filter(id=resource_id).order_by("version")
        return list(rows.values_list("version", flat=True))


def test_the_text_keeps_what_was_received(doctor: Actor, resident: Person) -> None:
    sent = parse_object(
        '{"zz":1,"resourceType":"Basic","id":"a","code":{"text":"\\"斜\\\\线\\"\\n"},'
        '"meta":{"profile":["p"],"versionId":"9"},"extension":[{"url":"u",'
        '"valueDecimal":1.500},{"url":"v","valueDecimal":1E-7}]}'
    )
    assert put(doctor, sent, person_id=resident.id) == 1
    text = text_of("a")
    assert is_unchanged(
        text,
        '{"zz":1,"resourceType":"Basic","code":{"text":"\\"斜\\\\线\\"\\n"},"meta":'
        '{"profile":["p"]},"extension":[{"url":"u","valueDecimal":1.500},'
        '{"url":"v","valueDecimal":1E-7}]}',
    )
    assert list(parse_object(text)) == [
        "resourceType", "id", "meta", "zz", "code", "extension",
    ]  # fmt: skip
    assert '"versionId":"1"' in text
    assert "1.500" in text


def test_saying_the_same_again_makes_no_version(
    doctor: Actor, resident: Person
) -> None:
    sent = examples.observation(resident.id)
    assert put(doctor, sent, person_id=resident.id) == 1
    again = dict(reversed(deepcopy(sent).items()))
    assert put(doctor, again, person_id=resident.id) == 1
    assert versions_of(sent["id"]) == [1]


def test_other_digits_are_another_version(doctor: Actor, resident: Person) -> None:
    sent = examples.observation(resident.id, "6.1")
    put(doctor, sent, person_id=resident.id)
    sent["valueQuantity"]["value"] = Number("6.10")
    assert put(doctor, sent, person_id=resident.id) == 2
    assert versions_of(sent["id"]) == [1, 2]
    assert '"value":6.10' in text_of(sent["id"])
    assert body_of(sent["id"])["meta"]["versionId"] == "2"


def test_an_id_stays_with_its_person(doctor: Actor, resident: Person) -> None:
    sent = examples.observation(resident.id)
    put(doctor, sent, person_id=resident.id)
    other = world.person("王小明")
    with pytest.raises(IdOfAnotherPerson), transaction.atomic():
        put(doctor, sent, person_id=other.id)
    with pytest.raises(IdOfAnotherPerson), transaction.atomic():
        put_many(doctor, [Incoming(sent, other.id)])


def test_what_is_put_along_goes_with_the_rest_of_the_act(
    doctor: Actor, resident: Person
) -> None:
    sent, more = examples.observation(resident.id), examples.observation(resident.id)
    with CaptureQueriesContext(connection) as statements, together():
        put_along(doctor, [sent, more], person_id=resident.id)
        audit.record(doctor, "test.act")
    assert len(statements) == 1
    assert versions_of(sent["id"]) == versions_of(more["id"]) == [1]
    assert AuditEntry.objects.filter(action="test.act").exists()


def test_an_id_of_another_person_is_refused_with_the_whole_act(
    doctor: Actor, resident: Person
) -> None:
    sent = examples.observation(resident.id)
    put(doctor, sent, person_id=resident.id)
    other = world.person("王小明")

    def act() -> None:
        with transaction.atomic(), together():
            audit.record(doctor, "test.act")
            put_along(doctor, [sent], person_id=other.id)

    with pytest.raises(IdOfAnotherPerson):
        act()
    assert not AuditEntry.objects.filter(action="test.act").exists()


def test_one_put_is_one_statement(doctor: Actor, resident: Person) -> None:
    with transaction.atomic(), CaptureQueriesContext(connection) as statements:
        put(doctor, examples.observation(resident.id), person_id=resident.id)
    kinds = [line["sql"].split()[0] for line in statements]
    assert kinds.count("SELECT") == 1
    assert set(kinds) <= {"SELECT", "SAVEPOINT", "RELEASE"}


def test_nothing_stays_of_what_is_rolled_back(doctor: Actor, resident: Person) -> None:
    sent = examples.observation(resident.id)
    with transaction.atomic():
        put(doctor, sent, person_id=resident.id)
        transaction.set_rollback(True)
    assert versions_of(sent["id"]) == []


def test_text_that_cannot_be_kept_is_refused(doctor: Actor, resident: Person) -> None:
    sent = examples.condition(resident.id, name="\0")
    with pytest.raises(Exception, match="NUL"):
        put(doctor, sent, person_id=resident.id)


def test_words_that_look_like_an_escape_are_only_words(
    doctor: Actor, resident: Person
) -> None:
    sent = examples.observation(resident.id) | {"note": [{"text": "\\u0000 \\\\u0000"}]}
    put(doctor, sent, person_id=resident.id)
    assert body_of(sent["id"])["note"] == sent["note"]


def test_what_is_no_number_is_refused(doctor: Actor, resident: Person) -> None:
    sent = examples.observation(resident.id)
    sent["valueQuantity"]["value"] = Decimal("NaN")
    with pytest.raises(TypeError):
        put(doctor, sent, person_id=resident.id)


def test_many_at_once_stand_as_if_put_one_by_one(
    doctor: Actor, resident: Person
) -> None:
    readings = [examples.observation(resident.id, str(n)) for n in range(20)]
    readings[3]["code"]["text"] = 'Tab\t换行\n斜\\线 "引号"'
    rows = [Incoming(reading, resident.id) for reading in readings]
    assert put_many(doctor, rows) == Written(new=20, changed=0, unchanged=0)
    for reading in readings:
        assert put(doctor, reading, person_id=resident.id) == 1
    assert body_of(readings[3]["id"])["code"] == readings[3]["code"]


def test_many_twice_changes_only_what_changed(doctor: Actor, resident: Person) -> None:
    readings = [examples.observation(resident.id, str(n)) for n in range(5)]
    rows = [Incoming(reading, resident.id) for reading in readings]
    put_many(doctor, rows)
    readings[0]["status"] = "amended"
    assert put_many(doctor, rows) == Written(new=0, changed=1, unchanged=4)
    assert versions_of(readings[0]["id"]) == [1, 2]


def test_of_two_texts_for_one_id_the_later_stands(
    doctor: Actor, resident: Person
) -> None:
    first = examples.observation(resident.id)
    second = deepcopy(first) | {"status": "corrected"}
    rows = [Incoming(text, resident.id) for text in (first, second)]
    assert put_many(doctor, rows) == Written(new=1, changed=1, unchanged=0)
    assert body_of(first["id"])["status"] == "corrected"


def test_many_at_once_leave_one_audit_row(doctor: Actor, resident: Person) -> None:
    put_many(
        doctor, [Incoming(examples.observation(resident.id), resident.id)], source="x"
    )
    entry = AuditEntry.objects.get(action="record.put_many")
    assert entry.person_ids == [resident.id]
    assert entry.detail == {"new": 1, "changed": 0, "unchanged": 0, "source": "x"}


@pytest.mark.parametrize("table", ["resource", "version", "locator"])
@pytest.mark.parametrize("verb", ["UPDATE {} SET id = id", "DELETE FROM {}"])
def test_the_serving_role_cannot_change_the_record(
    db: None, table: str, verb: str
) -> None:
    with (
        pytest.raises(DatabaseError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(verb.format(f"record_{table}"))


def test_the_registry_writes_through_its_port(doctor: Actor) -> None:
    sink = RecordSink()
    one, other = examples.organization(), examples.organization("卫生室")
    assert sink.put(doctor, one) == 1
    sink.put_many(doctor, [(one, NIL), (other, NIL)])
    with acting_as(CLOCK):
        assert Resource.objects.filter(person_id=NIL).count() == 2
        assert Resource.objects.get(id=other["id"]).institution_id == UUID(
            str(doctor.institution_id)
        )


def test_a_resource_of_nobody_is_a_resource_like_any_other(doctor: Actor) -> None:
    sent = examples.organization() | {"id": str(new_id())}
    put(doctor, sent, person_id=NIL)
    assert body_of(sent["id"])["name"] == sent["name"]
