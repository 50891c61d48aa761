"""A country doctor whose line drops: what was written waits, and is sent once."""

import re
from collections.abc import Callable, Iterator
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from journeys.backstage import Backstage
from journeys.conftest import Region

Enter = Callable[..., Page]
HOSPITAL = "永宁县人民医院"
HERE = "640121104-C1"  # 闽宁镇中心卫生院 of the demo region
WHO = "township_gp"


@pytest.fixture(scope="module")
def behind(region: Region) -> Backstage:
    return Backstage(region.data)


@pytest.fixture
def doctor(enter: Enter) -> Iterator[Page]:
    page = enter(WHO, width=390)
    yield page
    page.context.set_offline(False)


@pytest.fixture
def patients(behind: Backstage) -> list[UUID]:
    """Living residents of the doctor's house with nothing open."""
    return behind.contracted(HERE)


def test_a_referral_written_without_a_line_waits_and_is_sent_once(
    doctor: Page, patients: list[UUID], behind: Backstage, region: Region
) -> None:
    person = patients[0]
    fill(doctor, f"{region.address}/referrals/new/{person}")
    doctor.context.set_offline(True)
    doctor.get_by_role("button", name="提交").click()
    expect(doctor.locator("[data-told]")).to_contain_text("尚未发送")
    expect(doctor.locator("#kept")).to_contain_text("1 份内容尚未发送")
    assert sent_of(behind, person) == 0

    # Away to another page, which cannot be had: we say so, and what waits.
    doctor.goto(f"{region.address}/referrals/sent")
    expect(doctor.locator("h1")).to_contain_text("没有连上服务器")
    expect(doctor.locator("[data-kept-count]")).to_contain_text("1 份")

    doctor.context.set_offline(False)
    heading = doctor.locator("h1")
    expect(heading).to_contain_text("已发出的转诊", timeout=15_000)
    told = doctor.locator(".toast", has_text="联网后已发送")
    expect(told).to_be_visible()
    told.get_by_role("link").click()
    expect(doctor.locator("h1")).to_contain_text(re.compile("转诊单 Z"))
    expect(doctor.locator("#kept")).to_have_count(0)
    assert sent_of(behind, person) == 1


def test_who_was_referred_meanwhile_is_told_and_nothing_is_lost(
    doctor: Page, patients: list[UUID], behind: Backstage, region: Region, enter: Enter
) -> None:
    person = patients[1]
    fill(doctor, f"{region.address}/referrals/new/{person}")
    doctor.context.set_offline(True)
    doctor.get_by_role("button", name="提交").click()
    doctor.locator("#kept").wait_for()

    colleague = enter(WHO)
    fill(colleague, f"{region.address}/referrals/new/{person}")
    colleague.get_by_role("button", name="提交").click()
    expect(colleague.locator("h1")).to_contain_text("转诊单 Z")

    doctor.context.set_offline(False)
    expect(doctor.locator("main .alert.stat")).to_contain_text("未办结的转诊")
    doctor.goto(f"{region.address}/referrals/sent")
    expect(doctor.locator("#kept")).to_contain_text("未办结的转诊")
    doctor.locator("#kept").get_by_text("打开修改").click()
    expect(doctor.locator("textarea[name=complaint]")).to_have_value("反复胸痛 3 天")
    assert sent_of(behind, person) == 1


def test_a_session_that_ended_meanwhile_sends_it_after_signing_in(
    doctor: Page, patients: list[UUID], behind: Backstage, region: Region
) -> None:
    person = patients[2]
    fill(doctor, f"{region.address}/referrals/new/{person}")
    doctor.context.clear_cookies(name="yilian_session")
    doctor.get_by_role("button", name="提交").click()
    expect(doctor.locator("[data-told]")).to_contain_text("重新登录")
    doctor.goto(f"{region.address}/demo/cast")
    doctor.locator(f"button[value='{WHO}']").click()
    expect(doctor.locator(".toast", has_text="联网后已发送")).to_be_visible()
    assert sent_of(behind, person) == 1


def test_a_follow_up_written_without_a_line_is_done_once(
    doctor: Page, behind: Backstage, region: Region
) -> None:
    doctor.goto(f"{region.address}/referrals/follow-ups")
    form = doctor.locator("form.outcome").first
    found = re.search(r"[0-9a-f-]{36}$", form.get_attribute("action") or "")
    assert found is not None
    form.locator("textarea").fill("血压 132/82，服药规律，无不适")
    doctor.context.set_offline(True)
    form.get_by_role("button", name="登记").click()
    expect(doctor.locator("#kept")).to_contain_text("1 份内容尚未发送")
    doctor.context.set_offline(False)
    expect(doctor.locator("#kept")).to_have_count(0)
    doctor.wait_for_load_state()
    outcome = behind.one(
        "SELECT outcome FROM referral_followup WHERE id = %s", found.group()
    )
    assert outcome == "血压 132/82，服药规律，无不适"


def fill(page: Page, address: str) -> None:
    page.goto(address)
    page.wait_for_load_state("networkidle")
    page.locator("input[name=urgency][value=urgent]").check(force=True)
    picker = page.locator("[data-picker] input[role=combobox]")
    picker.fill("")
    picker.press_sequentially("I20.0", delay=40)
    page.locator("[role=option][data-code]").first.click()
    page.locator("select[name=specialty]").select_option("cardiology")
    page.locator("textarea[name=reason]").fill("请进一步诊治")
    page.wait_for_timeout(800)
    page.locator("#destinations label", has_text=HOSPITAL).first.click()
    texts = {
        "complaint": "反复胸痛 3 天",
        "exam": "血压 150/90 mmHg，心率 82 次/分",
        "treatment": "阿司匹林 100 mg 每日一次",
    }
    for name, words in texts.items():
        page.locator(f"textarea[name={name}]").fill(words)
    page.locator("input[name=consent_by][value=self]").check(force=True)
    page.wait_for_timeout(400)


def sent_of(behind: Backstage, person: UUID) -> int:
    count: int = behind.one(
        "SELECT count(*) FROM referral_referral"
        " WHERE person_id = %s AND submitted_at > now() - interval '10 minutes'",
        person,
    )
    return count
