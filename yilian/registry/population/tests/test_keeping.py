"""Keeping an entry right by page: who may, what is refused, what is written down."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from yilian.foundation.access.actor import Actor, Role
from yilian.foundation.audit.models import AuditEntry
from yilian.kernel.identity_number import IdentityKind
from yilian.kernel.ids import new_id
from yilian.registry.directory.models import Institution
from yilian.registry.population import queries, services
from yilian.registry.population.models import Grant, GroupMembership, Person, Proxy
from yilian.registry.population.rules import GroupTag, Relation, Scope
from yilian.registry.population.tests import world
from yilian.registry.population.tests.sink import Sink
from yilian.registry.population.tests.test_pages import open_to, page, signed_in
from yilian.registry.population.tests.test_registering import NUMBER

EVIL = "<script>alert(1)</script>"
KEEPERS = {Role.PHYSICIAN, Role.NURSE, Role.REFERRAL_DESK}
SON = "640121198506150018"


@pytest.fixture
def seen(township: Institution, resident: Person) -> Person:
    """A woman of 1960, whose whole record the township sees."""
    services.new_identifier(resident.id, IdentityKind.ID_CARD, NUMBER).save()
    open_to(resident, township)
    return resident


@pytest.fixture
def son(db: None) -> Person:
    made = world.person("马小军", sex="1", born_on=date(1985, 6, 15))
    services.new_identifier(made.id, IdentityKind.ID_CARD, SON).save()
    return made


def facts_of(person: Person) -> dict[str, Any]:
    person.refresh_from_db()
    return {
        "revision": person.revision, "name": person.name, "sex": person.sex,
        "born_on": person.born_on, "area_code": person.area_code,
        "address": person.address, "insured_type": person.insured_type, "phone": "",
    }  # fmt: skip


def acts(person: Person) -> list[tuple[str, dict[str, Any]]]:
    until = timezone.localdate() + timedelta(days=90)
    return [
        ("correct", facts_of(person) | {"address": "望远镇二队"}),
        ("add_identifier", {"kind": "passport", "number": "E12345678"}),
        ("appoint_proxy", {"number": SON, "relation": "child", "evidence": "户口簿"}),
        ("tag", {"group": "hypertension", "source": "体检"}),
        ("untag", {"group": "elderly"}),
        ("consent", {
            "idempotency_key": str(new_id()), "scope": "2",
            "until": until.isoformat(), "evidence": "授权书 2026-01",
        }),
    ]  # fmt: skip


def post(client: Client, name: str, key: Any, data: dict[str, Any]) -> Any:
    address = reverse(f"population:{name}", args=[key])
    return client.post(address, data, headers={"HX-Request": "true"})


@pytest.mark.parametrize("role", list(Role))
def test_who_may_keep_an_entry(
    role: Role, township: Institution, seen: Person, son: Person
) -> None:
    GroupMembership.objects.create(
        person=seen, tag="elderly", period=(date(2025, 1, 1), None)
    )
    client = signed_in(world.staff(township, role))
    may = role in KEEPERS
    for name, data in acts(seen):
        answer = post(client, name, seen.id, data)
        assert answer.status_code in ({200} if may else {403, 404}), name
        assert EVIL not in answer.content.decode()
    seen.refresh_from_db()
    assert (seen.address == "望远镇二队") is may
    assert Proxy.objects.filter(person=seen, proxy=son).exists() is may
    tags = queries.tags(seen.id, timezone.localdate())
    assert tags == ({GroupTag.HYPERTENSION} if may else {GroupTag.ELDERLY})
    assert Grant.objects.filter(ground="consent").exists() is may


def test_out_of_sight_nothing_is_kept_or_shown(
    stranger: Actor, seen: Person, son: Person
) -> None:
    client = signed_in(stranger)
    for name, data in acts(seen):
        if name == "consent":  # the paper is what opens the record
            continue
        for typed in (data, {}):
            answer = post(client, name, seen.id, typed)
            assert answer.status_code in {404, 422}, name
            assert "马秀英" not in answer.content.decode()
            assert NUMBER not in answer.content.decode()
    assert facts_of(seen)["revision"] == 1


def test_the_form_of_a_correction_is_fetched_when_its_panel_opens(
    doctor: Actor, stranger: Actor, seen: Person
) -> None:
    client = signed_in(doctor)
    page = client.get(reverse("population:person", args=[seen.id])).content.decode()
    address = reverse("population:correct", args=[seen.id])
    assert f'hx-get="{address}"' in page
    assert 'name="revision"' not in page
    panel = client.get(address).content.decode()
    assert 'name="revision" value="1"' in panel
    assert f'value="{seen.name}"' in panel
    assert signed_in(stranger).get(address).status_code == 404


@pytest.mark.parametrize("name", ["add_identifier", "appoint_proxy", "tag", "consent"])
def test_a_blank_form_is_fetched_when_its_panel_opens(
    name: str, doctor: Actor, seen: Person, township: Institution
) -> None:
    client = signed_in(doctor)
    address = reverse(f"population:{name}", args=[seen.id])
    whole = page(client, "person", seen.id)
    assert f'hx-get="{address}"' in whole
    assert f'hx-post="{address}"' not in whole
    panel = client.get(address).content.decode()
    assert f'hx-post="{address}"' in panel
    assert "data-field=" in panel
    unknown = client.get(reverse(f"population:{name}", args=[new_id()]))
    assert unknown.status_code == 200  # it says nothing of anybody
    wrong = post(client, name, seen.id, {}).content.decode()
    assert f'hx-post="{address}"' in wrong
    assert wrong.count("<details") == wrong.count("<summary")
    assert "open>" in wrong
    officer = signed_in(world.staff(township, Role.OFFICER))
    assert officer.get(address).status_code == 403


def test_a_correction_shows_at_once_and_names_what_was_changed(
    doctor: Actor, seen: Person, sink: Sink
) -> None:
    client = signed_in(doctor)
    typed = facts_of(seen) | {"name": "马秀兰", "phone": "13800001234"}
    said = post(client, "correct", seen.id, typed).content.decode()
    assert 'hx-swap-oob="true"' in said
    assert "<h1>马秀兰" in said
    assert "138****1234" in said
    assert "13800001234" not in said
    row = AuditEntry.objects.get(action="person.correct")
    assert row.detail == {"facts": ["name", "phone"]}
    assert sink.last("Patient")["name"][0]["text"] == "马秀兰"
    gone = facts_of(seen) | {"no_phone": "on"}
    assert "138****" not in post(client, "correct", seen.id, gone).content.decode()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"name": " "}, "必填"),
        ({"name": "马\x00"}, "控制字符"),
        ({"born_on": "1961-03-08"}, "不一致"),
        ({"born_on": "2023-02-30"}, "日期"),
        ({"born_on": "2999-01-01"}, "不一致"),
        ({"sex": "1"}, "不一致"),
        ({"sex": "x"}, "sex"),
        ({"insured_type": "gold"}, "gold"),
        ({"area_code": "999999"}, "999999"),
        ({"phone": "12345"}, "电话"),
        ({"phone": "12320"}, "服务号码"),
        ({"address": "长" * 201}, "200"),
        ({"revision": "0"}, "revision"),
        ({}, "没有改动"),
    ],
)
def test_a_wrong_correction_changes_nothing(
    wrong: dict[str, Any], words: str, doctor: Actor, seen: Person
) -> None:
    typed = facts_of(seen) | wrong
    answer = post(signed_in(doctor), "correct", seen.id, typed)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert facts_of(seen)["revision"] == 1


def test_a_stale_tab_is_told(doctor: Actor, desk: Actor, seen: Person) -> None:
    typed = facts_of(seen) | {"address": "望远镇一队"}
    assert post(signed_in(desk), "correct", seen.id, typed).status_code == 200
    late = post(signed_in(doctor), "correct", seen.id, typed | {"address": "三队"})
    assert late.status_code == 409
    assert "已被他人更新" in late.content.decode()


def test_a_phone_is_changed_only_by_who_sees_all(
    doctor: Actor, township: Institution, resident: Person
) -> None:
    open_to(resident, township, Scope.IDENTITY)
    client = signed_in(doctor)
    assert "改电话须先核验" in page(client, "correct", resident.id)
    typed = facts_of(resident) | {"phone": "13800001234", "address": "二队"}
    assert post(client, "correct", resident.id, typed).status_code == 200
    resident.refresh_from_db()
    assert resident.phone_index == ""
    assert resident.address == "二队"


@pytest.mark.parametrize(
    ("number", "words"),
    [(NUMBER[:-1] + "5", "校验"), ("", "必填"), (SON, "不一致"), (EVIL, "18 位")],
)
def test_a_wrong_identifier_is_told_at_its_field(
    number: str, words: str, doctor: Actor, seen: Person
) -> None:
    typed = {"kind": "id_card", "number": number}
    answer = post(signed_in(doctor), "add_identifier", seen.id, typed)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert EVIL not in answer.content.decode()


def test_somebody_elses_number_is_not_taken(
    doctor: Actor, seen: Person, son: Person
) -> None:
    services.new_identifier(son.id, IdentityKind.PASSPORT, "E12345678").save()
    typed = {"kind": "passport", "number": "E12345678"}
    answer = post(signed_in(doctor), "add_identifier", seen.id, typed)
    assert answer.status_code == 422
    assert "已经登记过" in answer.content.decode()
    assert "马小军" not in answer.content.decode()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"number": NUMBER}, "不能是本人"),
        ({"number": "11010519491231002X"}, "没有找到"),
        ({"number": "1"}, "18 位"),
        ({"evidence": "\u3000"}, "必填"),
        ({"relation": "friend"}, "friend"),
        ({"until": "2020-01-01"}, "今天以后"),
    ],
)
def test_a_wrong_stand_in_is_told(
    wrong: dict[str, str], words: str, doctor: Actor, seen: Person, son: Person
) -> None:
    typed = {"number": SON, "relation": "child", "evidence": "户口簿"} | wrong
    answer = post(signed_in(doctor), "appoint_proxy", seen.id, typed)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not Proxy.objects.exists()


def test_who_sees_only_the_name_appoints_nobody(
    doctor: Actor, township: Institution, resident: Person, son: Person
) -> None:
    open_to(resident, township, Scope.IDENTITY)
    typed = {"number": SON, "relation": "child", "evidence": "户口簿"}
    answer = post(signed_in(doctor), "appoint_proxy", resident.id, typed)
    assert answer.status_code == 403
    assert "核验本人" in answer.content.decode()


def test_a_stand_in_acts_until_that_ends(
    doctor: Actor, seen: Person, son: Person
) -> None:
    client = signed_in(doctor)
    typed = {"number": SON, "relation": "child", "evidence": "户口簿"}
    said = post(client, "appoint_proxy", seen.id, typed).content.decode()
    assert "子女" in said
    assert post(client, "appoint_proxy", seen.id, typed).status_code == 409
    proxy = Proxy.objects.get()
    ended = post(client, "end_proxy", proxy.id, {})
    assert "没有登记代办人" in ended.content.decode()
    assert post(client, "end_proxy", proxy.id, {}).status_code == 409
    assert AuditEntry.objects.filter(action="person.end_proxy").count() == 1
    assert post(client, "appoint_proxy", seen.id, typed).status_code == 200


def test_a_child_is_never_left_without_a_guardian(
    doctor: Actor, township: Institution, son: Person
) -> None:
    child = world.person("马宝", born_on=timezone.localdate() - timedelta(days=900))
    open_to(child, township)
    facts: dict[str, Any] = {"relation": Relation.PARENT, "evidence": "出生证明"}
    father = services.appoint_proxy(doctor, child.id, proxy_id=son.id, **facts)
    client = signed_in(doctor)
    refused = post(client, "end_proxy", father.id, {})
    assert refused.status_code == 409
    assert "监护人" in refused.content.decode()
    mother = world.person("丁桂兰")
    services.appoint_proxy(doctor, child.id, proxy_id=mother.id, **facts)
    assert post(client, "end_proxy", father.id, {}).status_code == 200


@pytest.mark.parametrize(
    "typed",
    [{}, {"group": "x"}, {"group": "child", "from_on": "2999-01-01"},
     {"group": "child", "source": "长" * 61}],
)  # fmt: skip
def test_a_wrong_group_is_told(
    typed: dict[str, str], doctor: Actor, seen: Person
) -> None:
    assert post(signed_in(doctor), "tag", seen.id, typed).status_code == 422
    assert post(signed_in(doctor), "untag", seen.id, {"group": "x"}).status_code == 422
    gone = post(signed_in(doctor), "untag", seen.id, {"group": "child"})
    assert gone.status_code == 409


def test_a_paper_opens_for_colleagues_and_its_withdrawal_closes(
    desk: Actor, doctor: Actor, resident: Person, sink: Sink
) -> None:
    client = signed_in(desk)
    closed = client.get(reverse("population:person", args=[resident.id]))
    assert "登记书面授权" in closed.content.decode()
    typed = dict(acts(resident))["consent"]
    for _twice in range(2):
        said = post(client, "consent", resident.id, typed).content.decode()
        assert said.count("撤销授权</summary>") == 1
    assert queries.sight_of(desk, resident.id).scope is Scope.NONE
    assert queries.sight_of(doctor, resident.id).scope is Scope.SUMMARY
    consent_id = Grant.objects.get(ground="consent").evidence_id
    none = post(client, "withdraw_consent", consent_id, {"evidence": " "})
    assert none.status_code == 422
    given = {"evidence": "撤回书 2026-02"}
    assert (
        "没有有效的授权"
        in post(client, "withdraw_consent", consent_id, given).content.decode()
    )
    assert queries.sight_of(doctor, resident.id).scope is Scope.NONE
    assert sink.last("Consent")["status"] == "inactive"
    assert sink.last("Consent")["sourceAttachment"]["title"] == given["evidence"]


@pytest.mark.parametrize(
    "wrong",
    [{"until": "2020-01-01"}, {"until": "2999-01-01"}, {"until": "x"},
     {"scope": "0"}, {"scope": "9"}, {"evidence": ""}, {"idempotency_key": "x"}],
)  # fmt: skip
def test_a_wrong_consent_opens_nothing(
    wrong: dict[str, str], desk: Actor, doctor: Actor, resident: Person
) -> None:
    typed = dict(acts(resident))["consent"] | wrong
    answer = post(signed_in(desk), "consent", resident.id, typed)
    assert answer.status_code == 422
    assert queries.sight_of(doctor, resident.id).scope is Scope.NONE


def test_another_house_withdraws_nothing_and_hears_of_nothing(
    desk: Actor, stranger: Actor, resident: Person
) -> None:
    post(signed_in(desk), "consent", resident.id, dict(acts(resident))["consent"])
    consent_id = Grant.objects.get(ground="consent").evidence_id
    client = signed_in(stranger)
    answer = post(client, "withdraw_consent", consent_id, {"evidence": "x"})
    assert answer.status_code == 404
    closed = client.get(reverse("population:person", args=[resident.id]))
    assert "没有有效的授权" in closed.content.decode()


def test_what_was_typed_stays_text(doctor: Actor, seen: Person, son: Person) -> None:
    client = signed_in(doctor)
    typed = facts_of(seen) | {"address": EVIL}
    assert EVIL not in post(client, "correct", seen.id, typed).content.decode()
    post(client, "tag", seen.id, {"group": "child", "source": EVIL})
    assert EVIL not in page(client, "person", seen.id)


def test_the_page_takes_a_bounded_number_of_queries(
    doctor: Actor, seen: Person, django_assert_max_num_queries: Any
) -> None:
    for tag in GroupTag:
        services.tag(doctor, seen.id, group=tag)
    client = signed_in(doctor)
    client.get(reverse("notify:inbox"))  # the help line's telephone is kept a while
    with django_assert_max_num_queries(22):
        page(client, "person", seen.id)
