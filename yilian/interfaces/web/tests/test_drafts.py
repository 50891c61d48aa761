"""What is typed in a long form survives lost lines and refusals, is sent once, and is
nobody else's."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template import engines
from django.urls import path
from playwright.sync_api import BrowserContext, Page, expect

from yilian.foundation.access.actor import Actor, Reach
from yilian.foundation.idempotency.answering import done
from yilian.interfaces.web.tests.browser import NEEDS_CHROMIUM, serving, window
from yilian.kernel.errors import Conflict
from yilian.kernel.ids import new_id

__all__ = ["window"]
pytestmark = NEEDS_CHROMIUM

PAGE = """
{% extends "web/base.html" %}
{% import "components/blocks.html" as blocks %}
{% import "components/forms.html" as forms %}
{% block main %}
{% if done %}<p>done</p>{% endif %}
{% if refusal %}
{% call blocks.alert(refusal, "stat") %}<p><a href="/desk">there</a></p>{% endcall %}
{% endif %}
{% if person %}
<div data-restored hidden><button type="button" data-forget>start anew</button></div>
<form id="refer" data-draft="refer:{{ person }}" data-label="转诊单 张*"
      data-page="/{{ person }}" method="post" action="/{{ person }}">
  <input type="hidden" name="idempotency_key" value="{{ key }}">
  <input type="hidden" name="revision" value="{{ revision }}">
  {{ forms.textarea("reason", "原因", value=reason) }}
  {{ forms.choice("urgency", "急缓", [("stat", "急"), ("routine", "常规")],
                  value="routine") }}
  <label><input type="checkbox" name="rule_ids" value="a" checked>a</label>
  <label><input type="checkbox" name="rule_ids" value="b">b</label>
  {{ forms.picker("diagnosis", "诊断", "/gallery/codes") }}
  <input type="password" name="secret">
  <div id="later" hx-get="/later" hx-trigger="change from:[name=urgency]"></div>
  <button id="send" name="act" value="submit">send</button>
