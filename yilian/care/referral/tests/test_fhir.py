"""Every hop stands in the record, as it is after each step."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils import timezone

from yilian.care.referral import fhir
from yilian.care.referral.models import Referral
from yilian.care.referral.rules.states import State
from yilian.care.referral.services import receiving, sending
from yilian.care.referral.services.receiving import Place
from yilian.care.referral.tests import world as region
from yilian.care.referral.tests.world import World
from yilian.foundation.access.database import acting_as
from yilian.record.models import Resource, Version


def _kept(kind: str, referral: Referral) -> dict[str, Any]:
    suffix = "-task" if kind == "Task" else ""
    with acting_as(region.SYSTEM):
        row = Resource.objects.get(type=kind, id=f"{referral.id}{suffix}")
    body: dict[str, Any] = json.loads(row.body)
    return body


def test_after_each_step_the_record_says_where_it_stands(world: World) -> None:
    sender, receiver = world.township.doctor, world.county
    hop = region.drafted(world.township, world.county, world.resident)
    with acting_as(region.SYSTEM):
        assert not Resource.objects.filter(type="ServiceRequest").exists()
    journey: list[Callable[[], Referral]] = [
        lambda: sending.submit(sender, hop.id, consent_by="self"),
        lambda: receiving.request_info(receiver.desk, hop.id, question="心电图？"),
        lambda: sending.answer_info(sender, hop.id, answer="见附"),
        lambda: receiving.accept(receiver.desk, hop.id),
        lambda: sending.depart(sender, hop.id),
        lambda: receiving.arrive(receiver.desk, hop.id),
        lambda: receiving.admit(receiver.doctor, hop.id),
        lambda: receiving.complete(
            receiver.doctor, hop.id, feedback=dict(region.FEEDBACK)
        ),
    ]
    for take in journey:
        now = take()
        request, task = _kept("ServiceRequest", hop), _kept("Task", hop)
        assert request["status"] == fhir.REQUEST_STATUS[State(now.state)]
        assert request == request | fhir.service_request(now)
        assert task["status"] == fhir.TASK_STATUS[State(now.state)]
        assert task["businessStatus"]["coding"][0]["code"] == now.state
    with acting_as(region.SYSTEM):
        versions = Version.objects.filter(type="Task").count()
    assert versions == len(journey)


def test_a_request_that_a_step_leaves_alone_has_no_new_version(world: World) -> None:
    hop = region.submitted(world.township, world.county, world.resident)
    receiving.accept(world.county.desk, hop.id)
    at = timezone.now() + timedelta(days=1)
    receiving.schedule(world.county.desk, hop.id, place=Place(visit_at=at))
    assert _kept("ServiceRequest", hop)["occurrenceDateTime"] == at.isoformat()
    with acting_as(region.SYSTEM):
        kinds = Version.objects.values_list("type", flat=True)
        versions = Counter(kinds.filter(id__startswith=str(hop.id)))
    assert versions == {"ServiceRequest": 2, "Task": 3}


def test_what_the_request_says_of_the_patient_and_the_way(world: World) -> None:
    hop = region.submitted(world.township, world.county, world.resident)
    kept = _kept("ServiceRequest", hop)
    assert kept["subject"] == {"reference": f"Patient/{world.resident.id}"}
    assert kept["requester"] == {"reference": f"Organization/{world.township.id}"}
    assert kept["performer"] == [{"reference": f"Organization/{world.county.id}"}]
    assert kept["identifier"][0]["value"] == hop.number
    assert kept["category"][0]["coding"][0]["code"] == "3457005"
    assert kept["requisition"]["value"] == str(hop.episode_id)


def test_an_outside_destination_is_named_and_not_invented(world: World) -> None:
    hop = region.submitted(
        world.township,
        None,
        world.resident,
        outside_name="西京医院",
        outside_reason="no_capability",
    )
    assert _kept("ServiceRequest", hop)["performer"] == [{"display": "西京医院"}]


def test_a_hop_that_goes_on_is_based_on_the_one_before(world: World) -> None:
    first = region.arrived(world.township, world.county, world.resident)
    onward = region.submitted(
        world.county, world.tertiary, world.resident, parent=first.id
    )
    kept = _kept("ServiceRequest", onward)
    assert kept["basedOn"] == [{"reference": f"ServiceRequest/{first.id}"}]
    same = _kept("ServiceRequest", first)["requisition"]
    assert kept["requisition"] == same
