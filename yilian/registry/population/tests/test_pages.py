"""The pages of residents, opened by those who work with them."""

from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from yilian.foundation.access.actor import Actor, Role
from yilian.foundation.audit.models import AuditEntry
from yilian.foundation.identity.models import Account
from yilian.kernel.identity_number import IdentityKind
from yilian.kernel.ids import new_id
from yilian.registry.directory.models import Institution
from yilian.registry.population import services
from yilian.registry.population.models import BreakGlass, Grant, Person
from yilian.registry.population.tests import world
from yilian.registry.population.tests.test_registering import NUMBER, mistyped

OPEN_TO_ALL_ROLES = {Role.PHYSICIAN, Role.NURSE, Role.REFERRAL_DESK}


def signed_in(actor: Actor) -> Client:
    client = Client()
    assert actor.account_id is not None
    account = Account.objects.get(pk=actor.account_id)
    client.force_login(account, "django.contrib.auth.backends.ModelBackend")
    return client


def form(**facts: Any) -> dict[str, Any]:
    return {
        "idempotency_key": str(new_id()), "name": "马秀英", "kind": "id_card",
        "number": NUMBER, "sex": "0", "phone": "", "address": "",
        "insured_type": "resident", "relation": "parent",
    } | facts  # fmt: skip


def open_to(person: Person, house: Institution, scope: int = 3) -> None:
    Grant.objects.create(
        person=person, institution=house, ground="encounter", scope=scope,
        evidence_kind="test", evidence_id=new_id(), period=(timezone.now(), None),
    )  # fmt: skip


def page(client: Client, name: str, *args: UUID, **data: Any) -> str:
    return client.get(reverse(f"population:{name}", args=args), data).content.decode()


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("name", ["search", "register", "reviews"])
def test_every_page_opens_or_refuses_in_words(
    role: Role, name: str, township: Institution
) -> None:
    client = signed_in(world.staff(township, role))
    answer = client.get(reverse(f"population:{name}"))
    reviewers = {Role.AUDIT_ADMIN, Role.SECURITY_ADMIN}
    may = {"search": set(Role), "register": OPEN_TO_ALL_ROLES, "reviews": reviewers}
    assert answer.status_code == (200 if role in may[name] else 403)
    assert "<main" in answer.content.decode()


def test_searching_never_puts_what_was_typed_into_an_address(doctor: Actor) -> None:
    world.person("张三丰")
    client = signed_in(doctor)
    found = client.post(reverse("population:search"), {"text": "zsf"})
    assert "张*丰" in found.content.decode()
    assert "紧急调阅" in found.content.decode()
    assert found.request["QUERY_STRING"] == ""
    by_get = page(client, "search", text="zsf")
    assert "张*丰" not in by_get


@pytest.mark.parametrize("text", ["", "%", "a\x00b", "640121196003080021", "马" * 99])
def test_a_search_that_means_nobody_keeps_what_was_typed(
    text: str, doctor: Actor
) -> None:
    answer = signed_in(doctor).post(reverse("population:search"), {"text": text})
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.content.decode()


@pytest.mark.parametrize("text", ["<script>x</script>", '"><img src=x>', "' or 1=1 --"])
def test_what_was_typed_comes_back_as_text(text: str, doctor: Actor) -> None:
    answer = signed_in(doctor).post(reverse("population:search"), {"text": text})
    said = answer.content.decode()
    assert "<script>x" not in said
    assert "<img src=x" not in said


def test_registering_leads_to_the_page_which_shows_why_it_is_closed_to_the_writer(
    desk: Actor, doctor: Actor
) -> None:
    answer = signed_in(desk).post(reverse("population:register"), form())
    person = Person.objects.get()
    assert answer.headers["Location"] == reverse("population:person", args=[person.id])
    closed = signed_in(desk).get(answer.headers["Location"])
    assert closed.status_code == 403
    assert "马*英" in closed.content.decode()
    assert "马秀英" in page(signed_in(doctor), "person", person.id)


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"name": "  "}, "姓名"),
        ({"name": "马\x00英"}, "field wrong"),
        ({"number": NUMBER[:-1]}, "18 位"),
        ({"born_on": "1961-03-08"}, "不一致"),
        ({"born_on": "2023-02-30"}, "日期"),
        ({"idempotency_key": "x"}, "form"),
        ({"phone": "abc"}, "电话"),
    ],
)
def test_wrong_fields_come_back_filled_and_marked(
    facts: dict[str, str], words: str, desk: Actor
) -> None:
    answer = signed_in(desk).post(reverse("population:register"), form(**facts))
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert Person.objects.count() == 0


