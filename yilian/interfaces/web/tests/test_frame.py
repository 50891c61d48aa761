"""A frame is drawn once and filled in for each reader and page."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from django.test import RequestFactory
from django.urls import resolve
from django.utils import translation

from yilian.foundation.access.actor import Actor, Reach, Role
from yilian.interfaces.web import frame as frames
from yilian.interfaces.web.frame import frame
from yilian.interfaces.web.shell import LETTERS_COOKIE
from yilian.kernel.text import Text
from yilian.registry.directory.queries import PostLine

ask = RequestFactory()
DOCTOR = Actor(
    UUID(int=1),
    Reach.INSTITUTION,
    frozenset({Role.PHYSICIAN}),
    name="马医生",
    institution_name="闽宁镇中心卫生院",
)


@pytest.fixture(autouse=True)
def _none_drawn_yet() -> None:
    frames._FRAMES.clear()


def request_of(who: Actor | None, address: str = "/referrals/", **cookies: str) -> Any:
    request: Any = ask.get(address)
    request.actor, request.resolver_match = who, resolve(address)
    request.COOKIES.update(cookies)
    return request


def around(who: Actor | None, address: str = "/referrals/", **cookies: str) -> str:
    return str(frame(request_of(who, address, **cookies), "the-token"))


def test_the_next_reader_finds_the_own_name_and_place() -> None:
    assert "马医生" in around(DOCTOR)
    other = replace(DOCTOR, name="<b>王</b>", institution_name="永宁 & 县医院")
    shown = around(other)
    assert len(frames._FRAMES) == 1
    assert "马医生" not in shown
    assert "闽宁" not in shown
    assert "&lt;b&gt;王&lt;/b&gt; · 医师" in shown
    assert '<span class="place">永宁 &amp; 县医院</span>' in shown


def test_each_page_has_its_own_token_and_way_back() -> None:
    assert 'value="the-token"' in around(DOCTOR)
    shown = str(frame(request_of(DOCTOR, "/referrals/sent"), "another"))
    assert "the-token" not in shown
    assert shown.count('value="another"') == shown.count("csrfmiddlewaretoken")
    assert 'name="next" value="/referrals/sent"' in shown
    assert "\0" not in shown


def test_after_a_form_the_way_back_is_the_beginning() -> None:
    request = request_of(DOCTOR)
    request.method = "POST"
    assert 'name="next" value="/"' in str(frame(request, "t"))


def test_the_line_of_the_page_is_the_current_one() -> None:
    for address in ("/referrals/", "/residents/", "/referrals/"):
        shown = around(DOCTOR, address)
        marked = shown.count('aria-current="page"')  # rail and sheet, perhaps thumb
        assert shown.count(f'<a href="{address}" aria-current="page">') == marked >= 2


@pytest.mark.parametrize(
    "roles", [{Role.REFERRAL_DESK}, {Role.INSURER}, {Role.RESIDENT}, {Role.AUDIT_ADMIN}]
)
def test_nobody_gets_the_menu_of_another_role(roles: set[Role]) -> None:
    around(DOCTOR)
    mine = around(replace(DOCTOR, roles=frozenset(roles)))
    frames._FRAMES.clear()
    assert around(replace(DOCTOR, roles=frozenset(roles))) == mine


def test_language_letters_and_posts_are_the_readers_own() -> None:
    plain = around(DOCTOR)
    assert 'value="large" aria-pressed="false"' in plain
    assert 'value="large" aria-pressed="true"' in around(
        DOCTOR, **{LETTERS_COOKIE: "large"}
    )
    with translation.override("en"):
        assert ">Log out<" in around(DOCTOR) or "Sign out" in around(DOCTOR)
    several = request_of(DOCTOR)
    several.posts = [
        PostLine(UUID(int=n), Text("岗位{n}", {"n": n}), n == 1) for n in (1, 2)
    ]
    assert 'aria-current="true">岗位1</button>' in str(frame(several, "t"))
    assert around(DOCTOR) == plain


def test_whoever_is_not_signed_in_sees_the_bar_alone() -> None:
    around(DOCTOR)
    shown = around(None)
    assert '<header class="bar">' in shown
    assert "<nav" not in shown