</form>
{% endif %}
<form id="leave" method="post" action="/left" data-forgets><button>leave</button></form>
{% endblock %}
"""
SIGN_IN = "<!doctype html><title>x</title><body><main id='main'>sign in</main></body>"
ME, COLLEAGUE = new_id(), new_id()
POST, OTHER_POST = new_id(), new_id()


class Line:
    """How the server stands at the moment, and what it has been sent."""

    account: UUID = ME
    post: UUID = POST
    does: str = "takes"
    revision: int = 1
    sent: list[dict[str, Any]] = []
    made: set[str] = set()

    @classmethod
    def begin(cls) -> None:
        cls.account, cls.post, cls.does, cls.revision = ME, POST, "takes", 1
        cls.sent.clear()
        cls.made.clear()

    @classmethod
    def sent_keys(cls) -> list[str]:
        return [one["idempotency_key"] for one in cls.sent]


def _page(request: HttpRequest, status: int = 200, **facts: Any) -> HttpResponse:
    request.actor = Actor(  # type: ignore[attr-defined]
        account_id=Line.account, reach=Reach.INSTITUTION, post_id=Line.post
    )
    shown = {"key": new_id(), "reason": "prefilled", "revision": Line.revision}
    template = engines["jinja2"].from_string(PAGE)
    return HttpResponse(template.render(shown | facts, request), status=status)


def form(request: HttpRequest, person: str) -> HttpResponse:
    if request.method == "GET":
        return _page(request, person=person)
    if Line.does == "is signed out":
        return HttpResponseRedirect("/sign-in")
    if Line.does == "wants a second factor":
        return HttpResponseRedirect("/desk")
    typed = request.POST.dict() | {"rules": request.POST.getlist("rule_ids")}
    Line.sent.append(typed)
    if Line.does in ("refuses", "is behind"):
        status = 422 if Line.does == "refuses" else 409
        key, reason = typed["idempotency_key"], typed["reason"]
        facts = {"key": key, "reason": reason, "refusal": "已有一张未办结的转诊单"}
        return _page(request, status, person=person, **facts)
    if Line.does == "refuses with a page of its own":
        raise Conflict("这项随访已经登记过了。")
    Line.made.add(str(typed["idempotency_key"]))
    if Line.does == "takes and its answer is lost":
        Line.does = "takes"
        return HttpResponse(status=503)
    return done(request, f"/sent/{person}")


def sent(request: HttpRequest, person: str) -> HttpResponse:
    return _page(request, done=person)


def later(request: HttpRequest) -> HttpResponse:
    return HttpResponse('<input id="dest" name="to" value="">')


def desk(request: HttpRequest) -> HttpResponse:
    return _page(request)


def sign_in(request: HttpRequest) -> HttpResponse:
    return HttpResponse(SIGN_IN)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    pages = [
        path("later", later),
        path("desk", desk),
        path("left", desk),
        path("sign-in", sign_in),
        path("sent/<str:person>", sent),
        path("<str:person>", form),
    ]
    with serving(pages) as place:
        yield place


@pytest.fixture
def device(window: Page) -> Iterator[BrowserContext]:
    Line.begin()
    browser = window.context.browser
    assert browser is not None
    context = browser.new_context()
    context.set_default_timeout(8_000)
    yield context
    context.close()


@pytest.fixture
def shown(address: str, device: BrowserContext) -> Page:
    page = device.new_page()
    page.goto(f"{address}ma")
    return page


def write(page: Page) -> None:
    page.fill("#f-reason", "胸闷 3 天")
    page.check("[name=urgency][value=stat]", force=True)
    page.uncheck("[name=rule_ids][value=a]")
    page.check("[name=rule_ids][value=b]")
    page.fill("[name=secret]", "do-not-keep")
    page.locator("#f-diagnosis").press_sequentially("tfx")
    page.wait_for_selector("[role=option]")
    page.keyboard.press("Enter")
    page.fill("#dest", "县医院")
    settled(page)


def settled(page: Page) -> None:
    """What was typed has been written down."""
    page.wait_for_timeout(350)


def is_as_written(page: Page) -> bool:
    page.locator("#dest").wait_for()
    page.wait_for_function("document.querySelector('#dest').value !== ''")
    checked = page.locator("input:checked").evaluate_all("all => all.map(b => b.value)")
    return [
        page.input_value("#f-reason"), checked, page.input_value("[name=diagnosis]"),
        page.input_value("#dest"),
    ] == ["胸闷 3 天", ["stat", "b"], "I10.x00", "县医院"]  # fmt: skip


_ON_DISK = """() => new Promise((done) => {
  const opening = indexedDB.open("yilian-drafts");
  opening.onsuccess = () => {
    const tables = [...opening.result.objectStoreNames];
    if (!tables.includes("drafts")) {
      opening.result.close();
      done(["", 0, false]);
      return;
    }
    const reading = opening.result.transaction(tables);
    const kept = reading.objectStore("drafts").getAll();
    const key = reading.objectStore("keys").get("key");
    reading.oncomplete = () => {
      const bytes = kept.result.flatMap((one) => [...new Uint8Array(one.sealed)]);
      opening.result.close();
      done([new TextDecoder().decode(new Uint8Array(bytes)), kept.result.length,
            key.result ? key.result.extractable : null]);
    };
  };
})"""


def on_disk(page: Page) -> tuple[str, int, bool | None]:
    """What lies there as it lies there, how many, and whether the key can be had."""
    text, count, extractable = page.evaluate(_ON_DISK)
    tab = page.evaluate("JSON.stringify({...sessionStorage, ...localStorage})")
    return text + tab, count, extractable


def kept(page: Page) -> Any:
    return page.locator("#kept")


# --- typing ------------------------------------------------------------------------


def test_what_is_typed_is_kept_sealed_and_put_back(shown: Page, address: str) -> None:
    key = shown.input_value("[name=idempotency_key]")
    write(shown)
    text, count, extractable = on_disk(shown)
    assert count == 1
    assert not any(said in text for said in ("胸闷", "I10", "县医院", "do-not-keep"))
    assert extractable is False
    shown.goto(f"{address}desk")
    shown.goto(f"{address}ma")
    assert is_as_written(shown)
    assert shown.is_visible("[data-restored]")
    assert shown.input_value("[name=idempotency_key]") == key
    assert shown.input_value("[name=secret]") == ""


def test_it_outlives_the_tab(shown: Page, address: str, device: BrowserContext) -> None:
    write(shown)
    shown.close()
    page = device.new_page()
    page.goto(f"{address}ma")
    assert is_as_written(page)


def test_without_typing_nothing_is_kept(shown: Page) -> None:
    settled(shown)
    assert on_disk(shown)[1] == 0


def test_each_person_has_a_sheet_of_their_own(shown: Page, address: str) -> None:
    write(shown)
    shown.goto(f"{address}li")
    settled(shown)
    assert shown.input_value("#f-reason") == "prefilled"
    shown.goto(f"{address}ma")
    assert is_as_written(shown)


def test_it_can_be_thrown_away(shown: Page, address: str) -> None:
    write(shown)
    shown.goto(f"{address}ma")
    shown.click("[data-forget]")
    shown.wait_for_function("document.querySelector('#f-reason').value === 'prefilled'")
    assert on_disk(shown)[1] == 0


def test_what_others_changed_meanwhile_is_said(shown: Page, address: str) -> None:
    write(shown)
    Line.revision = 2
    shown.goto(f"{address}ma")
    assert is_as_written(shown)
    assert "被他人更新过" in shown.inner_text("[data-told]")
    assert shown.input_value("[name=revision]") == "2"


# --- sending -----------------------------------------------------------------------


def test_once_it_is_sent_the_next_form_is_fresh(shown: Page, address: str) -> None:
    write(shown)
    shown.click("#send")
    shown.get_by_text("done", exact=True).wait_for()
    [typed] = Line.sent
    told = {name: typed[name] for name in ("reason", "urgency", "to", "act")}
    assert told == {
        "reason": "胸闷 3 天", "urgency": "stat", "to": "县医院", "act": "submit",
    }  # fmt: skip
    assert typed["rules"] == ["b"]
    shown.goto(f"{address}ma")
    settled(shown)
    assert shown.input_value("#f-reason") == "prefilled"
    assert shown.input_value("[name=idempotency_key]") not in Line.sent_keys()
    assert on_disk(shown)[1] == 0


def test_a_refusal_loses_nothing(shown: Page) -> None:
    write(shown)
    Line.does = "refuses"
    shown.click("#send")
    shown.get_by_text("已有一张未办结的转诊单").first.wait_for()
    assert is_as_written(shown)
    Line.does = "takes"
    shown.click("#send")
    shown.get_by_text("done", exact=True).wait_for()
    assert len(set(Line.sent_keys())) == 1
    assert len(Line.made) == 1


def test_a_refusal_without_the_form_is_said_beside_what_was_typed(
    shown: Page, address: str
) -> None:
    write(shown)
    Line.does = "refuses with a page of its own"
    shown.click("#send")
    expect(shown.locator("[data-told]")).to_contain_text("已经登记过了")
    assert is_as_written(shown)
    shown.goto(f"{address}desk")
    expect(kept(shown)).to_contain_text("已经登记过了")
    assert len(Line.sent) == 1  # it is not tried again by itself


def test_without_a_line_it_waits_and_goes_when_the_line_is_back(shown: Page) -> None:
    write(shown)
    shown.context.set_offline(True)
    shown.click("#send")
    shown.locator("[data-told]").wait_for()
    assert "尚未发送" in shown.inner_text("[data-told]")
    assert "1 份内容尚未发送" in shown.inner_text("#kept")
    assert "张*" in shown.inner_text("#kept")
    assert is_as_written(shown)
    assert Line.sent == []
    shown.context.set_offline(False)
    shown.get_by_text("done", exact=True).wait_for()
    assert len(Line.sent) == len(Line.made) == 1
    expect(kept(shown)).to_have_count(0)


def test_it_goes_from_whatever_page_is_open_then(
    shown: Page, address: str, device: BrowserContext
) -> None:
    write(shown)
    device.set_offline(True)
    shown.click("#send")
    shown.locator("#kept").wait_for()
    shown.close()
    device.set_offline(False)
    page = device.new_page()
    page.goto(f"{address}desk")
    expect(page.locator(".toast", has_text="联网后已发送")).to_contain_text("张*")
    assert len(Line.made) == 1
    assert page.locator(".toast a").get_attribute("href") == "/sent/ma"
    expect(kept(page)).to_have_count(0)


def test_an_answer_that_was_lost_is_asked_for_again_and_made_once(shown: Page) -> None:
    write(shown)
    Line.does = "takes and its answer is lost"
    shown.click("#send")
    shown.locator("#kept").wait_for()
    shown.click("#kept button:has-text('现在发送')")
    shown.get_by_text("done", exact=True).wait_for()
    assert len(Line.sent) == 2
    assert len(Line.made) == 1


def test_two_windows_send_it_once(
    shown: Page, address: str, device: BrowserContext
) -> None:
    write(shown)
    others = [device.new_page() for _ in range(2)]
    for page in others:
        page.goto(f"{address}desk")
    device.set_offline(True)
    shown.click("#send")
    shown.locator("#kept").wait_for()
    device.set_offline(False)
    for _look in range(160):  # whichever window is the first
        if Line.made:
            break
        shown.wait_for_timeout(50)
    shown.wait_for_timeout(500)
    assert len(Line.made) == len(set(Line.sent_keys())) == 1


@pytest.mark.parametrize("state", ["is signed out", "wants a second factor"])
def test_a_session_that_ended_keeps_it_until_one_is_back(
    state: str, shown: Page, address: str
) -> None:
    write(shown)
    Line.does = state
    shown.click("#send")
    shown.locator("[data-told]").wait_for()
    assert "重新登录" in shown.inner_text("[data-told]")
    assert Line.sent == []
    shown.goto(f"{address}sign-in")
    Line.does = "takes"
    shown.goto(f"{address}desk")
    expect(shown.locator(".toast", has_text="联网后已发送")).to_be_visible()
    assert len(Line.made) == 1


def test_a_conflict_met_later_is_said_and_nothing_is_lost(
    shown: Page, address: str
) -> None:
    write(shown)
    shown.context.set_offline(True)
    shown.click("#send")
    shown.locator("#kept").wait_for()
    Line.does = "is behind"
    shown.context.set_offline(False)
    shown.get_by_text("已有一张未办结的转诊单").first.wait_for()
    shown.goto(f"{address}desk")
    line = kept(shown)
    expect(line).to_contain_text("已有一张未办结的转诊单")
    assert line.get_by_text("查看").get_attribute("href") == "/desk"
    assert line.get_by_text("现在发送").count() == 0
    sent_so_far = len(Line.sent)
    line.get_by_text("打开修改").click()
    assert is_as_written(shown)
    expect(shown.locator("[data-told]")).to_contain_text("已有一张")
    assert len(Line.sent) == sent_so_far


def test_after_half_a_day_somebody_looks_first(
    address: str, device: BrowserContext
) -> None:
    page = device.new_page()
    page.clock.install()
    page.goto(f"{address}ma")
    page.fill("#f-reason", "胸闷")
    device.set_offline(True)
    page.click("#send")
    page.locator("#kept").wait_for()
    page.clock.set_system_time(page.evaluate("Date.now() + 13 * 3600e3"))
    device.set_offline(False)
    page.wait_for_timeout(800)
    assert Line.sent == []
    page.goto(f"{address}desk")
    expect(kept(page)).to_contain_text("超过 12 小时")
    kept(page).get_by_text("现在发送").click()
    expect(page.locator(".toast", has_text="联网后已发送")).to_be_visible()
    assert len(Line.made) == 1


def test_what_is_changed_while_it_waits_is_sent_by_hand(
    shown: Page, address: str
) -> None:
    write(shown)
    shown.context.set_offline(True)
    shown.click("#send")
    shown.locator("#kept").wait_for()
    shown.fill("#f-reason", "胸闷 4 天")
    settled(shown)
    expect(kept(shown)).to_contain_text("修改后还没有提交")
    shown.context.set_offline(False)
    shown.wait_for_timeout(500)
    assert Line.sent == []
    shown.click("#send")
    shown.get_by_text("done", exact=True).wait_for()
    assert Line.sent[0]["reason"] == "胸闷 4 天"


def test_what_waits_can_be_discarded_after_a_question(shown: Page) -> None:
    write(shown)
    shown.context.set_offline(True)
    shown.click("#send")
    shown.locator("#kept").wait_for()
    shown.once("dialog", lambda dialog: dialog.dismiss())
    kept(shown).get_by_text("删除").click()
    assert on_disk(shown)[1] == 1
    shown.context.set_offline(False)
    shown.get_by_text("done", exact=True).wait_for()


# --- nobody else's -----------------------------------------------------------------


def test_nothing_is_left_after_signing_out(shown: Page) -> None:
    write(shown)
    shown.click("#leave button")
    shown.wait_for_url("**/left")
    text, count, _extractable = on_disk(shown)
    assert count == 0
    assert "胸闷" not in text


@pytest.mark.parametrize("goes", [True, False])
def test_signing_out_with_something_unsent_asks_first(goes: bool, shown: Page) -> None:
    write(shown)
    Line.does = "is signed out"
    shown.click("#send")
    shown.locator("#kept").wait_for()
    asked: list[str] = []

    def answer(dialog: Any) -> None:
        asked.append(dialog.message)
        dialog.accept() if goes else dialog.dismiss()

    shown.once("dialog", answer)
    shown.click("#leave button")
    shown.wait_for_timeout(500)
    assert "1 份内容尚未发送" in asked[0]
    assert shown.url.endswith("/left") is goes
    assert on_disk(shown)[1] == (0 if goes else 1)


def test_whoever_works_here_next_finds_nothing(shown: Page, address: str) -> None:
    write(shown)
    Line.account = Line.post = COLLEAGUE
    shown.goto(f"{address}ma")
    settled(shown)
    assert shown.input_value("#f-reason") == "prefilled"
    assert on_disk(shown)[1] == 0


def test_another_post_of_the_same_person_neither_sees_nor_loses_it(
    shown: Page, address: str
) -> None:
    write(shown)
    Line.does = "is signed out"
    shown.click("#send")
    shown.locator("#kept").wait_for()
    Line.does, Line.post = "takes", OTHER_POST
    shown.goto(f"{address}ma")
    settled(shown)
    assert shown.input_value("#f-reason") == "prefilled"
    expect(kept(shown)).to_have_count(0)
    assert Line.sent == []
    Line.post = POST
    shown.goto(f"{address}desk")
    expect(shown.locator(".toast", has_text="联网后已发送")).to_be_visible()
    assert len(Line.made) == 1


def test_where_no_key_can_be_had_only_the_tab_remembers(
    address: str, device: BrowserContext
) -> None:
    """A plain http address: nothing is written to the disk by us."""
    device.add_init_script(
        "Object.defineProperty(crypto, 'subtle', { value: undefined })"
    )
    page = device.new_page()
    page.goto(f"{address}ma")
    write(page)
    page.goto(f"{address}ma")
    assert is_as_written(page)
    other = device.new_page()
    other.goto(f"{address}ma")
    settled(other)
    assert other.input_value("#f-reason") == "prefilled"
    page.click("#leave button")
    page.wait_for_url("**/left")
    assert "胸闷" not in page.evaluate("JSON.stringify({...sessionStorage})")