def test_likely_duplicates_are_shown_masked_and_set_aside_one_by_one(
    desk: Actor,
) -> None:
    client = signed_in(desk)
    client.post(reverse("population:register"), form())
    known = Person.objects.get()
    again = form(number=mistyped(NUMBER))
    answer = client.post(reverse("population:register"), again)
    said = answer.content.decode()
    assert answer.status_code == 409
    assert "马*英" in said
    assert "证件号码只差一位" in said
    assert f'value="{known.id}"' in said
    for aside, status in [("not-an-id", 422), (str(new_id()), 409)]:
        answer = client.post(
            reverse("population:register"), again | {"not_these": aside}
        )
        assert answer.status_code == status
    answer = client.post(
        reverse("population:register"), again | {"not_these": str(known.id)}
    )
    assert answer.status_code == 302


def test_a_number_under_another_name_offers_the_masked_card(desk: Actor) -> None:
    client = signed_in(desk)
    client.post(reverse("population:register"), form())
    answer = client.post(reverse("population:register"), form(name="李建国"))
    said = answer.content.decode()
    assert answer.status_code == 409
    assert "另一个姓名" in said
    assert "马*英" in said
    assert "马秀英" not in said


@pytest.mark.parametrize("scope", [1, 2, 3])
def test_the_page_says_its_ground_and_shows_no_number(
    scope: int, township: Institution, desk: Actor
) -> None:
    person = services.register(
        desk, key=new_id(), name="马秀英",
        identifiers=[services.Given(IdentityKind.ID_CARD, NUMBER)], phone="13800001234",
    )  # fmt: skip
    open_to(person, township, scope)
    said = page(signed_in(desk), "person", person.id)
    assert "依据：就诊" in said
    assert NUMBER not in said
    assert "13800001234" not in said
    client = signed_in(desk)
    shown = client.post(reverse("population:reveal", args=[person.id]))
    assert (NUMBER in shown.content.decode()) is (scope == 3)
    assert shown.status_code == (200 if scope == 3 else 404)
    assert AuditEntry.objects.filter(action="person.reveal").count() == (scope == 3)


def test_others_than_care_are_not_told_that_somebody_exists(
    township: Institution, resident: Person
) -> None:
    for role in set(Role) - OPEN_TO_ALL_ROLES:
        client = signed_in(world.staff(township, role))
        answer = client.get(reverse("population:person", args=[resident.id]))
        assert answer.status_code == 404
        assert "马" not in answer.content.decode()


def test_an_emergency_by_page_and_its_review(
    doctor: Actor, township: Institution, resident: Person
) -> None:
    client = signed_in(doctor)
    address = reverse("population:break_glass", args=[resident.id])
    assert "马*英" in client.get(address).content.decode()
    empty = client.post(address, {"reason_code": "unconscious", "reason": " "})
    assert empty.status_code == 422
    client.post(address, {"reason_code": "unconscious", "reason": "<b>昏迷</b>"})
    assert "紧急调阅此档案" in page(client, "person", resident.id)
    opened = BreakGlass.objects.get()
    auditor = signed_in(world.staff(township, Role.SECURITY_ADMIN))
    listed = page(auditor, "reviews")
    assert "&lt;b&gt;昏迷" in listed
    assert "马秀英" not in listed
    said = auditor.post(
        reverse("population:review", args=[opened.id]),
        {"is_justified": "yes", "note": "有抢救记录"},
        headers={"HX-Request": "true"},
    )
    assert "合理" in said.content.decode()
    assert "有抢救记录" in page(auditor, "reviews", show="done")


def test_a_list_of_twenty_takes_as_many_queries_as_a_list_of_one(
    doctor: Actor, django_assert_max_num_queries: Any
) -> None:
    for _one in range(25):
        world.person("张三丰")
    client = signed_in(doctor)
    client.get(reverse("notify:inbox"))  # the help line's telephone is kept a while
    with django_assert_max_num_queries(10):
        client.post(reverse("population:search"), {"text": "zsf"})
