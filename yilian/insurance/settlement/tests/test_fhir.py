"""Bills and settlements in the record: valid R4, in step, and seen by few."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import fhirkit
import pytest
from django.db import connection

from yilian.care.referral.tests.world import Place as House
from yilian.foundation.access.actor import Actor, Reach, Role
from yilian.foundation.audit.models import AuditEntry
from yilian.insurance.settlement.models import Bill
from yilian.insurance.settlement.rules.case import Aid, Insurance
from yilian.insurance.settlement.services import (
    CoverFacts,
    cover,
    settle,
    take_back,
    void,
)
from yilian.insurance.settlement.tests.world import (
    SYSTEM,
    World,
    posted,
    settled,
)
from yilian.kernel.errors import Invalid, NotFound
from yilian.kernel.ids import new_id
from yilian.record.queries.reading import read, resources_of
from yilian.record.rules.asking import read_query
from yilian.record.rules.text import written
from yilian.record.services import reading
from yilian.registry.population.models import Person
from yilian.registry.population.rules import Ground, Scope
from yilian.registry.population.services import give_grant
from yilian.registry.population.tests import world as people

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _insured_here(resident: Person) -> None:
    resident.insured_area = "640121"
    resident.save(update_fields=["insured_area"])


MONEY = ("Claim", "ClaimResponse", "ExplanationOfBenefit")


def body(type_name: str, resource_id: object) -> dict[str, Any]:
    return read(SYSTEM, type_name, str(resource_id)).body


def amounts(resource: dict[str, Any]) -> dict[str, Decimal]:
    return {
        one["category"]["coding"][0]["code"]: one["amount"]["value"]
        for one in resource["total"]
    }


def test_a_bill_waits_as_a_claim_and_is_answered_when_it_is_settled(
    township: House, resident: Person
) -> None:
    bill = posted(township, resident)
    assert body("Claim", bill.id)["total"]["value"] == bill.total
    assert body("ClaimResponse", bill.id)["outcome"] == "queued"
    row = settle(SYSTEM, bill.id)
    answer = body("ClaimResponse", bill.id)
    assert answer["outcome"] == "complete"
    explained = body("ExplanationOfBenefit", row.id)
    assert explained["claim"]["reference"] == f"Claim/{bill.id}"
    said = amounts(explained)
    assert (said["total"], said["patient_pay"]) == (row.total, row.patient_pay)
    assert said == amounts(answer)


def test_what_is_taken_back_is_cancelled_and_its_history_stays(
    township: House, resident: Person
) -> None:
    row = settled(township, resident)
    void(SYSTEM, row.id, reason="录入有误")
    assert body("ExplanationOfBenefit", row.id)["status"] == "cancelled"
    assert body("Claim", row.bill_id)["status"] == "cancelled"
    assert body("ClaimResponse", row.bill_id)["status"] == "cancelled"
    waiting = posted(township, resident)
    take_back(SYSTEM, waiting.id, reason="重复上传")
    assert body("Claim", waiting.id)["status"] == "cancelled"


def test_all_of_it_is_valid_r4(
    world: World, township: House, tertiary: House, resident: Person
) -> None:
    other = people.person("李明")
    facts = CoverFacts(
        insurance=Insurance.RESIDENT, area_code="640121", starts_on=date(2020, 1, 1),
        grade="二档", aid=Aid.DIBAO,
    )  # fmt: skip
    cover(SYSTEM, other.id, facts=facts)
    cover(SYSTEM, other.id, facts=replace(facts, starts_on=date(2024, 1, 1)))
    lines = [
        {"catalog_class": "B", "amount": "800.00", "self_pay_first_rate": "0.10",
         "over_limit": "20.00", "item": "X01", "name": "阿司匹林"},
        {"catalog_class": "C", "amount": "12.30"},
    ]  # fmt: skip
    settled(township, resident, bill=lines)
    settled(None, resident, day=30)
    void(SYSTEM, settled(tertiary, resident, day=60).id, reason="录入有误")
    found = resources_of(SYSTEM, resident.id, [*MONEY, "Coverage"])
    found += resources_of(SYSTEM, other.id, ["Coverage"])
    assert {held.type for held in found} == {*MONEY, "Coverage"}
    wrong = [
        (held.type, issue.path)
        for held in found
        for issue in fhirkit.validate(written(held.body))
        if issue.severity == "error"
    ]
    assert not wrong


def _physician(world: World, resident: Person, house: House) -> Actor:
    """Who treats the resident and sees all of the record."""
    give_grant(
        SYSTEM, person_id=resident.id, institution_id=house.id,
        ground=Ground.ENCOUNTER, scope=Scope.FULL, evidence_kind="encounter",
        evidence_id=new_id(),
    )  # fmt: skip
    return people.staff(house.institution, Role.PHYSICIAN)


ACTORS: dict[str, Callable[[World, House], Actor]] = {
    "insurer": lambda world, house: world.clerk,
    "insurer elsewhere": lambda world, house: world.elsewhere,
    "its finance office": lambda world, house: world.finance[house.id],
    "another's finance office": lambda world, house: world.finance[
        world.care.county.id
    ],
    "physician": lambda world, house: _physician(world, world.resident, house),
    "officer": lambda world, house: replace(
        world.clerk, roles=frozenset({Role.OFFICER})
    ),
    "resident": lambda world, house: Actor(
        None, Reach.SELF, frozenset({Role.RESIDENT}),
        person_ids=frozenset({world.resident.id}),
    ),
    "another resident": lambda world, house: Actor(
        None, Reach.SELF, frozenset({Role.RESIDENT}), person_ids=frozenset({new_id()})
    ),
}  # fmt: skip
SEES = {"insurer", "its finance office", "resident"}


@pytest.mark.parametrize("who", ACTORS)
def test_who_reads_money_in_the_record(
    who: str, world: World, township: House, resident: Person
) -> None:
    """By id, by history, by search with and without the person: one answer."""
    row = settled(township, resident)
    actor = ACTORS[who](world, township)
    for type_name, key in (
        ("ExplanationOfBenefit", row.id),
        ("Claim", row.bill_id),
        ("ClaimResponse", row.bill_id),
    ):
        if who in SEES:
            assert reading.open_resource(actor, type_name, str(key)).held.id == str(key)
            assert reading.open_history(actor, type_name, str(key))
        else:
            with pytest.raises(NotFound):
                reading.open_resource(actor, type_name, str(key))
            with pytest.raises(NotFound):
                reading.open_history(actor, type_name, str(key))
        pairs = ([("patient", str(resident.id))], [("_id", str(key))])
        for asked in pairs:
            found = reading.search(actor, read_query(type_name, asked)).items
            assert bool(found) is (who in SEES)
    mixed = resources_of(actor, resident.id, ["Patient", "ExplanationOfBenefit"])
    seen = {held.type for held in mixed}
    assert ("ExplanationOfBenefit" in seen) is (who in SEES)


def test_reading_money_is_written_down_with_moneys_own_ground(
    world: World, township: House, resident: Person
) -> None:
    row = settled(township, resident)
    for actor, ground in (
        (world.clerk, "insurer"),
        (world.finance[township.id], "institution"),
    ):
        reading.open_resource(actor, "ExplanationOfBenefit", str(row.id))
        noted = AuditEntry.objects.filter(action="record.read").order_by("-id").first()
        assert noted is not None
        assert (noted.person_id, noted.ground) == (resident.id, ground)


def test_the_care_of_a_person_is_seen_as_before(
    world: World, township: House, resident: Person
) -> None:
    physician = _physician(world, resident, township)
    settled(township, resident)
    types = {held.type for held in resources_of(physician, resident.id, ["Patient"])}
    assert types <= {"Patient"}
    assert resources_of(world.clerk, resident.id, ["Observation", "Condition"]) == []


def test_the_list_of_money_types_is_the_databases() -> None:
    from yilian.record.rules.money import MONEY as OURS

    names = [*OURS, "Observation", "Patient", "Encounter"]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name FROM unnest(%s::text[]) AS name WHERE record_is_money(name)",
            [names],
        )
        assert {name for (name,) in cursor.fetchall()} == OURS


def test_a_bill_that_is_not_kept_leaves_no_claim(
    township: House, resident: Person
) -> None:
    before = Bill.objects.count()
    with pytest.raises(Invalid):
        posted(township, resident, number="")
    assert Bill.objects.count() == before
    assert resources_of(SYSTEM, resident.id, ["Claim"]) == []
