"""A hospital's system posts a bill as a Claim, and asks what a stay would cost."""

import json
from datetime import date
from typing import Any

import fhirkit
import pytest
from django.test import Client
from django.utils import timezone

from yilian.care.referral.tests.world import Place as House
from yilian.foundation.access.actor import Actor
from yilian.insurance.settlement.models import Bill, UsualCost
from yilian.insurance.settlement.services import settle
from yilian.insurance.settlement.tests.conftest import (
    county,
    resident,
    tertiary,
    township,
    village,
    world,
)
from yilian.insurance.settlement.tests.world import SYSTEM, World
from yilian.interfaces.fhir_api.tests.test_views import body, signed_in
from yilian.kernel.calendar import start_of_day
from yilian.kernel.ids import new_id
from yilian.registry.population.models import Person
from yilian.registry.population.rules import Ground, Scope
from yilian.registry.population.services import give_grant
from yilian.resources.reception.models import Encounter
from yilian.resources.reception.rules import EncounterKind, EncounterState

__all__ = ["county", "resident", "tertiary", "township", "village", "world"]

pytestmark = pytest.mark.django_db


@pytest.fixture
def finance(world: World, township: House, resident: Person) -> Actor:
    """The finance office of a house that knows the resident."""
    give_grant(
        SYSTEM, person_id=resident.id, institution_id=township.id,
        ground=Ground.ENCOUNTER, scope=Scope.FULL, evidence_kind="encounter",
        evidence_id=new_id(),
    )  # fmt: skip
    house = township.institution
    Encounter.objects.create(
        person=resident,
        institution=house,
        department=township.ward,
        kind=EncounterKind.INPATIENT.value,
        state=EncounterState.FINISHED.value,
        started_at=start_of_day(date(2025, 3, 3)),
        ended_at=start_of_day(date(2025, 3, 8)),
    )
    return world.finance[township.id]


def claim(resident: Person, **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "resourceType": "Claim",
        "identifier": [{"system": "urn:his", "value": "B-1"}],
        "status": "active",
        "type": {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/claim-type",
                    "code": "institutional",
                }
            ]
        },
        "use": "claim",
        "patient": {"reference": f"Patient/{resident.id}"},
        "billablePeriod": {"start": "2025-03-03", "end": "2025-03-08"},
        "created": "2025-03-08",
        "provider": {"display": "本院"},
        "priority": {"coding": [{"code": "normal"}]},
        "diagnosis": [
            {
                "sequence": 1,
                "diagnosisCodeableConcept": {"coding": [{"code": "I10.x00"}]},
            }
        ],
        "insurance": [
            {"sequence": 1, "focal": True, "coverage": {"display": "居民医保"}}
        ],
        "item": [
            item(1, "A", 2200.00),
            item(2, "B", 800),
            item(3, "C", 200.5),
        ],
    }
    told = made | more
    return {name: value for name, value in told.items() if value is not None}


def item(sequence: int, group: str, amount: float) -> dict[str, Any]:
    return {
        "sequence": sequence,
        "category": {"coding": [{"code": group}]},
        "productOrService": {"text": "费用"},
        "net": {"value": amount, "currency": "CNY"},
    }


def post(actor: Actor, resource: dict[str, Any]) -> Any:
    return signed_in(actor).post(
        f"/fhir/{resource['resourceType']}",
        json.dumps(resource),
        content_type="application/fhir+json",
    )


def is_valid(resource: dict[str, Any]) -> bool:
    issues = fhirkit.validate(json.dumps(resource))
    return not [one for one in issues if one.severity == "error"]


def test_a_bill_is_taken_once_and_answered(finance: Actor, resident: Person) -> None:
    first = post(finance, claim(resident))
    assert first.status_code == 201, first.content.decode()
    answer = body(first)
    assert (answer["resourceType"], answer["outcome"]) == ("ClaimResponse", "queued")
    assert is_valid(answer)
    bill = Bill.objects.get()
    assert [line["amount"] for line in bill.lines] == ["2200.00", "800.00", "200.50"]
    assert body(post(finance, claim(resident)))["id"] == str(bill.id)
    assert Bill.objects.count() == 1
    settle(SYSTEM, bill.id)
    assert body(post(finance, claim(resident)))["outcome"] == "complete"
    shown = signed_in(finance).get(f"/fhir/Claim?patient={resident.id}")
    assert len(body(shown)["entry"]) == 1


