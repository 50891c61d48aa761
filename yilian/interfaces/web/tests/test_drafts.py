"""What is typed in a long form survives lost lines and refusals, for nobody else."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template import engines
from django.urls import path
from playwright.sync_api import Page

from yilian.foundation.access.actor import Actor, Reach
from yilian.interfaces.web.tests.browser import NEEDS_CHROMIUM, serving, window
from yilian.kernel.ids import new_id

__all__ = ["window"]
pytestmark = NEEDS_CHROMIUM

PAGE = """
{% extends "web/base.html" %}
{% import "components/forms.html" as forms %}
{% block main %}
{% if done %}<i hidden data-draft-done="refer:{{ done }}"></i><p>done</p>{% endif %}
{% if person %}
<div data-restored hidden><button type="button" data-forget>start anew</button></div>
<form id="refer" data-draft="refer:{{ person }}" method="post" action="/{{ person }}">
  <input type="hidden" name="idempotency_key" value="{{ key }}">
  {{ forms.textarea("reason", "原因", value=reason) }}
  {{ forms.choice("urgency", "急缓", [("stat", "急"), ("routine", "常规")],
                  value="routine") }}
  <label><input type="checkbox" name="rule_ids" value="a" checked>a</label>
  <label><input type="checkbox" name="rule_ids" value="b">b</label>
  {{ forms.picker("diagnosis", "诊断", "/gallery/codes") }}
  <input type="password" name="secret">
  <div id="later" hx-get="/later" hx-trigger="change from:[name=urgency]"></div>
  <button id="send">send</button>
</form>
{% endif %}
<form id="leave" method="post" action="/left" data-forgets><button>leave</button></form>
{% endblock %}
"""
ME, COLLEAGUE = new_id(), new_id()


class Line:
    """How the server stands at the moment, and what it has been sent."""

    post: UUID = ME
    refuses: bool = False
    keys: list[str] = []


def _page(request: HttpRequest, status: int = 200, **facts: Any) -> HttpResponse:
    request.actor = Actor(  # type: ignore[attr-defined]
        account_id=Line.post, reach=Reach.INSTITUTION, post_id=Line.post
    )
    shown = {"key": new_id(), "reason": "prefilled"} | facts
    template = engines["jinja2"].from_string(PAGE)
    return HttpResponse(template.render(shown, request), status=status)


def form(request: HttpRequest, person: str) -> HttpResponse:
    if request.method == "GET":
        return _page(request, person=person)
    Line.keys.append(request.POST["idempotency_key"])
    if Line.refuses:
        return _page(request, 422, person=person, reason=request.POST["reason"])
    return HttpResponseRedirect(f"/sent/{person}")


def sent(request: HttpRequest, person: str) -> HttpResponse:
    return _page(request, done=person)


def later(request: HttpRequest) -> HttpResponse:
    return HttpResponse('<input id="dest" name="to" value="">')


def desk(request: HttpRequest) -> HttpResponse:
    return _page(request)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    pages = [
        path("later", later),
        path("desk", desk),
        path("left", desk),
        path("sent/<str:person>", sent),
        path("<str:person>", form),
    ]
    with serving(pages) as place:
        yield place


@pytest.fixture
def shown(address: str, window: Page) -> Iterator[Page]:
    Line.post, Line.refuses = ME, False
    Line.keys.clear()
    window.goto(f"{address}ma")
    yield window
    window.context.set_offline(False)
    window.evaluate("sessionStorage.clear()")


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


def is_as_written(page: Page) -> bool:
    page.locator("#dest").wait_for()
    page.wait_for_function("document.querySelector('#dest').value !== ''")
    checked = page.locator("input:checked").evaluate_all("all => all.map(b => b.value)")
    return [
        page.input_value("#f-reason"), checked, page.input_value("[name=diagnosis]"),
        page.input_value("#dest"),
    ] == ["胸闷 3 天", ["stat", "b"], "I10.x00", "县医院"]  # fmt: skip


def kept(page: Page) -> str:
    drafts = (
        "Object.entries(sessionStorage).filter(([key]) => key.startsWith('draft:'))"
    )
    return str(page.evaluate(f"JSON.stringify({drafts})"))


def test_a_lost_line_loses_nothing_and_the_form_is_still_the_same_one(
    shown: Page, address: str
) -> None:
    key = shown.input_value("[name=idempotency_key]")
    write(shown)
    shown.context.set_offline(True)
    with shown.expect_event("requestfailed"):
        shown.click("#send", no_wait_after=True)
    shown.context.set_offline(False)
    shown.goto(f"{address}desk")
    shown.goto(f"{address}ma")
    assert is_as_written(shown)
    assert shown.is_visible("[data-restored]")
    assert shown.input_value("[name=idempotency_key]") == key


def test_a_refusal_loses_nothing(shown: Page) -> None:
    write(shown)
    Line.refuses = True
    shown.click("#send")
    assert is_as_written(shown)
    Line.refuses = False
    shown.click("#send")
    shown.get_by_text("done", exact=True).wait_for()
    assert len(set(Line.keys)) == 1
    assert "胸闷" not in kept(shown)


def test_once_it_is_sent_the_next_form_is_fresh(shown: Page, address: str) -> None:
    write(shown)
    shown.click("#send")
    shown.get_by_text("done", exact=True).wait_for()
    shown.goto(f"{address}ma")
    assert shown.input_value("#f-reason") == "prefilled"
    assert shown.is_hidden("[data-restored]")
    assert shown.input_value("[name=idempotency_key]") not in Line.keys


def test_only_what_was_typed_is_kept(shown: Page) -> None:
    assert kept(shown) == "[]"
    shown.fill("#f-reason", "胸闷")
    assert "prefilled" not in kept(shown)
    shown.fill("[name=secret]", "do-not-keep")
    assert "do-not-keep" not in kept(shown)
    assert "urgency" not in kept(shown)


def test_each_person_has_a_sheet_of_their_own(shown: Page, address: str) -> None:
    write(shown)
    shown.goto(f"{address}li")
    assert shown.input_value("#f-reason") == "prefilled"
    shown.goto(f"{address}ma")
    assert is_as_written(shown)


def test_it_can_be_thrown_away(shown: Page, address: str) -> None:
    write(shown)
    shown.goto(f"{address}ma")
    shown.click("[data-forget]")
    shown.wait_for_function("document.querySelector('#f-reason').value === 'prefilled'")
    assert kept(shown) == "[]"


def test_nothing_is_left_after_signing_out(shown: Page, address: str) -> None:
    write(shown)
    shown.click("#leave button")
    shown.wait_for_url("**/left")
    assert kept(shown) == "[]"


def test_whoever_works_here_next_finds_nothing(shown: Page, address: str) -> None:
    write(shown)
    Line.post = COLLEAGUE
    shown.goto(f"{address}ma")
    assert shown.input_value("#f-reason") == "prefilled"
    assert kept(shown) == "[]"
