"""Papers on paper and on the wire: forms as PDF, files from a phone to a hospital."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from journeys.backstage import Backstage
from journeys.conftest import Region
from journeys.faulty import Scene
from yilian.foundation.files.rules.pdf import problem
from yilian.foundation.files.tests import samples

Enter = Callable[..., Page]
PAGE = re.compile(rb"/Type\s*/Page(?![a-zA-Z])")
A4 = (595, 842)


@pytest.fixture(scope="module")
def behind(region: Region) -> Backstage:
    return Backstage(region.data)


def printed(page: Page, address: str) -> bytes:
    answer = page.goto(address)
    assert answer is not None
    assert answer.status == 200, address
    page.wait_for_load_state("networkidle")
    data: bytes = page.pdf(prefer_css_page_size=True)
    assert problem(data) is None
    return data


def sizes_of(data: bytes) -> set[tuple[int, int]]:
    boxes = re.findall(rb"/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]", data)
    return {(round(float(width)), round(float(height))) for width, height in boxes}


HERE = (
    " (SELECT institution_id FROM directory_practitionerrole post"
    " JOIN identity_account who ON who.id = post.account_id WHERE who.username = %s)"
)
# Of the region's own story: a patient whom another journey has loaded from files may
# bring a letter of two pages.
UP = (
    f"SELECT id FROM referral_referral WHERE from_institution_id = {HERE}"  # noqa: S608
    " AND direction = 'up' AND feedback <> '{}'"
    " AND created_at < now() - interval '2 hours' ORDER BY created_at DESC LIMIT 1"
)
# A county hospital sends many down; a single centre may have received none lately.
DOWN = (
    f"SELECT id FROM referral_referral WHERE from_institution_id = {HERE}"  # noqa: S608
    " AND direction = 'down' AND answered_at IS NOT NULL"
    " AND state NOT IN ('declined', 'redirected')"
    " AND created_at < now() - interval '2 hours' ORDER BY created_at DESC LIMIT 1"
)


def test_the_official_forms_are_a4_and_a_usual_one_fits_on_one_page(
    enter: Enter, behind: Backstage, region: Region
) -> None:
    gp, desk = enter("township_gp"), enter("county_desk")
    up, down = behind.one(UP, "township_gp"), behind.one(DOWN, "county_desk")
    papers = [
        (gp, f"/referrals/{up}/print"), (gp, f"/referrals/{up}/print/consent"),
        (gp, f"/referrals/{up}/print/feedback"), (desk, f"/referrals/{down}/print"),
        (desk, f"/referrals/{down}/print/plan"), (gp, "/referrals/lists/desk/print"),
    ]  # fmt: skip
    for reader, paper in papers:
        data = printed(reader, region.address + paper)
        assert len(PAGE.findall(data)) == 1, paper
        assert sizes_of(data) == {A4}, paper


def test_a_long_letter_goes_on_with_its_head_on_every_page(
    enter: Enter, behind: Backstage, region: Region
) -> None:
    gp = enter("township_gp")
    gp.goto(f"{region.address}/referrals/{behind.one(UP, 'township_gp')}/print")
    # As if much had been written: the layout must hold, whoever writes.
    gp.locator("tr.long td").last.evaluate(
        "cell => { cell.textContent = '反复胸痛，活动后加重。\\n'.repeat(160) }"
    )
    data = gp.pdf(prefer_css_page_size=True)
    pages = len(PAGE.findall(data))
    assert pages >= 3
    heads = gp.locator(".run > thead").evaluate("h => getComputedStyle(h).display")
    assert heads == "table-header-group"


def test_a_photo_from_a_village_opens_in_the_hospital_once_it_is_accepted(
    enter: Enter, scene: Scene, region: Region, tmp_path: Path
) -> None:
    gp, desk = enter("township_gp", width=390), enter("county_desk")
    address = region.address + scene.waiting()
    gp.goto(address)
    gp.locator("[data-upload]").wait_for()
    photo = tmp_path / "IMG_2041.jpg"
    photo.write_bytes(samples.png(600, 400))
    bad = tmp_path / "表格.docx"
    bad.write_bytes(samples.DOCX)
    gp.set_input_files("[data-upload] input[type=file]", [photo, bad])
    gp.locator("[data-upload] input[name=title]").fill("床旁心电图")
    gp.locator("[data-upload] button").click()
    expect(gp.locator("#attachments")).to_contain_text("床旁心电图 1")
    expect(gp.locator("#attachments .alert")).to_contain_text("只能上传")

    desk.goto(address)
    card = desk.locator("#attachments")
    expect(card).to_contain_text("床旁心电图 1")
    expect(card).to_contain_text("接收转诊后")
    assert card.get_by_role("link", name="床旁心电图 1").count() == 0
    href = gp.get_by_role("link", name="床旁心电图 1").get_attribute("href")
    refused = desk.request.get(f"{region.address}{href}")
    assert refused.status == 403
    outsider = enter("outside_doctor").request.get(f"{region.address}{href}")
    assert outsider.status == 404

    desk.locator("#referral-body .steps").get_by_text("接收", exact=True).first.click()
    form = desk.locator("form[hx-post$='/accept']")
    form.wait_for()
    form.get_by_role("button").last.click()
    form.wait_for(state="detached")
    link = desk.get_by_role("link", name="床旁心电图 1")
    expect(link).to_be_visible()
    opened = desk.request.get(f"{region.address}{href}")
    assert opened.status == 200
    assert opened.body() == photo.read_bytes()
    assert opened.headers["content-type"] == "image/png"
    # What lies on the disk says nothing.
    stored = [p for p in (region.data / "files").rglob("*") if p.is_file()]
    assert stored
    assert all(b"\x89PNG\r\n" not in path.read_bytes() for path in stored)


def test_a_body_beyond_all_measure_is_refused_while_it_comes(
    enter: Enter, scene: Scene, region: Region, tmp_path: Path
) -> None:
    gp = enter("township_gp")
    gp.goto(region.address + scene.waiting())
    gp.locator("[data-upload]").wait_for()
    huge = tmp_path / "huge.jpg"
    with huge.open("wb") as file:
        file.truncate(100_000_000)
    gp.set_input_files("[data-upload] input[type=file]", [huge])
    gp.locator("[data-upload] button").click()
    expect(gp.locator(".toast.error")).to_contain_text("内容太大", timeout=60_000)
    assert gp.locator("[data-upload] input[type=file]").evaluate("f => f.files.length")
