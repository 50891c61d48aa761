"""Letters that print, and finding one by its number."""

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from django.template import engines
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from yilian.care.referral.models import Referral
from yilian.care.referral.queries import desk
from yilian.care.referral.rules.attachments import PaperKind, Part
from yilian.care.referral.services import attaching, receiving
from yilian.care.referral.services.attaching import Paper
from yilian.care.referral.tests import world as region
from yilian.care.referral.tests.browsing import (
    EVIL,
    as_actor,
    as_authority,
    plain,
    words,
)
from yilian.care.referral.tests.world import (
    DOWN_CONTENT,
    FEEDBACK,
    UP_CONTENT,
    Place,
)
from yilian.foundation.access.actor import Role
from yilian.foundation.audit.models import AuditEntry
from yilian.foundation.files.tests import samples
from yilian.kernel.ids import new_id
from yilian.registry.population.models import Person
from yilian.resources.reception.rules import Disposition

pytestmark = pytest.mark.django_db


def letter(referral: Referral) -> str:
    return reverse("referral:print", args=[referral.id])


def feedback(referral: Referral) -> str:
    return reverse("referral:print_feedback", args=[referral.id])


def test_the_letter_carries_number_parts_and_contacts(
    waiting: Referral, county: Place
) -> None:
    county.institution.referral_phone = "0951-8880001"
    county.institution.save()
    answer = as_actor(county.doctor).get(letter(waiting))
    text = plain(answer)
    assert answer.status_code == 200
    assert waiting.number in text
    assert all(part in text for part in UP_CONTENT.values())
    assert "上转" in text
    for form in ("存根", "双向转诊（转出）单", "双向转诊回执"):
        assert form in text
    assert "接诊医师（签字）" in text
    assert text.count("（盖章）") == 2
    assert 'href="tel:09518880001"' in words(answer)


def test_the_code_holds_the_number_and_nothing_else(
    waiting: Referral, county: Place
) -> None:
    drawn = cast(Any, engines["jinja2"]).env.globals["qr_svg"](waiting.number)
    assert str(drawn) in words(as_actor(county.doctor).get(letter(waiting)))


def test_going_down_the_sheet_has_plan_drugs_and_warning_signs(
    county: Place, township: Place
) -> None:
    person = region.contracted(county, "丁桂兰")
    down = region.submitted(county, township, person, content=dict(DOWN_CONTENT))
    text = plain(as_actor(township.doctor).get(letter(down)))
    assert "双向转诊（回转）单" in text
    assert "现转回贵单位" in text
    assert all(part.replace("<", "&lt;") in text for part in DOWN_CONTENT.values())
    assert "7–14 天" in text


def test_printing_is_written_down(waiting: Referral, county: Place) -> None:
    as_actor(county.doctor).get(letter(waiting))
    row = AuditEntry.objects.get(action="referral.print")
    assert (row.object_id, row.detail) == (waiting.id, {"paper": "letter"})


def test_a_declined_house_prints_nothing(waiting: Referral, county: Place) -> None:
    receiving.decline(county.desk, waiting.id, reason_code="no_bed")
    answer = as_actor(county.doctor).get(letter(waiting))
    assert answer.status_code == 403
    assert "胸闷" not in words(answer)


@pytest.mark.parametrize("address", [letter, feedback])
def test_outsiders_learn_nothing(
    address: object, waiting: Referral, stranger: Place
) -> None:
    page = address(waiting)  # type: ignore[operator]
    assert as_actor(stranger.doctor).get(page).status_code == 404
    assert as_authority(Role.INSURER).get(page).status_code == 404
    assert Client().get(page).status_code == 302


