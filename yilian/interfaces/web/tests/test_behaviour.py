"""What a page does by itself, in a real browser: yilian.js with the real refusals."""

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.test import override_settings
from django.urls import path
from django.utils import timezone
from playwright.sync_api import Page

from yilian.foundation.access.actor import Actor
from yilian.foundation.access.views import signed_in
from yilian.interfaces.web.tests.browser import NEEDS_CHROMIUM, serving, window
from yilian.kernel.errors import Conflict, Invalid

__all__ = ["window"]
pytestmark = NEEDS_CHROMIUM

PAGE = """
{% extends "web/base.html" %}
{% import "components/forms.html" as forms %}
{% import "components/marks.html" as marks %}
{% block main %}
{{ marks.clock(soon) }}
<form id="refused" hx-post="/refused"><button>withdraw</button></form>
<form id="wrong" hx-post="/wrong">{{ forms.input("phone", "电话", "138") }}
  <button>save</button></form>
<form id="slow" hx-post="/slow" hx-target="#out"><button>send</button></form>
<form id="plain" method="post" action="/slow"><button>send</button></form>
<p id="out"></p>
{{ forms.picker("diagnosis", "诊断", "/gallery/codes") }}
<div id="folded">{% call forms.panel("更正", open=true) %}
  <form hx-post="/folded" hx-target="#folded"><button>mend</button></form>
{% endcall %}</div>
<i id="fresh" hx-get="/fresh" hx-trigger="live:referral from:body"></i>
<button id="inside" hx-get="/inside">look</button>
{% endblock %}
"""
acts: list[str] = []


def page(request: HttpRequest) -> HttpResponse:
    soon = timezone.now() + timedelta(seconds=2)
    request.actor: Actor | None = None  # type: ignore[attr-defined, misc]
    template = engines["jinja2"].from_string(PAGE)
    return HttpResponse(template.render({"soon": soon}, request))


def refused(request: HttpRequest) -> HttpResponse:
    raise Conflict("转诊单当前为“{state}”，不能撤回。", state="已到诊")


def wrong(request: HttpRequest) -> HttpResponse:
    raise Invalid(fields={"phone": "手机号应为 11 位数字。", "other": "还缺一项。"})


def slow(request: HttpRequest) -> HttpResponse:
    acts.append(request.method or "")
    time.sleep(0.3)
    return HttpResponse("done")


def folded(request: HttpRequest) -> HttpResponse:
    """A form to be mended, in its panel, open again."""
    panel = """
    {% import "components/forms.html" as forms %}
    {% call forms.panel("更正", open=true) %}<b id="mend">wrong</b>{% endcall %}
    """
    template = engines["jinja2"].from_string(panel)
    return HttpResponse(template.render({}, request), status=422)


def answering(text: str) -> Any:
    return lambda request: HttpResponse(text)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    pages = [
        path("", page),
        path("refused", refused),
        path("wrong", wrong),
        path("slow", slow),
        path("folded", folded),
        path("fresh", answering("17")),
        path("inside", signed_in(answering("inside"))),
        path("account/sign-in", answering("who are you"), name="sign_in"),
    ]
    with serving(pages) as place, override_settings(LOGIN_URL="/account/sign-in"):
        yield place


@pytest.fixture
def shown(address: str, window: Page) -> Page:
    acts.clear()
    window.goto(address)
    return window


def test_a_refusal_is_told_in_the_servers_own_words(shown: Page) -> None:
    shown.click("#refused button")
    said = shown.locator(".toast p")
    said.wait_for()
    assert said.inner_text() == "转诊单当前为“已到诊”，不能撤回。"


def test_an_error_goes_to_its_field_and_leaves_what_was_typed(shown: Page) -> None:
    shown.click("#wrong button")
    shown.locator("#wrong .error").wait_for()
    assert shown.inner_text("#wrong .error") == "手机号应为 11 位数字。"
    assert shown.input_value("#f-phone") == "138"
    assert shown.inner_text(".toast li") == "还缺一项。"
    shown.fill("#f-phone", "13800000000")
    assert shown.is_hidden("#wrong .error")


def test_a_form_to_be_mended_comes_back_in_its_open_panel(shown: Page) -> None:
    shown.click("#folded button")
    shown.locator("#mend").wait_for(state="visible", timeout=3000)


@pytest.mark.parametrize("form", ["slow", "plain"])
def test_three_quick_presses_act_once(shown: Page, form: str) -> None:
    shown.eval_on_selector(
        f"#{form} button",
        "button => { button.click(); button.click(); button.click() }",
    )
    shown.get_by_text("done", exact=True).wait_for()
    assert acts == ["POST"]


def test_a_clock_runs_down_and_then_says_that_it_is_late(shown: Page) -> None:
    assert shown.locator(".clock.running").count() == 1
    shown.wait_for_selector(".clock.overdue", timeout=5000)
    assert shown.inner_text(".clock .unit") == "已超时"


def test_a_diagnosis_is_found_by_initials_and_taken_with_enter(shown: Page) -> None:
    shown.locator("#f-diagnosis").press_sequentially("tfx")
    shown.wait_for_selector("[role=option]")
    shown.keyboard.press("Enter")
    assert shown.input_value("[name=diagnosis]") == "I10.x00"
    shown.locator("#f-diagnosis").press_sequentially("x")
    assert shown.input_value("[name=diagnosis]") == ""


def test_a_live_notice_makes_what_listens_fresh(shown: Page) -> None:
    shown.evaluate("document.body.dispatchEvent(new CustomEvent('live:referral'))")
    shown.locator("#fresh", has_text="17").wait_for()


def test_who_is_signed_out_is_led_to_the_door(shown: Page) -> None:
    shown.click("#inside")
    shown.get_by_text("who are you").wait_for()


def test_who_is_signed_out_while_writing_keeps_the_page(shown: Page) -> None:
    shown.eval_on_selector("#plain", "form => { form.dataset.draft = 'a' }")
    shown.click("#inside")
    shown.get_by_text("登录已过期").wait_for()
    shown.click("#inside")
    shown.wait_for_load_state("networkidle")
    assert shown.locator(".toast").count() == 1
    assert shown.get_attribute(".toast a", "href") == "/account/sign-in"
