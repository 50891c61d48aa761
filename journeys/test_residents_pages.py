"""Every page of a resident: heard, read with weak eyes, on a phone, by keyboard."""

import re
from collections.abc import Callable, Iterator
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, expect

from journeys.conftest import Region
from journeys.listening import (
    complaints,
    focus_unseen,
    heard,
    pale_words,
    too_wide,
)

Enter = Callable[..., Page]
BEFORE_SIGN_IN: Final = ("/account/sign-in", "/account/resident", "/demo/cast")
# Of a resident's own pages; the walk must meet at least these.
KNOWN: Final = {
    "/referrals/mine", "/referrals/mine/*", "/residents/mine", "/residents/*",
    "/audit/who-looked", "/notices/",
}  # fmt: skip
_ID = re.compile(r"(?<=/record/)[A-Z]\w+/[^/]+|[0-9a-f]{8}-[0-9a-f-]{27}")
MOST: Final = 30


def kind_of(address: str) -> str:
    """Two letters are one kind of page."""
    return _ID.sub("*", address.partition("?")[0].partition("#")[0])


@pytest.fixture(scope="module")
def walk(region: Region, browser: Browser) -> Iterator[tuple[Page, dict[str, str]]]:
    """A resident's window, and one address of each kind of page that it leads to."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(15_000)
    page = context.new_page()
    page.goto(f"{region.address}/demo/cast")
    page.locator("button[value='resident']").click()
    page.wait_for_load_state()
    found: dict[str, str] = {}
    waiting = [page.url.removeprefix(region.address)]
    while waiting and len(found) < MOST:
        address = waiting.pop(0)
        if kind_of(address) in found:
            continue
        answer = page.goto(region.address + address)
        assert answer is not None
        if "text/html" not in answer.headers.get("content-type", ""):
            continue
        assert answer.status == 200, address
        found[kind_of(address)] = address
        settle(page)
        waiting += page.eval_on_selector_all(
            "a[href^='/']:not([download]):not([href$='?save'])",
            "all => all.map(a => a.getAttribute('href'))",
        )
    yield page, found
    context.close()


def settle(page: Page) -> None:
    """Parts that load by themselves have come."""
    page.wait_for_load_state("load")
    expect(page.locator(".htmx-request, .skeleton")).to_have_count(0)


@pytest.fixture
def window(walk: tuple[Page, dict[str, str]]) -> Iterator[Page]:
    page, _found = walk
    yield page
    page.context.clear_cookies(name="yilian_letters")
    page.context.clear_cookies(name="yilian_language")
    page.set_viewport_size({"width": 1280, "height": 900})


def each(
    page: Page, region: Region, found: dict[str, str], look: Callable[[Page], list[str]]
) -> dict[str, list[str]]:
    """What is wrong, by address."""
    said = {}
    for address in found.values():
        page.goto(region.address + address)
        settle(page)
        if wrong := look(page):
            said[address] = wrong
    return said


def test_the_walk_meets_every_kind_of_page(walk: tuple[Page, dict[str, str]]) -> None:
    assert set(walk[1]) >= KNOWN


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_page_can_be_heard(
    window: Page,
    region: Region,
    walk: tuple[Page, dict[str, str]],
    width: int,
    language: str,
) -> None:
    window.set_viewport_size({"width": width, "height": 800})
    window.context.add_cookies(
        [{"name": "yilian_language", "value": language, "url": region.address}]
    )
    assert each(window, region, walk[1], complaints) == {}
    spoken = window.evaluate("document.documentElement.lang")
    assert spoken == {"zh-hans": "zh-Hans", "en": "en"}[language]


def test_a_panel_that_asks_can_be_heard_as_well(
    window: Page, region: Region, walk: tuple[Page, dict[str, str]]
) -> None:
    def opened(page: Page) -> list[str]:
        for panel in page.locator("details.panel > summary").all():
            panel.click()
        return complaints(page)

    assert each(window, region, walk[1], opened) == {}


def test_words_stand_out_from_what_is_behind_them(
    window: Page, region: Region, walk: tuple[Page, dict[str, str]]
) -> None:
    assert each(window, region, walk[1], pale_words) == {}


@pytest.mark.parametrize("letters", ["", "large", "huge", "twice"])
def test_nothing_is_cut_off_on_a_phone_whatever_the_letters(
    window: Page, region: Region, walk: tuple[Page, dict[str, str]], letters: str
) -> None:
    """`twice`: the reader's own browser doubles all text."""
    window.set_viewport_size({"width": 360, "height": 780})
    if letters in {"large", "huge"}:
        window.context.add_cookies(
            [{"name": "yilian_letters", "value": letters, "url": region.address}]
        )

    def look(page: Page) -> list[str]:
        if letters == "twice":
            page.evaluate("document.documentElement.style.fontSize = '187.5%'")
        return too_wide(page)

    assert each(window, region, walk[1], look) == {}


def test_going_through_by_keyboard_shows_where_one_is(
    window: Page, region: Region, walk: tuple[Page, dict[str, str]]
) -> None:
    assert each(window, region, walk[1], focus_unseen) == {}


def test_the_first_stop_leads_past_the_menu(window: Page, region: Region) -> None:
    window.goto(f"{region.address}/referrals/mine")
    window.keyboard.press("Tab")
    assert window.evaluate("document.activeElement.className") == "skip"
    window.keyboard.press("Enter")
    assert window.evaluate("document.activeElement.id") == "main"


def test_chosen_letters_stay_on_the_next_page_and_next_time(
    window: Page, region: Region
) -> None:
    window.goto(f"{region.address}/referrals/mine")
    before = window.evaluate("parseFloat(getComputedStyle(document.body).fontSize)")
    switch = window.locator(".tools").get_by_role("group", name="字号")
    switch.get_by_role("button", name="特大").click()
    window.wait_for_url("**/referrals/mine")
    expect(switch.get_by_role("button", name="特大")).to_have_attribute(
        "aria-pressed", "true"
    )
    window.goto(f"{region.address}/residents/mine")
    after = window.evaluate("parseFloat(getComputedStyle(document.body).fontSize)")
    assert after == pytest.approx(1.5 * before)
    kept = {one["name"]: one for one in window.context.cookies()}["yilian_letters"]
    assert kept["expires"] > 0


def test_the_question_mark_opens_help_and_a_telephone(
    window: Page, region: Region
) -> None:
    window.set_viewport_size({"width": 360, "height": 780})
    window.goto(f"{region.address}/referrals/mine")
    telephone = window.locator(".page-help a[href^='tel:']")
    expect(telephone).to_be_hidden()
    window.get_by_text("帮助", exact=True).locator("..").click()
    expect(telephone).to_be_visible()
    window.set_viewport_size({"width": 1280, "height": 800})
    window.reload()
    expect(telephone).to_be_visible()
    assert any("做什么" in node.name for node in heard(window))


def test_the_door_can_be_heard_too(region: Region, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 780})
    page = context.new_page()
    found = {address: address for address in BEFORE_SIGN_IN}
    for look in (complaints, pale_words, too_wide):
        assert each(page, region, found, look) == {}
    context.close()
