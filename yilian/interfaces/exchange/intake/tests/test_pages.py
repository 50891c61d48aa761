"""Who sees which page, and what a desk can do on it."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from yilian.care.referral.models import Referral
from yilian.care.referral.tests.browsing import (
    as_actor,
    as_authority,
    as_resident,
    plain,
    words,
)
from yilian.care.referral.tests.world import World
from yilian.foundation.access.actor import Role
from yilian.foundation.audit.models import AuditEntry
from yilian.foundation.vault.services import keyed_index
from yilian.interfaces.exchange.intake.models import CodeMeaning, Feed, Received
from yilian.interfaces.exchange.intake.rules import State
from yilian.interfaces.exchange.intake.services.feeds import PURPOSE
from yilian.interfaces.exchange.intake.services.receiving import Arrival
from yilian.interfaces.exchange.intake.tests.world import (
    CONTENT,
    kept,
    letter,
    send,
)
from yilian.kernel.ids import new_id
from yilian.registry.directory.tests.cast import make_post
from yilian.registry.population.models import Person

Who = Callable[[World], Client]
WHO: dict[str, Who] = {
    "its desk": lambda world: as_actor(world.township.desk),
    "the receiver's desk": lambda world: as_actor(world.county.desk),
    "another desk": lambda world: as_actor(world.stranger.desk),
    "its doctor": lambda world: as_actor(world.township.doctor),
    "its administrator": lambda world: _administrator(world),
    "the authority's administrator": lambda world: as_authority(Role.SYSTEM_ADMIN),
    "another authority's": lambda world: as_authority(Role.SYSTEM_ADMIN, "640400"),
    "auditor": lambda world: as_authority(Role.AUDIT_ADMIN),
    "security": lambda world: as_authority(Role.SECURITY_ADMIN),
    "officer": lambda world: as_authority(Role.OFFICER),
    "resident": lambda world: as_resident(world.resident),
}
DESKS = {"its desk", "the receiver's desk"}
ADMINISTRATORS = {"its administrator", "the authority's administrator"}
KEEPERS = ADMINISTRATORS | {"another authority's"}
SEERS = DESKS | KEEPERS | {"another desk"}


def _administrator(world: World) -> Client:
    post = make_post(world.township.institution, Role.SYSTEM_ADMIN)
    client = Client()
    assert post.account is not None
    client.force_login(
        post.account, backend="django.contrib.auth.backends.ModelBackend"
    )
    return client


@pytest.fixture
def waiting(world: World, feed: Feed) -> Received:
    """For the county, of somebody whose name does not fit the number."""
    send(letter(world, name="王五"))
    return kept()


@pytest.mark.parametrize("who", WHO)
def test_the_lists(world: World, feed: Feed, who: str) -> None:
    client = WHO[who](world)
    assert client.get(reverse("exchange:list")).status_code == _of(who in SEERS)
    assert client.get(reverse("exchange:count")).status_code == _of(who in SEERS)
    for name in ("feeds", "open_feed"):
        status = client.get(reverse(f"exchange:{name}")).status_code
        assert status == _of(who in KEEPERS)
    seen = 200 if who in ADMINISTRATORS else 404
    assert client.get(reverse("exchange:feed", args=[feed.id])).status_code == seen


@pytest.mark.parametrize("who", WHO)
def test_one_message(world: World, waiting: Received, who: str) -> None:
    client = WHO[who](world)
    answer = client.get(reverse("exchange:message", args=[waiting.id]))
    if who in DESKS | ADMINISTRATORS:
        assert answer.status_code == 200
        assert ("王五" in words(answer)) is (who in DESKS)
    else:
        assert answer.status_code == (404 if who in SEERS else 403)


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize(
    ("act", "facts"),
    [
        ("mend", {"content": ""}),
        ("choose_person", {"person_id": str(new_id())}),
        ("find_person", {"text": "马秀英"}),
        ("original", {}),
        ("replay", {}),
        ("register", {}),
    ],
)
def test_only_the_two_desks_mend(
    world: World, waiting: Received, who: str, act: str, facts: dict[str, str]
) -> None:
    if who in DESKS:
        return
    answer = WHO[who](world).post(reverse(f"exchange:{act}", args=[waiting.id]), facts)
    assert answer.status_code in (403, 404)
    assert "王五" not in words(answer)
    assert kept().state == State.WAITING


@pytest.mark.parametrize("who", sorted(set(WHO) - ADMINISTRATORS))
@pytest.mark.parametrize("act", ["change_feed", "new_secret", "close_feed"])
def test_only_administrators_keep_feeds(
    world: World, feed: Feed, who: str, act: str
) -> None:
    facts = {"kinds": ["REF^I12"], "charset": "utf-8", "addresses": "1.2.3.4"}
    answer = WHO[who](world).post(reverse(f"exchange:{act}", args=[feed.id]), facts)
    assert answer.status_code in (403, 404)
    before = Feed.objects.get()
    assert (before.addresses, before.secret_index) == (feed.addresses, "")
    assert before.period == feed.period


def _of(allowed: bool) -> int:
    return 200 if allowed else 403


# --- what a desk does -----------------------------------------------------------------


def test_an_empty_list_says_what_will_come(world: World, feed: Feed) -> None:
    answer = as_actor(world.township.desk).get(reverse("exchange:list"))
    assert "没有待核对的消息" in plain(answer)


def test_a_desk_finds_chooses_and_the_referral_goes_out(
    world: World, waiting: Received
) -> None:
    client = as_actor(world.township.desk)
    page = client.get(reverse("exchange:message", args=[waiting.id]))
    assert "证件号码登记在另一个姓名下" in plain(page)

    found = client.post(
        reverse("exchange:find_person", args=[waiting.id]), {"text": "马秀英"}
    )
    assert str(world.resident.id) in words(found)
    answer = client.post(
        reverse("exchange:choose_person", args=[waiting.id]),
        {"person_id": str(world.resident.id)},
        follow=True,
    )
    referral = Referral.objects.get()
    assert referral.number in plain(answer)
    assert AuditEntry.objects.filter(action="exchange.choose_person").count() == 1


def test_a_desk_fills_in_what_is_missing(world: World, feed: Feed) -> None:
    send(letter(world, notes=CONTENT[:1]))
    client = as_actor(world.township.desk)
    page = client.get(reverse("exchange:message", args=[kept().id]))
    assert "缺少体格检查，请填写。" in plain(page)
    assert "胸闷 3 天" in words(page)
    facts = {
        "to_institution_id": world.county.institution.code,
        "urgency": "routine",
        "care_kind": "outpatient",
        "diagnosis_code": "I10.x00",
        "reason": "血压未达标",
        "consent_by": "self",
        "complaint": "胸闷 3 天",
        "exam": "血压 180/110",
        "treatment": "氨氯地平",
    }
    url = reverse("exchange:mend", args=[kept().id])
    wrong = client.post(url, facts | {"reason": ""})
    assert wrong.status_code == 422
    assert "血压 180/110" in words(wrong)
    client.post(url, facts)
    assert Referral.objects.get().content["exam"] == "血压 180/110"


def test_a_new_resident_out_of_the_message(world: World, feed: Feed) -> None:
    send(letter(world, name="李建国", born="19800101", sex="M", ids="B7^^^HIS^MR"))
    client = as_actor(world.township.desk)
    url = reverse("exchange:register", args=[kept().id])
    page = client.get(url)
    assert 'value="李建国"' in words(page)
    assert 'value="1980-01-01"' in words(page)
    facts = {
        "idempotency_key": str(new_id()), "name": "李建国", "kind": "id_card",
        "number": "", "sex": "1", "born_on": "1980-01-01", "phone": "12",
        "insured_type": "none", "relation": "parent",
    }  # fmt: skip
    wrong = client.post(url, facts)
    assert wrong.status_code == 422
    client.post(url, facts | {"phone": ""})
    assert Referral.objects.get().person == Person.objects.get(name="李建国")


def test_a_likely_duplicate_is_shown_before_anybody_is_made(
    world: World, feed: Feed
) -> None:
    send(letter(world, ids="B7^^^HIS^MR"))
    client = as_actor(world.township.desk)
    facts = {
        "idempotency_key": str(new_id()), "name": "马秀英", "kind": "id_card",
        "number": "", "sex": "2", "born_on": "1960-03-08", "insured_type": "none",
        "relation": "parent",
    }  # fmt: skip
    answer = client.post(reverse("exchange:register", args=[kept().id]), facts)
    assert answer.status_code == 409
    assert str(world.resident.id) in words(answer)
    assert Person.objects.count() == 1


def test_the_original_is_shown_as_text_and_never_as_markup(
    world: World, feed: Feed
) -> None:
    send(letter(world, name="<script>alert(1)</script>"))
    client = as_actor(world.township.desk)
    answer = client.post(reverse("exchange:original", args=[kept().id]))
    page = client.get(reverse("exchange:message", args=[kept().id]))
    for one in (answer, page):
        assert "<script>alert(1)" not in words(one)
    assert "&lt;script&gt;" in words(answer)
    assert "no-store" in answer["Cache-Control"]


def test_nothing_of_the_patient_stands_in_an_address(
    world: World, waiting: Received
) -> None:
    client = as_actor(world.township.desk)
    assert (
        client.get(
            reverse("exchange:find_person", args=[waiting.id]), {"text": "马秀英"}
        ).status_code
        == 405
    )


# --- what an administrator does ------------------------------------------


def _facts(world: World) -> dict[str, object]:
    return {
        "idempotency_key": str(new_id()),
        "name": "county-his",
        "institution_id": world.county.institution.code,
        "application": "HIS",
        "facility": "XRMYY",
        "kinds": ["REF^I12", "RRI^I12"],
        "charset": "gb18030",
        "addresses": "",
        "with_secret": "on",
        "consent_evidence": "",
        "starts_on": "2026-01-01",
    }


def test_a_secret_is_shown_once_and_then_works(world: World) -> None:
    client = as_authority(Role.SYSTEM_ADMIN)
    answer = client.post(reverse("exchange:open_feed"), _facts(world))
    feed = Feed.objects.get(name="county-his")
    secret = words(answer).partition('class="code">')[2].partition("<")[0]

    assert answer.status_code == 200
    assert keyed_index(PURPOSE, secret) == feed.secret_index
    assert "no-store" in answer["Cache-Control"]
    later = client.get(reverse("exchange:feed", args=[feed.id]))
    assert secret not in words(later)
    text = letter(world, application="HIS", facility="XRMYY", security=secret)
    assert send(text, Arrival("9.9.9.9")).ack == "AA"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param({"with_secret": ""}, "至少要有一样", id="open to everybody"),
        pytest.param({"addresses": "here"}, "10.1.2.0/24", id="no address"),
        pytest.param({"ends_on": "2025-01-01"}, "停用日期须在", id="ends before"),
        pytest.param({"name": "Bad Name"}, "小写字母", id="no name"),
        pytest.param({"institution_id": "X"}, "请从列表中选择机构", id="no house"),
        pytest.param({"facility": "WANGYUAN"}, "已登记给另一个接口", id="taken"),
    ],
)
def test_a_feed_that_cannot_be_is_refused_at_its_field(
    world: World, feed: Feed, change: dict[str, str], said: str
) -> None:
    client = as_authority(Role.SYSTEM_ADMIN)
    answer = client.post(reverse("exchange:open_feed"), _facts(world) | change)
    assert answer.status_code == 422
    assert said in plain(answer)
    assert Feed.objects.count() == 1


def test_codes_are_mapped_and_forgotten(world: World, feed: Feed) -> None:
    client = as_authority(Role.SYSTEM_ADMIN)
    url = reverse("exchange:add_meaning", args=[feed.id])
    ward = {"institution": world.county.institution.code, "department": "心内科"}
    client.post(url, {"meaning": "department", "code": "XN", **ward})
    row = CodeMeaning.objects.get()
    assert row.department == world.county.ward
    page = plain(client.get(reverse("exchange:feed", args=[feed.id])))
    assert "XN" in page
    wrong = client.post(url, {"meaning": "doctor", "code": "D", "doctor": "谁"})
    assert wrong.status_code == 422
    client.post(reverse("exchange:forget_meaning", args=[row.id]))
    assert not CodeMeaning.objects.exists()


def test_an_administrator_maps_the_house_without_seeing_the_patient(
    world: World, feed: Feed
) -> None:
    send(letter(world, to="XIAN-01"))
    client = as_authority(Role.SYSTEM_ADMIN)
    page = client.get(reverse("exchange:message", args=[kept().id]))
    assert "马秀英" not in words(page)
    answer = client.post(
        reverse("exchange:choose_receiver", args=[kept().id]),
        {"institution_id": world.county.institution.code},
        follow=True,
    )
    assert "马秀英" not in words(answer)
    assert Referral.objects.get().to_institution_id == world.county.id


def test_a_feed_is_closed_at_once(world: World, feed: Feed) -> None:
    as_authority(Role.SYSTEM_ADMIN).post(reverse("exchange:close_feed", args=[feed.id]))
    assert send(letter(world)).ack == "AR"
