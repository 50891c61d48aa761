"""Pages of settlement in a browser's eyes."""

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from yilian.care.referral.tests.browsing import as_actor, as_resident, plain
from yilian.care.referral.tests.world import Place as House
from yilian.foundation.access.actor import Role
from yilian.foundation.audit.models import AuditEntry
from yilian.foundation.identity.models import Account
from yilian.insurance.settlement.models import Bill, Settlement
from yilian.insurance.settlement.services import void
from yilian.insurance.settlement.tests.world import (
    World,
    lines,
    posted,
    settled,
    visit,
)
from yilian.kernel.ids import new_id
from yilian.registry.directory.tests.cast import make_authority, make_post
from yilian.registry.population.models import Person

pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk(world: World) -> Client:
    """Signed in, in a post of the city's insurer."""
    return _clerk("6401")


def _clerk(area: str) -> Client:
    post = make_post(make_authority(f"医保局{area}", area), Role.INSURER)
    client = Client()
    client.force_login(
        Account.objects.get(pk=str(post.account_id)),
        backend="django.contrib.auth.backends.ModelBackend",
    )
    return client


def _page(row: Settlement) -> str:
    return reverse("settlement:detail", args=[row.id])


def test_the_clerk_reads_a_settlement_step_by_step(
    clerk: Client, tertiary: House, resident: Person
) -> None:
    row = settled(tertiary, resident, bill=lines(20000, 22000))
    said = plain(clerk.get(_page(row)))
    for words in ("22,000.00", "5,700.00", "16,300.00", "19,000.00 × 30% = 5,700.00",
                  "NX-3.2-d", "未按规定转诊", "无转诊视为不合规"):  # fmt: skip
        assert words in said
    assert resident.name not in said
    entry = AuditEntry.objects.get(action="settlement.read")
    assert (entry.person_id, entry.ground) == (resident.id, "insurer")


def test_the_list_shows_what_is_in_force_and_red_on_demand(
    world: World, clerk: Client, township: House, resident: Person
) -> None:
    gone = settled(township, resident)
    red = void(world.clerk, gone.id, reason="录错")
    kept = visit(township, resident, 50, day=30)
    said = plain(clerk.get(reverse("settlement:list")))
    assert kept.number in said
    assert gone.number not in said
    said = plain(clerk.get(reverse("settlement:list") + "?everything=on"))
    assert gone.number in said
    assert red.number in said
    assert "红冲" in said
    found = plain(clerk.get(reverse("settlement:list"), {"text": kept.number.lower()}))
    assert kept.number in found


def test_each_sees_only_their_own(
    world: World, clerk: Client, township: House, county: House, resident: Person
) -> None:
    row = settled(township, resident)
    assert _clerk("6404").get(_page(row)).status_code == 404
    assert as_actor(world.finance[township.id]).get(_page(row)).status_code == 200
    assert as_actor(world.finance[county.id]).get(_page(row)).status_code == 404
    assert as_actor(township.doctor).get(_page(row)).status_code == 403
    assert as_resident(resident).get(_page(row)).status_code == 200
    ground = AuditEntry.objects.filter(action="settlement.read").order_by("at")
    assert [entry.ground for entry in ground] == ["institution", "self"]


def test_a_bill_comes_in_as_json_and_is_settled_by_a_click(
    world: World, clerk: Client, township: House, resident: Person
) -> None:
    house = as_actor(world.finance[township.id])
    said = {
        "key": str(new_id()),
        "person_id": str(resident.id),
        "number": "ZY0001",
        "kind": "inpatient",
        "admitted_on": "2025-03-03",
        "discharged_on": "2025-03-08",
        "catalogue": "2024",
        "diagnosis_code": "I10.x00",
        "lines": lines(3000),
    }
    answer = _post(house, said)
    assert answer.status_code == 201
    assert _post(house, said).json() == answer.json()
    bill = Bill.objects.get()
    waiting = plain(clerk.get(reverse("settlement:waiting")))
    assert "ZY0001" in waiting
    done = clerk.post(reverse("settlement:settle", args=[bill.id]))
    row = Settlement.objects.get()
    assert done["Location"] == _page(row)
    assert "ZY0001" not in plain(clerk.get(reverse("settlement:waiting")))
    again = clerk.post(reverse("settlement:settle", args=[bill.id]))
    assert again.status_code == 409


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("lines[0].amount", {"lines": [{"catalog_class": "A", "amount": 12.5}]}),
        ("person_id", {"person_id": "张三"}),
        ("colour", {"colour": "red"}),
        ("lines", {"lines": "all"}),
        ("number", {"number": None}),
        ("key", {"key": None}),
    ],
)
def test_a_wrong_bill_is_answered_with_its_field(
    field: str, change: dict[str, Any], world: World, township: House, resident: Person
) -> None:
    said = {
        "key": str(new_id()), "person_id": str(resident.id), "number": "ZY0001",
        "kind": "inpatient", "admitted_on": "2025-03-03",
        "discharged_on": "2025-03-08", "catalogue": "2024",
        "diagnosis_code": "I10.x00", "lines": lines(3000),
    }  # fmt: skip
    answer = _post(as_actor(world.finance[township.id]), said | change)
    assert answer.status_code == 422
    assert Bill.objects.count() == 0


def _post(client: Client, said: object) -> Any:
    return client.post(
        reverse("settlement:post_bill"), json.dumps(said), "application/json"
    )


def test_pages_ask_as_few_questions_for_many_rows_as_for_one(
    clerk: Client,
    township: House,
    resident: Person,
    django_assert_max_num_queries: Any,
) -> None:
    address = reverse("settlement:list")
    row = visit(township, resident, 50)
    for n in range(1, 45):
        visit(township, resident, 10, day=n)
    posted(township, resident, day=100)
    clerk.get(address)
    with django_assert_max_num_queries(13):
        assert "cursor=" in clerk.get(address).content.decode()
    with django_assert_max_num_queries(20):
        clerk.get(_page(row))