def test_another_content_under_the_same_number_is_refused(
    finance: Actor, resident: Person
) -> None:
    post(finance, claim(resident))
    other = post(finance, claim(resident, item=[item(1, "A", 5)]))
    assert other.status_code == 409
    assert Bill.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"item": [item(1, "A", 1), item(2, "A", -3)]}, "Claim.item[1].net.value"),
        ({"item": [item(1, "A", 1.005)]}, "Claim.item[0].net.value"),
        ({"item": [item(1, "Z", 1)]}, "Claim.item[0].category"),
        ({"item": None}, "Claim.item"),
        ({"identifier": None}, "Claim.identifier[0].value"),
        (
            {"billablePeriod": {"start": "2025-03-03", "end": "2035-03-08"}},
            "Claim.billablePeriod.end",
        ),
        ({"billablePeriod": {}}, "Claim.billablePeriod.start"),
        (
            {"patient": {"reference": "Practitioner/x"}},
            "Claim.patient.reference",
        ),
    ],
)
def test_what_is_wrong_is_said_at_its_path(
    change: dict[str, Any], path: str, finance: Actor, resident: Person
) -> None:
    response = post(finance, claim(resident, **change))
    assert response.status_code == 422
    answer = body(response)
    if answer["resourceType"] == "OperationOutcome":  # not a Claim at all
        assert "patient" in response.content.decode()
        return
    assert (answer["outcome"], is_valid(answer)) == ("error", True)
    [error] = answer["error"]
    assert error["extension"][0]["valueString"] == path
    assert error["code"]["text"]
    assert not Bill.objects.exists()


@pytest.mark.parametrize("who", ["physician", "clerk", "nobody"])
def test_who_may_not_post_a_bill(
    who: str, world: World, township: House, resident: Person, finance: Actor
) -> None:
    if who == "nobody":
        response = Client().post("/fhir/Claim", "{}", content_type="application/json")
        assert response.status_code == 401
        return
    actor = township.doctor if who == "physician" else world.clerk
    assert post(actor, claim(resident)).status_code in {403, 404, 422}
    assert not Bill.objects.exists()


def question(resident: Person, target: House | None) -> dict[str, Any]:
    found: dict[str, Any] = {
        "resourceType": "CoverageEligibilityRequest",
        "status": "active",
        "purpose": ["benefits"],
        "patient": {"reference": f"Patient/{resident.id}"},
        "created": "2025-03-03",
        "insurer": {"display": "参保地医保"},
        "item": [
            {
                "diagnosis": [
                    {"diagnosisCodeableConcept": {"coding": [{"code": "I10.x00"}]}}
                ],
            }
        ],
    }
    if target is not None:
        found["item"][0]["facility"] = {"reference": f"Organization/{target.id}"}
    return found


def test_the_answer_says_what_it_costs_with_a_referral_and_without(
    finance: Actor, township: House, tertiary: House, resident: Person
) -> None:
    UsualCost.objects.create(
        area="64",
        diagnosis_group="I10",
        place="tertiary",
        count=50,
        median=12000,
        lower=9000,
        upper=15000,
        in_scope_share="0.9",
        refreshed_at=timezone.now(),
    )
    response = post(township.doctor, question(resident, tertiary))
    assert response.status_code == 201, response.content.decode()
    answer = body(response)
    assert answer["outcome"] == "complete", answer["disposition"]
    assert is_valid(answer)
    costs = [
        {
            part["type"]["coding"][0]["code"]: part["allowedMoney"]["value"]
            for part in one["benefit"]
        }
        for one in answer["insurance"][0]["item"]
    ]
    assert costs[0]["patient_pay"] < costs[1]["patient_pay"]


def test_where_nothing_honest_can_be_said_the_answer_says_so(
    finance: Actor, township: House, tertiary: House, resident: Person
) -> None:
    answer = body(post(township.doctor, question(resident, tertiary)))
    assert (answer["outcome"], is_valid(answer)) == ("error", True)
    assert answer["error"][0]["code"]["text"]
