"""The main job, from a township up to a tertiary hospital and back down again.

Third-party records come in by file; a doctor refers one of these persons; three
desks work on it in windows of their own; an outsider sees nothing; the auditor
sees all of it.
"""

import re
import tarfile
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from journeys.conftest import ROOT, Region

SYNTHEA = ROOT.parent / "shared/data/synthea/fhir-data-pipes_sample_data_small.tar.gz"
OWN = ROOT / "journeys/data"
TOWNSHIP = "640121104-C1"  # 闽宁镇中心卫生院 of the demo region
Enter = Callable[..., Page]


@pytest.fixture(scope="module")
def foreign_person(region: Region, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of somebody whose record came from another system."""
    folder, name = OWN, "Testperson"
    if SYNTHEA.exists():
        folder, name = tmp_path_factory.mktemp("synthea"), "Neomi684"
        with tarfile.open(SYNTHEA) as archive:
            parts = ("Hand679", "hospitalInformation", "practitionerInformation")
            wanted = [
                m for m in archive.getmembers() if any(p in m.name for p in parts)
            ]
            archive.extractall(folder, wanted, filter="data")
    loaded = region.run("load", "fhir", str(folder), "--institution", TOWNSHIP)
    assert "not loaded 0" in loaded.stdout, loaded.stdout + loaded.stderr
    again = region.run("load", "fhir", str(folder), "--institution", TOWNSHIP)
    assert "新增 new 0" in again.stdout, again.stdout + again.stderr
    assert "residents registered 0" in again.stdout, again.stdout
    return name


def test_a_patient_goes_up_and_on_and_comes_down(
    enter: Enter, foreign_person: str
) -> None:
    desk = enter("county_desk")
    expect(desk.locator("h1")).to_contain_text("转诊接收台")

    number = _refer_up(enter("township_gp"), foreign_person)

    # The county desk sees it without reloading.
    row = desk.locator("article.hop", has_text=foreign_person)
    expect(row).to_be_visible(timeout=20_000)
    row.locator("a.who").click()
    _press(desk, "询问", question="请补充近期心电图结果")
    expect(desk.locator("#referral-body")).to_contain_text("待补充资料")

    gp = enter("township_gp")
    _open(gp, number)
    _press(gp, "补充资料", answer="心电图：ST 段压低 0.1 mV")
    expect(gp.locator("#referral-body")).to_contain_text("待应答")

    _open(desk, number)
    _press(desk, "接收", place="bed")
    expect(desk.locator("#referral-body")).to_contain_text("已安排")
    _press(desk, "登记到诊")
    expect(desk.locator("#referral-body")).to_contain_text("已到诊")

    doctor = enter("county_clinician")
    _open(doctor, number)
    _press(doctor, "开始诊治")
    expect(doctor.locator("#referral-body")).to_contain_text("在诊治")
    onward = _send_on(doctor, "宁医大总院", way="up")

    tertiary = enter("tertiary_desk")
    _open(tertiary, onward)
    _press(tertiary, "接收", place="bed")
    _press(tertiary, "登记到诊")
    specialist = enter("tertiary_specialist")
    _open(specialist, onward)
    _press(specialist, "开始诊治")
    down = _send_on(specialist, "永宁县闽宁镇中心卫生院", way="down")

    _open(doctor, number)
    _feed_back(doctor)
    township = enter("township_desk")
    _open(township, down)
    _press(township, "接收", place="time", visit_at="2030-01-02T09:00")
    _press(township, "登记到诊")
    expect(township.locator("#referral-body")).to_contain_text("首次随访")
    _open(specialist, onward)
    _feed_back(specialist)
    _open(gp, down)
    _press(gp, "反馈并完成", course="血压平稳，首次随访无不适", disposition="home")
    expect(gp.locator("#referral-body")).to_contain_text("已完成")
    # The loop is closed: the sender reads what the county wrote back.
    _open(gp, number)
    expect(gp.locator("#referral-body")).to_contain_text("冠脉造影后好转")

    _outsider_sees_nothing(enter("outside_doctor"), gp.url, foreign_person)
    _auditor_sees_all(enter("auditor"))


def _refer_up(page: Page, name: str) -> str:
    page.locator("#find").fill(name)
    page.locator("#find").press("Enter")
    page.get_by_role("link", name="打开档案").first.click()
    page.get_by_role("link", name=re.compile("新建转诊|开具转诊")).first.click()
    _fill_sheet(page, "永宁县人民医院", way="up")
    return _submitted(page)


def _send_on(page: Page, target: str, *, way: str) -> str:
    page.get_by_role("link", name="继续转诊").click()
    _fill_sheet(page, target, way=way)
    return _submitted(page)


def _fill_sheet(page: Page, target: str, *, way: str) -> None:
    page.wait_for_load_state("networkidle")
    page.locator(f"input[name=way][value={way}]").check(force=True)
    page.locator("input[name=urgency][value=urgent]").check(force=True)
    picker = page.locator("[data-picker] input[role=combobox]")
    picker.fill("")
    picker.press_sequentially("I20.0", delay=40)
    page.locator("[role=option][data-code]").first.click()
    page.locator("select[name=specialty]").select_option("cardiology")
    page.locator("textarea[name=reason]").fill("请进一步诊治")
    page.wait_for_timeout(800)
    page.locator("#destinations label", has_text=target).first.click()
    texts = {
        "complaint": "反复胸痛 3 天",
        "exam": "血压 150/90 mmHg，心率 82 次/分",
        "treatment": "阿司匹林 100 mg 每日一次",
        "discharge_summary": "胸痛缓解，生命体征平稳",
        "drugs": "阿司匹林肠溶片 100mg 每日1次",
        "targets": "血压 < 140/90 mmHg",
        "warning_signs": "胸痛超过 20 分钟立即就诊",
        "upper_contact": "心内科 0951-6012345",
    }
    for key, words in texts.items():
        box = page.locator(f"textarea[name={key}]:visible")
        if box.count() and not box.first.input_value().strip():
            box.first.fill(words)
    if page.locator("textarea[name=complaint]:visible").count():
        page.locator("textarea[name=complaint]").fill("反复胸痛 3 天")
    for reason in ("skip_reason", "outside_reason"):
        select = page.locator(f"select[name={reason}]:visible")
        if select.count():
            select.first.select_option("no_capability")
    page.locator("input[name=consent_by][value=self]").check(force=True)


def _submitted(page: Page) -> str:
    page.get_by_role("button", name="提交").click()
    expect(page.locator("h1")).to_contain_text("转诊单 Z")
    found = re.search(r"Z\d{6}-\w{6}-\w", page.locator("h1").inner_text())
    assert found is not None
    return found.group()


def _open(page: Page, number: str) -> None:
    """As at a desk: the number is typed or scanned."""
    page.goto(_root(page) + "/referrals/?tab=waiting")
    page.locator("input[name=number]").fill(number)
    page.locator("input[name=number]").press("Enter")
    expect(page.locator("h1")).to_contain_text(number)


def _press(page: Page, step: str, **facts: str) -> None:
    """Take a step on the page of a hop, with what its form asks for."""
    body = page.locator("#referral-body .steps")
    panel = body.locator("details.panel", has=page.locator("summary", has_text=step))
    if not panel.count():
        body.get_by_role("button", name=step).click()
        page.wait_for_timeout(500)
        return
    panel.first.locator("summary").click()
    form = panel.first.locator("form")
    form.wait_for()
    for name, value in facts.items():
        _answer(form, name, value)
    if facts.get("place") == "bed":
        _choose_a_ward_with_beds(form)
    form.get_by_role("button").last.click()
    form.wait_for(state="detached")


def _answer(form: Locator, name: str, value: str) -> None:
    radio = form.locator(f"input[type=radio][name={name}][value='{value}']")
    select = form.locator(f"select[name={name}]")
    if radio.count():
        radio.check(force=True)
    elif select.count():
        select.select_option(value)
    else:
        form.locator(f"[name={name}]").fill(value)


def _choose_a_ward_with_beds(form: Locator) -> None:
    select = form.locator("select[name=department_id]")
    chosen = select.locator("option:checked").inner_text()
    if "空床 0" in chosen:
        words = select.locator("option").all_inner_texts()
        free = next(w for w in words if "空床" in w and "空床 0" not in w)
        select.select_option(label=free)


def _feed_back(page: Page) -> None:
    _press(
        page,
        "反馈并完成",
        diagnosis="不稳定型心绞痛",
        course="冠脉造影后好转",
        advice="两周后复查，胸痛再发及时上转",
        disposition="transferred",
    )
    expect(page.locator("#referral-body")).to_contain_text("已完成")


def _outsider_sees_nothing(page: Page, address: str, name: str) -> None:
    answer = page.goto(address)
    assert answer is not None
    assert answer.status == 404
    page.goto(_root(page))
    page.locator("#find").fill(name)
    page.locator("#find").press("Enter")
    expect(page.locator("#main")).not_to_contain_text(name)


def _auditor_sees_all(page: Page) -> None:
    page.goto(_root(page) + "/audit/")
    main = page.locator("#main")
    for words in ("转诊", "海原县人民医院"):
        expect(main).to_contain_text(words)


def _root(page: Page) -> str:
    return "/".join(page.url.split("/")[:3])
