"""The pages of places and of the reception, opened by those who work with them."""

import re
from datetime import date, time, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from yilian.foundation.access.actor import Actor, Role
from yilian.foundation.audit.models import AuditEntry
from yilian.kernel.ids import new_id
from yilian.registry.directory.models import Department, Institution
from yilian.registry.population.models import Person
from yilian.registry.population.ports import SimulatedCards
from yilian.registry.population.queries import sight_of
from yilian.registry.population.rules import Scope
from yilian.registry.population.tests import world
from yilian.registry.population.tests.test_pages import signed_in
from yilian.resources.reception.models import Encounter
from yilian.resources.scheduling.models import Bed, Slot
from yilian.resources.scheduling.rules import SlotPlan

KEEPERS = {Role.REFERRAL_DESK, Role.NURSE}
RECEIVERS = {Role.PHYSICIAN, Role.NURSE, Role.REFERRAL_DESK}


@pytest.fixture
def ward(township: Institution) -> Department:
    return world.department(township, "康复科")


def post(client: Client, name: str, *args: Any, **data: Any) -> Any:
    data.setdefault("idempotency_key", str(new_id()))
    return client.post(reverse(name, args=args), data, headers={"HX-Request": "true"})


def slots_form(**facts: Any) -> dict[str, Any]:
    first = timezone.localdate() + timedelta(days=1)
    return {
        "first_on": first.isoformat(), "last_on": first.isoformat(),
        "times": "08:30 9：00", "minutes": 15, "each": 2, "quota": "referral",
    } | facts  # fmt: skip


@pytest.mark.parametrize("role", list(Role))
def test_every_page_opens_as_every_role(
    role: Role, township: Institution, ward: Department, resident: Person
) -> None:
    client = signed_in(world.staff(township, role))
    places = client.get(reverse("scheduling:places")).content.decode()
    assert "康复科" in places
    assert ("开放号源" in places) is (role in KEEPERS)
    assert client.get(reverse("scheduling:ward_load")).status_code == 200
    assert client.get(reverse("reception:today")).status_code == 200
    form = client.get(reverse("reception:receive", args=[resident.id]))
    assert form.status_code == (200 if role in RECEIVERS else 403)


@pytest.mark.parametrize("role", list(Role))
def test_only_keepers_change_places(
    role: Role, township: Institution, ward: Department
) -> None:
    client = signed_in(world.staff(township, role))
    answer = post(client, "scheduling:open_beds", ward.id, labels="1-3", quota="open")
    assert answer.status_code == (200 if role in KEEPERS else 403)
    assert Bed.objects.count() == (3 if role in KEEPERS else 0)


def test_beds_are_opened_kept_back_closed_and_opened_again(
    desk: Actor, ward: Department
) -> None:
    client = signed_in(desk)
    key = str(new_id())
    for _again in range(2):
        post(
            client, "scheduling:open_beds", ward.id,
            labels="1-2，加1", quota="open", idempotency_key=key,
        )  # fmt: skip
    assert set(Bed.objects.values_list("label", flat=True)) == {"1", "2", "加1"}
    bed = Bed.objects.get(label="加1")
    answer = post(client, "scheduling:change_quota", bed.id, quota="referral")
    assert "其中预留 1" in answer.content.decode()
    assert post(client, "scheduling:change_quota", bed.id, quota="x").status_code == 422
    assert (
        "2 空 / 2 床" in post(client, "scheduling:close_bed", bed.id).content.decode()
    )
    assert (
        "3 空 / 3 床" in post(client, "scheduling:reopen_bed", bed.id).content.decode()
    )
    again = post(client, "scheduling:open_beds", ward.id, labels="2", quota="open")
    assert again.status_code == 409


def test_slots_are_opened_in_bulk_and_none_in_the_past(
    desk: Actor, ward: Department
) -> None:
    client = signed_in(desk)
    facts = slots_form(only_working_days="")
    assert post(client, "scheduling:open_slots", ward.id, **facts).status_code == 200
    assert Slot.objects.filter(quota="referral").count() == 4
    day = Slot.objects.all()[0].starts_at
    shown = client.get(
        reverse("scheduling:slots", args=[ward.id, timezone.localdate(day)])
    ).content.decode()
    assert "08:30–08:45" in shown
    assert "09:00–09:15" in shown


def test_on_a_holiday_that_was_released_no_slot_is_opened() -> None:
    """2050 is a year that the calendar does not know: 3 to 5 January are weekdays."""
    first, holiday = date(2050, 1, 3), date(2050, 1, 4)
    plan = SlotPlan(first, date(2050, 1, 5), [time(8, 30)], minutes=15)
    opened = plan.starts(timezone.now(), {holiday: False})
    assert [start.date() for start in opened] == [first, date(2050, 1, 5)]


@pytest.mark.parametrize(
    "facts",
    [
        {"times": "25:00"},
        {"times": "<b>"},
        {"times": " "},
        {"each": 10**20},
        {"minutes": -1},
        {"first_on": "2023-02-30"},
        {"quota": "%"},
    ],
)
def test_a_wrong_plan_comes_back_with_its_words(
    facts: dict[str, Any], desk: Actor, ward: Department
) -> None:
    answer = post(
        signed_in(desk), "scheduling:open_slots", ward.id, **slots_form(**facts)
    )
    assert answer.status_code == 422
    assert Slot.objects.count() == 0