def test_the_feedback_prints_once_it_is_given(
    township: Place, county: Place, resident: Person
) -> None:
    here = region.arrived(township, county, resident)
    gp = as_actor(township.doctor)
    early = gp.get(feedback(here))
    assert early.status_code == 404
    assert "还没有反馈" in words(early)
    receiving.complete(
        county.doctor, here.id, feedback=dict(FEEDBACK),
        disposition=Disposition.HOME,
    )  # fmt: skip
    text = plain(gp.get(feedback(here)))
    assert all(part in text for part in FEEDBACK.values())


def test_markup_in_a_letter_stays_text(
    township: Place, county: Place, resident: Person
) -> None:
    content = dict(UP_CONTENT) | {"complaint": EVIL}
    sent = region.submitted(township, county, resident, content=content, reason=EVIL)
    assert EVIL not in words(as_actor(county.doctor).get(letter(sent)))


class TestFinding:
    def test_a_number_typed_carelessly_leads_to_the_referral(
        self, waiting: Referral, county: Place
    ) -> None:
        client = as_actor(county.desk)
        for said in (waiting.number, f" {waiting.number.lower().replace('-', ' ')} "):
            answer = client.post(reverse("referral:find"), {"number": said})
            assert answer["Location"] == reverse("referral:detail", args=[waiting.id])

    @pytest.mark.parametrize("typed", ["", "Z", EVIL, "Z261121-7K3QMF-5", "1" * 900])
    def test_a_slip_is_said_and_kept(self, typed: str, county: Place) -> None:
        answer = as_actor(county.desk).post(reverse("referral:find"), {"number": typed})
        assert answer.status_code == 422
        assert "不是完整的转诊单号" in words(answer)
        assert EVIL not in words(answer)

    def test_a_right_number_of_others_is_as_if_it_were_not(
        self, waiting: Referral, stranger: Place
    ) -> None:
        client = as_actor(stranger.desk)
        answer = client.post(reverse("referral:find"), {"number": waiting.number})
        assert answer.status_code == 404
        assert "没有这张转诊单" in words(answer)

    def test_the_page_itself_opens(self, county: Place) -> None:
        assert as_actor(county.desk).get(reverse("referral:find")).status_code == 200


def paper(referral: Referral, name: str) -> str:
    return reverse("referral:paper", args=[referral.id, name])


def test_houses_stand_on_paper_as_on_their_stamp(
    waiting: Referral, township: Place, county: Place
) -> None:
    township.institution.legal_name = "永宁县望远镇中心卫生院"
    township.institution.save()
    text = plain(as_actor(county.doctor).get(letter(waiting)))
    assert "永宁县望远镇中心卫生院（盖章）" in text


def test_a_demo_says_on_every_form_that_it_is_one(
    waiting: Referral, county: Place, settings: Settings
) -> None:
    settings.YILIAN_DEMO = True
    doctor = as_actor(county.doctor)
    for name in ("letter", "consent"):
        assert "演示数据：人员、数字和事件均为虚构" in plain(
            doctor.get(paper(waiting, name))
        )


def test_the_consent_form_tells_what_is_agreed_to_and_who_signs(
    waiting: Referral, township: Place
) -> None:
    text = plain(as_actor(township.doctor).get(paper(waiting, "consent")))
    assert "双向转诊知情同意书" in text
    assert "永宁县人民医院" in text
    assert "每一次查看都有记录" in text
    assert "代办人（签字）" in text
    assert "系统记录的同意：患者本人" in text


def test_the_plan_goes_down_with_drugs_and_warning_signs_and_only_down(
    county: Place, township: Place, waiting: Referral
) -> None:
    person = region.contracted(county, "丁桂兰")
    down = region.submitted(county, township, person, content=dict(DOWN_CONTENT))
    nurse = as_actor(township.nurse)
    text = plain(nurse.get(paper(down, "plan")))
    assert "下转接续治疗计划" in text
    assert "立即就诊或打 120 胸痛超过 15 分钟" in re.sub(r"\s+", " ", text)
    assert "阿司匹林 100 mg 每日一次 长期" in text
    assert nurse.get(paper(waiting, "plan")).status_code == 404
    assert nurse.get(paper(down, "anything")).status_code == 404


