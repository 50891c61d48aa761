"""The page of a new referral: before it, on it, after it."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import DjangoAssertNumQueries

from yilian.care.referral.models import Referral
from yilian.care.referral.rules.states import State
from yilian.care.referral.services import receiving
from yilian.care.referral.tests import world as region
from yilian.care.referral.tests.browsing import (
    EVIL,
    as_actor,
    as_authority,
    as_resident,
    typed,
    words,
)
from yilian.care.referral.tests.world import DOWN_CONTENT, Place
from yilian.foundation.access.actor import Role
from yilian.foundation.audit.models import AuditEntry
from yilian.foundation.terminology.models import Concept
from yilian.kernel.ids import new_id
from yilian.registry.population.models import Person
from yilian.registry.population.rules import Ground, Scope
from yilian.registry.population.services.grants import give_grant

pytestmark = pytest.mark.django_db


def page(person: Person) -> str:
    return reverse("referral:new", args=[person.id])


def write(person: Person) -> str:
    return reverse("referral:write", args=[person.id])


@pytest.fixture
def gp(township: Place) -> Client:
    return as_actor(township.doctor)


def test_the_page_opens_with_the_person_and_says_that_it_was_read(
    gp: Client, resident: Person
) -> None:
    answer = gp.get(page(resident))
    assert answer.status_code == 200
    assert "马秀英" in words(answer)
    assert AuditEntry.objects.filter(
        action="record.view", person_id=resident.id
    ).exists()


def test_one_page_one_press_and_it_is_sent(
    gp: Client, county: Place, resident: Person
) -> None:
    answer = gp.post(write(resident), typed(county.id))
    sent = Referral.objects.get()
    assert answer.status_code == 302
    assert answer["Location"] == reverse("referral:detail", args=[sent.id])
    assert sent.state == State.SUBMITTED
    assert sent.content["complaint"] == "胸闷 3 天"
    assert sent.consent_by == "self"


def test_the_department_of_a_proposal_comes_along(
    gp: Client, county: Place, resident: Person
) -> None:
    gp.post(write(resident), typed(f"{county.id}:{county.ward.id}"))
    assert Referral.objects.get().to_department == county.ward


def test_a_draft_needs_neither_consent_nor_all_parts(
    gp: Client, county: Place, resident: Person
) -> None:
    gp.post(write(resident), typed(county.id, act="draft", consent_by="", exam=""))
    assert Referral.objects.get().state == State.DRAFT


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("diagnosis_code", "Q99.9", "没有这个诊断编码"),
        ("specialty", "", "请选择专科"),
        ("urgency", "soon", "请从列出的几项中选择"),
        ("reason", " ", "请写明转诊原因"),
        ("exam", "", "请填写体格检查"),
        ("consent_by", "", "请记录是谁同意转诊"),
        ("to_institution_id", "", "请选择接收机构"),
        ("complaint", "胸闷\x00", "complaint"),
    ],
)
def test_what_is_wrong_stands_at_its_field_and_nothing_is_lost(
    field: str, value: str, told: str, gp: Client, county: Place, resident: Person
) -> None:
    sheet = typed(county.id, reason="特别的原因 <b>", treatment="特别的处理")
    answer = gp.post(write(resident), sheet | {field: value})
    text = words(answer)
    assert answer.status_code == 422
    assert told in text
    assert "field wrong" in text or 'wrong"' in text
    assert "特别的处理" in text
    assert sheet["idempotency_key"] in text
    if field != "reason":
        assert "特别的原因 &lt;b&gt;" in text
    assert not Referral.objects.exists()


def test_the_same_page_corrected_and_sent_again_is_one_referral(
    gp: Client, county: Place, resident: Person
) -> None:
    sheet = typed(county.id)
    assert gp.post(write(resident), sheet | {"exam": ""}).status_code == 422
    assert gp.post(write(resident), sheet).status_code == 302
    assert gp.post(write(resident), sheet).status_code == 302
    assert Referral.objects.get().state == State.SUBMITTED


def test_a_kept_draft_is_sent_as_it_reads_now(
    gp: Client, county: Place, resident: Person
) -> None:
    sheet = typed(county.id)
    gp.post(write(resident), sheet | {"act": "draft"})
    gp.post(write(resident), sheet | {"exam": "血压 150/90 mmHg"})
    sent = Referral.objects.get()
    assert sent.state == State.SUBMITTED
    assert sent.content["exam"] == "血压 150/90 mmHg"


def test_an_emergency_asks_for_the_complaint_alone(
    gp: Client, county: Place, resident: Person
) -> None:
    sheet = typed(county.id, urgency="stat", exam="", treatment="", reason="")
    assert gp.post(write(resident), sheet).status_code == 302
    assert Referral.objects.get().reason == "胸闷 3 天"


def test_an_emergency_does_not_wait_for_a_diagnosis(
    gp: Client, county: Place, resident: Person
) -> None:
    known = {"system": "icd10", "code": "R69.x00"}
    Concept.objects.get_or_create(**known, defaults={"name": "原因不明"})
    sheet = typed(county.id, urgency="stat", diagnosis_code="", reason="")
    assert gp.post(write(resident), sheet).status_code == 302
    assert Referral.objects.get().diagnosis_code == "R69.x00"


def test_skipping_and_leaving_ask_for_a_reason_at_its_field(
    gp: Client, tertiary: Place, stranger: Place, resident: Person
) -> None:
    skipping = gp.post(write(resident), typed(tertiary.id))
    assert skipping.status_code == 422
    assert "越级转诊，请选择原因" in words(skipping)
    leaving = gp.post(write(resident), typed(stranger.id))
    assert "转往医联体以外，请选择原因" in words(leaving)
    sheet = typed(tertiary.id, skip_reason="no_capability")
    assert gp.post(write(resident), sheet).status_code == 302


def test_a_place_outside_is_kept_as_such(gp: Client, resident: Person) -> None:
    sheet = typed("outside", outside_reason="patient_choice")
    unnamed = gp.post(write(resident), sheet)
    assert unnamed.status_code == 422
    assert "请写明外部机构的名称" in words(unnamed)
    too_long = gp.post(write(resident), sheet | {"outside_name": "长" * 121})
    assert too_long.status_code == 422
    gp.post(
        write(resident), sheet | {"outside_name": "西安某医院", "outside_place": "西安"}
    )
    sent = Referral.objects.get()
    assert (sent.to_institution, sent.outside_name) == (None, "西安某医院")


def test_the_chosen_house_decides_the_direction_and_the_parts(
    county: Place, township: Place
) -> None:
    person = region.contracted(county, "丁桂兰")
    sheet = typed(township.id, way="up", **DOWN_CONTENT) | {"complaint": ""}
    answer = as_actor(county.doctor).post(write(person), sheet)
    sent = Referral.objects.get()
    assert answer.status_code == 302
    assert sent.direction == "down"
    assert sent.content["warning_signs"] == DOWN_CONTENT["warning_signs"]


def test_an_open_referral_is_shown_before_the_form_and_at_the_try(
    gp: Client, waiting: Referral, county: Place, resident: Person
) -> None:
    link = reverse("referral:detail", args=[waiting.id])
    before = words(gp.get(page(resident)))
    assert "未办结的转诊单" in before
    assert link in before
    answer = gp.post(write(resident), typed(county.id))
    assert answer.status_code == 409
    assert link in words(answer)
    assert "血压两次随访未达标" in words(answer)
    assert Referral.objects.count() == 1


def test_a_referral_of_others_is_told_without_a_way_in(
    waiting: Referral, tertiary: Place, resident: Person
) -> None:
    give_grant(
        region.SYSTEM, person_id=resident.id, institution_id=tertiary.id,
        ground=Ground.ENCOUNTER, scope=Scope.FULL,
        evidence_kind="encounter", evidence_id=new_id(),
    )  # fmt: skip
    text = words(as_actor(tertiary.doctor).get(page(resident)))
    assert "望远镇卫生院" in text
    assert reverse("referral:detail", args=[waiting.id]) not in text


def test_a_stranger_is_told_what_to_do_instead(
    stranger: Place, resident: Person
) -> None:
    client = as_actor(stranger.doctor)
    for answer in (
        client.get(page(resident)),
        client.post(write(resident), typed(new_id())),
    ):
        assert answer.status_code == 403
        assert "还不能转诊" in words(answer)
        assert "马秀英" not in words(answer)
    assert not Referral.objects.exists()


def test_the_dead_are_not_referred(gp: Client, county: Place, resident: Person) -> None:
    Person.objects.filter(pk=resident.pk).update(died_at=timezone.now())
    for answer in (gp.get(page(resident)), gp.post(write(resident), typed(county.id))):
        assert answer.status_code == 409
        assert "已登记死亡" in words(answer)
    assert not Referral.objects.exists()


def test_only_clinicians_and_the_office_write(
    township: Place, resident: Person
) -> None:
    assert as_actor(township.desk).get(page(resident)).status_code == 200
    assert as_actor(township.nurse).get(page(resident)).status_code == 403
    assert as_resident(resident).get(page(resident)).status_code == 403
    assert as_authority(Role.INSURER).get(page(resident)).status_code == 403
    assert Client().get(page(resident)).status_code == 302


def test_nobody_is_nobody(gp: Client) -> None:
    assert gp.get(reverse("referral:new", args=[new_id()])).status_code == 404


@pytest.mark.parametrize(
    "field",
    [
        "reason",
        "complaint",
        "outside_name",
        "diagnosis_code_words",
        "specialty",
        "to_institution_id",
        "idempotency_key",
        "parent",
        "rule_ids",
    ],
)
def test_markup_in_any_field_stays_text(
    field: str, gp: Client, resident: Person
) -> None:
    answer = gp.post(write(resident), typed("", **{field: EVIL}))
    assert EVIL not in words(answer)
    assert answer.status_code == 422


def test_a_village_has_no_way_down_and_a_tertiary_none_up(
    village: Place, tertiary: Place
) -> None:
    here, there = region.contracted(village, "甲"), region.contracted(tertiary, "乙")
    low = words(as_actor(village.doctor).get(page(here)))
    high = words(as_actor(tertiary.doctor).get(page(there)))
    assert 'name="way" value="down"' not in low
    assert 'name="way" value="up"' not in high


def test_going_on_takes_the_diagnosis_of_the_hop_before(
    township: Place, county: Place, tertiary: Place, resident: Person
) -> None:
    before = region.arrived(township, county, resident)
    client = as_actor(county.doctor)
    text = words(client.get(f"{page(resident)}?parent={before.id}"))
    assert f'name="parent" value="{before.id}"' in text
    assert "I10.x00" in text
    sheet = typed(tertiary.id, parent=str(before.id))
    assert client.post(write(resident), sheet).status_code == 302
    assert Referral.objects.get(parent=before).to_institution == tertiary.institution


def test_a_parent_that_is_not_here_gives_nothing_away(
    gp: Client, waiting: Referral, resident: Person
) -> None:
    text = words(gp.get(f"{page(resident)}?parent={waiting.id}"))
    assert 'name="parent"' not in text
    assert gp.get(f"{page(resident)}?parent=nonsense&way=nonsense").status_code == 200


class TestEditing:
    def test_a_draft_is_opened_changed_and_sent(
        self, gp: Client, township: Place, county: Place, resident: Person
    ) -> None:
        draft = region.drafted(township, county, resident)
        text = words(gp.get(reverse("referral:edit", args=[draft.id])))
        assert "氨氯地平" in text
        sheet = typed(county.id, revision=draft.revision, reason="改写的原因")
        answer = gp.post(reverse("referral:rewrite", args=[draft.id]), sheet)
        draft.refresh_from_db()
        assert answer.status_code == 302
        assert (draft.state, draft.reason) == (State.SUBMITTED, "改写的原因")

    def test_a_stale_tab_keeps_what_was_typed(
        self, gp: Client, township: Place, county: Place, resident: Person
    ) -> None:
        draft = region.drafted(township, county, resident)
        sheet = typed(county.id, revision=draft.revision, act="draft")
        address = reverse("referral:rewrite", args=[draft.id])
        gp.post(address, sheet | {"reason": "先到的"})
        answer = gp.post(address, sheet | {"reason": "后到的"})
        draft.refresh_from_db()
        assert answer.status_code == 409
        assert "后到的" in words(answer)
        assert draft.reason == "先到的"

    def test_what_is_sent_can_only_be_completed(
        self, gp: Client, waiting: Referral, county: Place, tertiary: Place
    ) -> None:
        receiving.request_info(county.desk, waiting.id, question="血压记录？")
        address = reverse("referral:edit", args=[waiting.id])
        assert 'name="to_institution_id"' not in words(gp.get(address))
        waiting.refresh_from_db()
        sheet = typed(
            tertiary.id, revision=waiting.revision, results="补充的结果", urgency="stat"
        )
        gp.post(reverse("referral:rewrite", args=[waiting.id]), sheet)
        waiting.refresh_from_db()
        assert waiting.content["results"] == "补充的结果"
        assert waiting.to_institution == county.institution
        assert waiting.urgency == "routine"
        assert waiting.state == State.INFO_REQUESTED

    def test_the_receiver_and_the_late_do_not_edit(
        self, gp: Client, waiting: Referral, county: Place, stranger: Place
    ) -> None:
        address = reverse("referral:edit", args=[waiting.id])
        assert gp.get(address).status_code == 403
        assert as_actor(county.doctor).get(address).status_code == 403
        assert as_actor(stranger.doctor).get(address).status_code == 404


def test_the_page_is_bounded(
    gp: Client,
    resident: Person,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    gp.get(page(resident))
    with django_assert_max_num_queries(55):
        gp.get(page(resident))


def test_all_that_a_submission_lacks_is_named_at_once(
    gp: Client, resident: Person
) -> None:
    sheet = typed("", complaint="", treatment="", consent_by="", diagnosis_code="")
    text = words(gp.post(write(resident), sheet))
    for told in (
        "请填写主诉",
        "请填写已做处理",
        "请记录是谁同意",
        "请选择接收机构",
        "没有这个诊断编码",
    ):
        assert told in text


def test_a_rule_for_going_up_is_no_ground_to_go_down(
    gp: Client, county: Place, resident: Person
) -> None:
    gp.post(write(resident), typed(county.id, rule_ids=["HTN-F3", "HTN-D1", "X-1"]))
    assert Referral.objects.get().rule_ids == ["HTN-F3"]


class TestDestinations:
    def ask(self, client: Client, person: Person, name: str, **changes: Any) -> str:
        answer = client.post(reverse(name, args=[person.id]), typed(**changes))
        assert answer.status_code == 200
        return words(answer)

    def test_they_come_with_reasons_and_clauses(
        self, gp: Client, county: Place, resident: Person
    ) -> None:
        text = self.ask(gp, resident, "referral:destinations")
        assert "永宁县人民医院" in text
        assert "双向转诊协议有效" in text
        assert "NX-2.2.4-c" in text
        assert f'value="{county.id}:{county.ward.id}"' in text

    def test_the_choice_is_kept_even_when_it_is_no_longer_among_the_best(
        self, gp: Client, county: Place, stranger: Place, resident: Person
    ) -> None:
        for place in (county, stranger):
            text = self.ask(gp, resident, "referral:destinations", to=place.id)
            chosen = [part for part in text.split("<input") if str(place.id) in part]
            assert " checked" in chosen[0]

    def test_without_a_lane_it_is_said(self, gp: Client, resident: Person) -> None:
        text = self.ask(gp, resident, "referral:destinations")
        assert "无绿色通道" in text
        assert "没有有效的双向转诊协议" in text

    def test_another_house_is_found_by_name_in_the_direction(
        self, gp: Client, resident: Person
    ) -> None:
        name = "referral:other_institutions"
        assert "平罗县人民医院" in self.ask(gp, resident, name, other="平罗")
        for none in ("红星村", "%", "没有这家", EVIL):
            text = self.ask(gp, resident, name, other=none)
            assert "没有找到" in text
            assert EVIL not in text
        assert self.ask(gp, resident, name, other=" ").strip() == ""

    def test_junk_changes_nothing(self, gp: Client, resident: Person) -> None:
        junk = {
            "way": EVIL,
            "urgency": "x",
            "specialty": EVIL,
            "diagnosis_code": "x" * 900,
        }
        assert EVIL not in self.ask(gp, resident, "referral:destinations", **junk)

    def test_not_for_strangers(self, stranger: Place, resident: Person) -> None:
        client = as_actor(stranger.doctor)
        for name in ("referral:destinations", "referral:other_institutions"):
            answer = client.post(reverse(name, args=[resident.id]), typed())
            assert answer.status_code == 404
        handover = reverse("referral:handover", args=[resident.id])
        assert client.get(handover).status_code == 403

    def test_the_parts_of_the_other_direction_come_when_wanted(
        self, township: Place, resident: Person
    ) -> None:
        client = as_actor(township.doctor)
        address = reverse("referral:handover", args=[resident.id])
        assert 'name="warning_signs"' in words(client.get(f"{address}?way=down"))
        assert 'name="complaint"' in words(client.get(f"{address}?way=up"))


@pytest.mark.parametrize("junk", ["\x00", "9" * 3000, "😀\u202e", "%_'\";--", "１００"])
@pytest.mark.parametrize(
    "field",
    sorted(
        {
            *typed(),
            "other",
            "outside_name",
            "outside_place",
            "rule_ids",
            "parent",
            "skip_reason",
            "revision",
        }
    ),
)
def test_junk_in_any_field_gets_a_clear_answer(
    field: str, junk: str, gp: Client, county: Place, township: Place, resident: Person
) -> None:
    draft = region.drafted(township, county, resident)
    sheet = typed(county.id, revision=draft.revision) | {field: junk}
    for address in (
        write(resident),
        reverse("referral:rewrite", args=[draft.id]),
        reverse("referral:destinations", args=[resident.id]),
        reverse("referral:other_institutions", args=[resident.id]),
    ):
        assert gp.post(address, sheet).status_code in (200, 302, 409, 422)
