"""Money in a browser: settled by a clerk, filed late by the house, decided by one,
confirmed by another, read by the resident."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from bench.faults.stage import beside
from journeys.conftest import Region
from yilian.foundation.files.tests import samples

Enter = Callable[..., Page]


def test_a_late_emergency_is_paid_after_two_clerks_and_the_resident_sees_it(
    enter: Enter, region: Region, tmp_path: Path
) -> None:
    number = _bill_of(region, "resident_child")
    clerk, second = enter("insurance_clerk"), enter("insurance_supervisor")

    # The clerk finds it among those that wait, and settles it: it counts half.
    clerk.goto(f"{region.address}/insurance/settlements/waiting")
    clerk.get_by_role("link", name=number).click()
    clerk.get_by_role("button", name="办理结算", exact=True).click()
    expect(clerk.get_by_text("未按规定转诊").first).to_be_visible()
    before = _own(clerk)

    # The house registers the emergency, with the paper of that night.
    house = enter("county_finance")
    house.goto(f"{region.address}/insurance/settlements?text={number}")
    house.locator("table.found a").first.click()
    house.get_by_role("link", name="急诊补登").click()
    house.get_by_label("原因").fill("夜间急腹症，由急救车送来，当即手术")
    house.get_by_label("急诊分诊级别").select_option("2")
    paper = tmp_path / "triage.pdf"
    paper.write_bytes(samples.pdf())
    house.locator("#evidence-files").set_input_files(paper)
    house.get_by_role("button", name="提交", exact=True).click()
    expect(house.get_by_text("待审核").first).to_be_visible()
    filing = house.url

    # One decides, and cannot confirm; another confirms.
    clerk.goto(filing)
    expect(clerk.get_by_text("基金差额 +").first).to_be_visible()
    clerk.get_by_role("radio", name="通过", exact=True).check()
    clerk.get_by_label("理由").fill("分诊记录属实")
    clerk.get_by_role("button", name="提交结论").click()
    expect(clerk.get_by_text("请另一位经办人员复核")).to_be_visible()
    expect(clerk.get_by_role("button", name="同意，生效")).to_have_count(0)
    second.goto(filing)
    second.get_by_role("button", name="同意，生效").click()
    expect(second.get_by_text("已通过并重新结算")).to_be_visible()

    # The resident reads on a phone what was paid in the end.
    own = enter("resident_child", width=360)
    own.goto(f"{region.address}/insurance/mine")
    latest = own.locator("article.my-bill").first
    expect(latest.get_by_text("这一次重新结算过")).to_be_visible()
    expect(latest.get_by_role("link", name="申诉")).to_have_count(0)
    latest.get_by_role("link", name="看每一步怎么算的").click()
    expect(own.get_by_text("急诊抢救").first).to_be_visible()
    assert _own(own) < before
    wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    assert own.evaluate(wide) is False


def _bill_of(region: Region, username: str) -> str:
    made = beside(region.data, "journeys.billing", username)
    assert made.returncode == 0, made.stderr
    return made.stdout.split()[-1]


def _own(page: Page) -> float:
    """What the patient pays by the settlement on the page."""
    line = page.locator("table.bill tr.sum", has_text="个人负担").locator("td").last
    return float(line.inner_text().replace(",", ""))
