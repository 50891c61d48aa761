"""GET /fhir/…, as somebody who is signed in and as somebody who is not."""

import json
from typing import Any

import fhirkit
import pytest
from django.test import Client

from yilian.foundation.access.actor import Actor, system_actor
from yilian.foundation.audit.models import AuditEntry
from yilian.foundation.identity.models import Account
from yilian.kernel.ids import NIL, new_id
from yilian.record.services.writing import put
from yilian.record.tests import examples
from yilian.registry.directory.models import Institution
from yilian.registry.population.models import Person
from yilian.registry.population.rules import Ground, Scope
from yilian.registry.population.services import give_grant

CLOCK = system_actor("test")


def signed_in(actor: Actor) -> Client:
    client = Client()
    client.force_login(
        Account.objects.get(pk=str(actor.account_id)),
        backend="django.contrib.auth.backends.ModelBackend",
    )
    return client


def body(response: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(response.content)
    assert response["Content-Type"].startswith("application/fhir+json")
    return found


@pytest.fixture
def reading(township: Institution, resident: Person) -> dict[str, Any]:
    give_grant(
        CLOCK,
        person_id=resident.id,
        institution_id=township.id,
        ground=Ground.ENCOUNTER,
        scope=Scope.FULL,
        evidence_kind="encounter",
        evidence_id=new_id(),
    )
    made = examples.observation(resident.id, "6.10")
    put(CLOCK, made, person_id=resident.id)
    return made


@pytest.mark.django_db
def test_anybody_may_ask_what_the_server_can_do() -> None:
    stated = body(Client().get("/fhir/metadata"))
    assert not [i for i in fhirkit.validate(stated) if i.severity == "error"]
    types = {one["type"] for one in stated["rest"][0]["resource"]}
    assert {"Patient", "Observation", "Task"} <= types


def test_nobody_else_gets_past_the_door_and_is_told_so_in_fhir(
    reading: dict[str, Any],
) -> None:
    one = f"Observation/{reading['id']}"
    for address in ("Observation", one, f"{one}/_history", f"{one}/_history/1"):
        response = Client().get(f"/fhir/{address}")
        assert response.status_code == 401
        assert response["WWW-Authenticate"]
        assert response["Content-Type"].startswith("application/fhir+json")
        said = body(response)
        assert said["resourceType"] == "OperationOutcome"
        assert said["issue"][0]["code"] == "login"
        assert reading["id"].encode() not in response.content


@pytest.mark.parametrize("due", ["second factor", "password"])
def test_what_must_be_done_first_is_said_in_fhir_and_not_by_a_page(
    due: str, reading: dict[str, Any], doctor: Actor, township: Institution
) -> None:
    if due == "password":
        Account.objects.filter(pk=str(doctor.account_id)).update(
            must_change_password=True
        )
    else:
        Institution.objects.filter(pk=township.pk).update(requires_second_factor=True)
    response = signed_in(doctor).get(f"/fhir/Observation/{reading['id']}")
    assert response.status_code == 403
    [issue] = body(response)["issue"]
    assert issue["code"] == "forbidden"
    assert "网页" in issue["details"]["text"]
    row = AuditEntry.objects.get(action="fhir.read")
    assert (row.outcome, row.account_id) == ("refused", doctor.account_id)


def test_a_read_gives_back_the_text_as_it_stands(
    reading: dict[str, Any], doctor: Actor
) -> None:
    response = signed_in(doctor).get(f"/fhir/Observation/{reading['id']}")
    assert response.status_code == 200
    assert response["ETag"] == 'W/"1"'
    assert b'"value":6.10' in response.content
    assert AuditEntry.objects.get(action="record.read").ground == Ground.ENCOUNTER


def test_out_of_sight_and_absent_are_answered_alike(
    reading: dict[str, Any], stranger: Actor
) -> None:
    client = signed_in(stranger)
    hidden = client.get(f"/fhir/Observation/{reading['id']}")
    absent = client.get(f"/fhir/Observation/{new_id()}")
    assert hidden.status_code == absent.status_code == 404
    assert hidden.content == absent.content
    assert body(hidden)["resourceType"] == "OperationOutcome"


def test_every_version_can_be_read(
    reading: dict[str, Any], doctor: Actor, resident: Person
) -> None:
    put(doctor, reading | {"status": "amended"}, person_id=resident.id)
    client = signed_in(doctor)
    address = f"/fhir/Observation/{reading['id']}/_history"
    entries = body(client.get(address))["entry"]
    assert [e["resource"]["status"] for e in entries] == ["amended", "final"]
    assert body(client.get(f"{address}/1"))["status"] == "final"
    assert client.get(f"{address}/3").status_code == 404


def test_a_search_pages_by_cursor(
    reading: dict[str, Any], doctor: Actor, resident: Person
) -> None:
    put(CLOCK, examples.blood_pressure(resident.id), person_id=resident.id)
    client = signed_in(doctor)
    first = body(client.get(f"/fhir/Observation?patient={resident.id}&_count=1"))
    links = {link["relation"]: link["url"] for link in first["link"]}
    second = body(client.get(links["next"]))
    ids = {page["entry"][0]["resource"]["id"] for page in (first, second)}
    assert len(ids) == 2
    assert {link["relation"] for link in second["link"]} == {"self"}


def test_a_search_without_a_finding_is_an_empty_bundle(
    reading: dict[str, Any], stranger: Actor, resident: Person
) -> None:
    found = body(signed_in(stranger).get(f"/fhir/Observation?patient={resident.id}"))
    assert found["type"] == "searchset"
    assert "entry" not in found


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("Observation", 400),
        ("Observation?patient=x&_count=1" + "0" * 20, 400),
        ("Observation?patient=x&_offset=1" + "0" * 20, 400),
        ("Observation?patient=x&unknown=1", 400),
        ("Observation?patient=x&code=%00", 400),
        ("Observation?patient=%25_'--", 200),
        ("Nonsense?patient=x", 404),
        ("Nonsense/1", 404),
        ("Observation/" + "a" * 65, 404),
        ("Observation/1/_history/0", 404),
    ],
)
def test_odd_questions_get_a_clear_answer(
    doctor: Actor, address: str, status: int
) -> None:
    response = signed_in(doctor).get(f"/fhir/{address}")
    assert response.status_code == status
    if status != 200:
        assert body(response)["resourceType"] == "OperationOutcome"


def test_nothing_can_be_written_here_yet(doctor: Actor) -> None:
    made = examples.organization()
    response = signed_in(doctor).post(
        "/fhir/Organization", json.dumps(made), content_type="application/fhir+json"
    )
    assert response.status_code == 405


def test_institutions_can_be_listed(doctor: Actor) -> None:
    house = examples.organization("固原市人民医院")
    put(CLOCK, house, person_id=NIL)
    found = body(signed_in(doctor).get("/fhir/Organization?name=固原"))
    assert [e["resource"]["id"] for e in found["entry"]] == [house["id"]]