@pytest.mark.parametrize(
    ("first", "last"), [(-1, 0), (5, 4), (1, 100)], ids=["past", "turned", "long"]
)
def test_a_range_that_cannot_be_is_refused_at_its_field(
    first: int, last: int, desk: Actor, ward: Department
) -> None:
    today = timezone.localdate()
    days = {
        "first_on": (today + timedelta(days=first)).isoformat(),
        "last_on": (today + timedelta(days=last)).isoformat(),
    }
    answer = post(
        signed_in(desk), "scheduling:open_slots", ward.id, **slots_form(**days)
    )
    assert answer.status_code == 422
    assert "_on" in answer.content.decode()


@pytest.mark.parametrize("role", list(Role))
def test_counts_of_any_house_are_for_everybody_and_change_nothing(
    role: Role, township: Institution, county: Institution, ward: Department
) -> None:
    evil = world.department(township, "<script>x</script>")
    for number in range(3):
        Bed.objects.create(
            institution=township, department=ward, label=f"{number}",
            quota="referral" if number else "open",
            closed_at=timezone.now() if number == 2 else None,
        )  # fmt: skip
    start = timezone.now() + timedelta(days=1)
    Slot.objects.create(
        institution=township, department=evil, quota="open", starts_at=start,
        ends_at=start + timedelta(minutes=15),
    )  # fmt: skip
    world.department(township, "没有床位的科")
    client = signed_in(world.staff(county, role))
    address = reverse("scheduling:of_institution", args=[township.id])
    answer = client.get(address)
    said = " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())
    assert answer.status_code == 200
    assert "康复科 2 预留 1 —" in said
    assert "没有床位的科" not in said
    assert "<script>x" not in answer.content.decode()
    assert "最早" in said
    assert "<form" not in answer.content.decode()
    assert client.post(address).status_code == 405
    empty = client.get(reverse("scheduling:of_institution", args=[county.id]))
    assert "没有登记床位" in empty.content.decode()
    nowhere = client.get(reverse("scheduling:of_institution", args=[new_id()]))
    assert nowhere.status_code == 200


def test_counts_of_a_house_with_many_departments_take_few_queries(
    desk: Actor, township: Institution, django_assert_max_num_queries: Any
) -> None:
    for number in range(20):
        ward = world.department(township, f"{number} 病区")
        Bed.objects.create(institution=township, department=ward, label="1")
    client = signed_in(desk)
    with django_assert_max_num_queries(8):
        client.get(reverse("scheduling:of_institution", args=[township.id]))


def test_another_house_s_places_are_not_there(
    stranger: Actor, county: Institution, ward: Department, township: Institution
) -> None:
    bed = Bed.objects.create(institution=township, department=ward, label="1")
    client = signed_in(world.staff(county, Role.REFERRAL_DESK))
    for name, key in [("close_bed", bed.id), ("open_beds", ward.id)]:
        answer = post(client, f"scheduling:{name}", key, labels="1", quota="open")
        assert answer.status_code == 404


def receive(client: Client, person_id: UUID, **facts: Any) -> Any:
    facts = {"kind": "outpatient", "presence": "none", "proof": ""} | facts
    return post(client, "reception:receive", person_id, **facts)


def test_a_walk_in_is_received_shown_and_leaves(
    desk: Actor, doctor: Actor, resident: Person
) -> None:
    client = signed_in(desk)
    card = SimulatedCards().card_of(resident.id)
    answer = receive(client, resident.id, presence="card", proof=card)
    assert answer.status_code == 302
    assert "马秀英" in client.get(reverse("reception:today")).content.decode()
    encounter = Encounter.objects.get()
    gone = post(client, "reception:depart", encounter.id, disposition="home")
    assert gone.content == b""
    assert "没有在诊的人" in client.get(reverse("reception:today")).content.decode()


def test_the_desk_alone_is_told_why_the_name_is_masked_and_can_prove(
    desk: Actor, resident: Person
) -> None:
    client = signed_in(desk)
    receive(client, resident.id)
    said = client.get(reverse("reception:today")).content.decode()
    assert "马*英" in said
    assert "只凭您一人" in said
    encounter = Encounter.objects.get()
    wrong = post(client, "reception:prove", encounter.id, presence="card", proof="x")
    assert wrong.status_code == 422
    card = SimulatedCards().card_of(resident.id)
    row = post(client, "reception:prove", encounter.id, presence="card", proof=card)
    assert "马秀英" in row.content.decode()


@pytest.mark.parametrize("presence", ["referral", "x", ""])
def test_a_desk_cannot_say_that_somebody_else_s_referral_proves_it(
    presence: str, desk: Actor, resident: Person
) -> None:
    answer = receive(signed_in(desk), resident.id, presence=presence)
    assert answer.status_code == 422
    assert sight_of(desk, resident.id).scope is Scope.NONE


@pytest.mark.parametrize("reason", ["急" * 513, "急\x00", "‮急"])
def test_reasons_that_break_pages_are_refused(
    reason: str, desk: Actor, resident: Person
) -> None:
    answer = receive(signed_in(desk), resident.id, reason=reason)
    assert answer.status_code == 422
    assert Encounter.objects.count() == 0


def test_who_is_here_takes_as_many_queries_for_ten_as_for_one(
    desk: Actor, doctor: Actor, django_assert_max_num_queries: Any
) -> None:
    client = signed_in(doctor)
    for _one in range(10):
        receive(signed_in(desk), world.person("张三丰").id)
    assert AuditEntry.objects.filter(action="reception.open").count() == 10
    client.get(reverse("notify:inbox"))  # the help line's telephone is kept a while
    with django_assert_max_num_queries(8):
        client.get(reverse("reception:today"))
