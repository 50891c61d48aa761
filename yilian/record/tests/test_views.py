"""The parts of a person's page: with data, empty, and without a ground."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from yilian.foundation.access.actor import Actor, system_actor
from yilian.foundation.audit.models import AuditEntry
from yilian.foundation.identity.models import Account
from yilian.kernel.ids import new_id
from yilian.record.queries import facts_for_advice, summary
from yilian.record.services.writing import put
from yilian.record.tests import examples
from yilian.registry.directory.models import Institution
from yilian.registry.population.models import Person
from yilian.registry.population.rules import Ground, Scope
from yilian.registry.population.services import give_grant
from yilian.registry.population.tests import world

CLOCK = system_actor("test")
PARTS = ("timeline", "problems", "medications", "results", "documents", "advice")
Open = Callable[[Actor, str], str]


def signed_in(actor: Actor) -> Client:
    client = Client()
    client.force_login(
        Account.objects.get(pk=str(actor.account_id)),
        backend="django.contrib.auth.backends.ModelBackend",
    )
    return client


@pytest.fixture
def open_part(resident: Person) -> Open:
    def opened(actor: Actor, part: str) -> str:
        response = signed_in(actor).get(
            f"/record/{resident.id}/{part}", headers={"HX-Request": "true"}
        )
        assert response.status_code == 200
        return response.content.decode()

    return opened


def grant(house: Institution, person: Person, scope: Scope = Scope.FULL) -> None:
    give_grant(
        CLOCK,
        person_id=person.id,
        institution_id=house.id,
        ground=Ground.ENCOUNTER,
        scope=scope,
        evidence_kind="encounter",
        evidence_id=new_id(),
    )


@pytest.fixture
def _known(township: Institution, county: Institution, resident: Person) -> None:
    grant(township, resident)
    subject = {"subject": {"reference": f"Patient/{resident.id}"}}
    patient: dict[str, Any] = {
        "resourceType": "Patient",
        "id": str(resident.id),
        "birthDate": "1960-03-08",
        "gender": "female",
    }
    high = examples.observation(resident.id, "9.80", at="2026-11-01T08:00:00+08:00")
    high["referenceRange"] = [{"low": {"value": 4}, "high": {"value": 6}}]
    made = [
        patient,
        examples.condition(resident.id),
        examples.condition(resident.id, "E11", "Diabetes <b>type 2</b>"),
        examples.observation(resident.id, "7.10", at="2026-10-01T08:00:00+08:00"),
        high,
        examples.blood_pressure(resident.id),
        {
            "resourceType": "MedicationRequest",
            "id": "m1",
            "status": "active",
            "intent": "order",
            "medicationCodeableConcept": {"text": "氨氯地平片"},
            "authoredOn": "2026-01-05",
            "dosageInstruction": [{"text": "5mg 每日1次"}],
            **subject,
        },
        {
            "resourceType": "AllergyIntolerance",
            "id": "a1",
            "criticality": "high",
            "code": {"text": "青霉素"},
            "patient": subject["subject"],
        },
        {
            "resourceType": "Encounter",
            "id": "e1",
            "status": "finished",
            "class": {"code": "IMP"},
            "period": {"start": "2026-09-01", "end": "2026-09-09"},
            "reasonCode": [{"text": "高血压"}],
            "serviceProvider": {"reference": f"Organization/{county.id}"},
            **subject,
        },
        {
            "resourceType": "DocumentReference",
            "id": "d1",
            "status": "current",
            "description": "出院小结",
            "date": "2026-09-09T10:00:00+08:00",
            "content": [
                {
                    "attachment": {
                        "contentType": "text/plain; charset=utf-8",
                        "data": "5Ye66Zmi5ZCO5aSN5p+l",
                    }
                }
            ],
            **subject,
        },
    ]
    for resource in made:
        put(CLOCK, resource, person_id=resident.id, institution_id=township.id)


@pytest.mark.usefixtures("_known")
@pytest.mark.parametrize(
    ("part", "words"),
    [
        ("timeline", ["永宁县人民医院", "住院", "/record/Encounter/e1", "t-secondary"]),
        ("problems", ["高血压", "青霉素", "Diabetes &lt;b&gt;type 2"]),
        ("medications", ["氨氯地平片", "5mg 每日1次", "望远镇卫生院"]),
        ("results", ["9.80", "4–6", "偏高", "mmol/L", "<path", "152"]),
        ("documents", ["出院小结", "/record/DocumentReference/d1"]),
        ("advice", ["只供参考", "来源", "HTN"]),
    ],
)
def test_a_part_shows_what_is_known(
    open_part: Open, doctor: Actor, part: str, words: list[str]
) -> None:
    shown = open_part(doctor, part)
    for word in words:
        assert word in shown, word
    entry = AuditEntry.objects.get(action="record.view")
    assert (entry.object_kind, entry.ground) == (part, Ground.ENCOUNTER)


@pytest.mark.parametrize("part", PARTS)
def test_an_empty_part_says_so(
    open_part: Open, doctor: Actor, township: Institution, resident: Person, part: str
) -> None:
    grant(township, resident)
    said = "目前没有符合的建议" if part == "advice" else 'class="empty"'
    assert said in open_part(doctor, part)


@pytest.mark.usefixtures("_known")
@pytest.mark.parametrize("part", PARTS)
def test_without_a_ground_a_part_says_what_it_needs(
    open_part: Open, stranger: Actor, part: str
) -> None:
    shown = open_part(stranger, part)
    assert "此部分需要依据" in shown
    for secret in ("高血压", "氨氯地平", "9.80", "出院小结", "永宁"):
        assert secret not in shown
    entry = AuditEntry.objects.get(action="record.view")
    assert (entry.outcome, entry.account_id) == ("refused", stranger.account_id)


@pytest.mark.usefixtures("_known")
@pytest.mark.parametrize("part", ["results", "documents"])
def test_a_summary_does_not_open_everything(
    open_part: Open, stranger: Actor, county: Institution, resident: Person, part: str
) -> None:
    grant(county, resident, Scope.SUMMARY)
    assert "此部分需要依据" in open_part(stranger, part)
    assert "高血压" in open_part(stranger, "problems")


@pytest.mark.usefixtures("_known")
@pytest.mark.parametrize("part", PARTS)
def test_a_part_opened_by_itself_is_a_page(
    doctor: Actor, resident: Person, part: str
) -> None:
    shown = signed_in(doctor).get(f"/record/{resident.id}/{part}").content.decode()
    assert "<!doctype html>" in shown


@pytest.mark.usefixtures("_known")
@pytest.mark.parametrize("months", ["6", "240", "0", "-1", "1" + "0" * 20, "x"])
def test_the_time_line_takes_any_period(
    doctor: Actor, resident: Person, months: str
) -> None:
    address = f"/record/{resident.id}/timeline?months={months}"
    assert signed_in(doctor).get(address).status_code == 200


@pytest.mark.usefixtures("_known")
def test_a_resource_is_shown_with_where_it_came_from(
    doctor: Actor, stranger: Actor, resident: Person
) -> None:
    changed = {
        "resourceType": "DocumentReference",
        "id": "d1",
        "status": "superseded",
        "content": [{"attachment": {"title": "<script>"}}],
    }
    put(doctor, changed, person_id=resident.id)
    shown = signed_in(doctor).get("/record/DocumentReference/d1").content.decode()
    for word in ("第 2 版", "第 1 版", "周医生", "系统导入", "&lt;script&gt;"):
        assert word in shown, word
    assert "<script>" not in shown.split("<main")[1]
    assert signed_in(stranger).get("/record/DocumentReference/d1").status_code == 404


@pytest.mark.usefixtures("_known")
def test_text_inside_a_document_is_readable(doctor: Actor) -> None:
    shown = signed_in(doctor).get("/record/DocumentReference/d1").content.decode()
    assert "出院后复查" in shown


@pytest.mark.usefixtures("_known")
def test_a_summary_holds_what_the_next_clinician_needs(
    doctor: Actor, stranger: Actor, resident: Person
) -> None:
    found = summary(doctor, resident.id)
    assert {problem.code for problem in found.problems} == {"I10", "E11"}
    assert [drug.name for drug in found.drugs] == ["氨氯地平片"]
    assert [allergy.name for allergy in found.allergies] == ["青霉素"]
    assert {result.words for result in found.results} == {"9.80", "152", "94"}
    assert [visit.kind for visit in found.encounters] == ["住院"]
    nothing = summary(stranger, resident.id)
    assert [nothing.problems, nothing.drugs, nothing.encounters] == [[], [], []]


@pytest.mark.usefixtures("_known")
def test_rule_packs_are_given_what_the_record_holds(
    doctor: Actor, resident: Person
) -> None:
    facts = facts_for_advice(doctor, resident.id)
    assert len(facts.diagnoses) == 2
    assert {m.code for m in facts.measurements} >= {"8480-6", "8462-4"}
    assert facts.sex == "female"


def test_the_parts_of_a_full_record_ask_little_of_the_database(
    open_part: Open,
    doctor: Actor,
    township: Institution,
    resident: Person,
    django_assert_max_num_queries: Any,
) -> None:
    grant(township, resident)
    for number in range(60):
        made = examples.observation(resident.id, at=f"2026-0{number % 9 + 1}-01")
        put(CLOCK, made, person_id=resident.id, institution_id=township.id)
    with django_assert_max_num_queries(36):  # signing in is half of them
        assert "60 次" in open_part(doctor, "results")


def test_a_resident_sees_their_own_record(
    resident: Person, township: Institution
) -> None:
    actor = world.resident_actor(resident.id)
    put(CLOCK, examples.condition(resident.id), person_id=resident.id)
    assert summary(actor, resident.id).problems[0].name == "高血压"