def test_attached_papers_are_listed_on_the_letter(
    waiting: Referral, township: Place, tmp_path: Path, settings: Settings
) -> None:
    settings.YILIAN_DATA = tmp_path
    data = samples.pdf()
    sent = Paper(Part.HANDOVER, PaperKind.REPORT, "心电图", "a.pdf", len(data),
                 io.BytesIO(data))  # fmt: skip
    attaching.attach(township.doctor, waiting.id, sent, key=new_id())
    assert "1. 心电图（检查报告）" in plain(
        as_actor(township.doctor).get(letter(waiting))
    )


def test_the_follow_up_sheet_carries_what_is_known(
    county: Place, township: Place
) -> None:
    person = region.contracted(county, "丁桂兰")
    down = region.arrived(county, township, person, content=dict(DOWN_CONTENT))
    task = down.follow_ups.get(kind="first_visit")
    page = reverse("referral:print_follow_up", args=[task.id])
    text = plain(as_actor(township.nurse).get(page))
    assert "转诊患者随访记录表" in text
    assert "首次随访" in text
    assert "血压 &lt;130/80 mmHg" in text
    assert as_actor(county.nurse).get(page).status_code == 404
    row = AuditEntry.objects.get(action="referral.print")
    assert row.detail == {"paper": "follow_up"}


def test_a_work_list_prints_a_whole_tab_and_says_whom_it_showed(
    township: Place, county: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "PAGE", 2)
    people = [region.contracted(township, f"马{n}") for n in "一二三四五"]
    hops = [region.submitted(township, county, person) for person in people]
    page = reverse("referral:print_list", args=["desk"])
    text = plain(as_actor(county.desk).get(page))
    assert all(hop.number in text for hop in hops)
    assert "共 5 张" in text
    row = AuditEntry.objects.get(action="referral.export")
    assert row.object_kind == "work_list"
    assert set(row.person_ids) == {person.id for person in people}
    assert row.detail == {"rows": 5, "side": "desk", "tab": "waiting"}


@pytest.mark.parametrize(
    ("post", "status"),
    [("desk", 200), ("doctor", 200), ("nurse", 403)],
)
def test_who_prints_a_work_list(post: str, status: int, county: Place) -> None:
    client = as_actor(getattr(county, post))
    assert (
        client.get(reverse("referral:print_list", args=["sent"])).status_code == status
    )
    if status == 200:
        other = client.get(reverse("referral:print_list", args=["else"]))
        assert other.status_code == 404


@pytest.mark.parametrize("name", ["letter", "consent", "plan", "feedback"])
@pytest.mark.parametrize(
    ("who", "before", "after_declining"),
    [
        ("sender", 200, 200),
        ("receiver", 200, 403),
        ("stranger", 404, 404),
        ("insurer", 404, 404),
        ("nobody", 302, 302),
    ],
)
def test_who_prints_what(
    name: str, who: str, before: int, after_declining: int,
    township: Place, county: Place, stranger: Place,
) -> None:  # fmt: skip
    person = region.contracted(county, "丁桂兰")
    down = region.submitted(county, township, person, content=dict(DOWN_CONTENT))
    clients: dict[str, Callable[[], Client]] = {
        "sender": lambda: as_actor(county.nurse),
        "receiver": lambda: as_actor(township.doctor),
        "stranger": lambda: as_actor(stranger.doctor),
        "insurer": lambda: as_authority(Role.INSURER),
        "nobody": Client,
    }
    client = clients[who]()
    # There is no feedback yet: whoever may read is told so.
    readable = 404 if name == "feedback" else 200
    expected = readable if before == 200 else before
    assert client.get(paper(down, name)).status_code == expected
    receiving.decline(township.desk, down.id, reason_code="no_bed")
    expected = readable if after_declining == 200 else after_declining
    assert client.get(paper(down, name)).status_code == expected
