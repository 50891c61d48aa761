"""The frame around a page: who sees which menu, in which language, listening where."""

from types import ModuleType
from typing import Any
from uuid import UUID

import pytest
from django.http import HttpResponse
from django.shortcuts import render
from django.template import engines
from django.test import RequestFactory
from django.urls import include, path
from django.utils import translation

from yilian.foundation.access.actor import Actor, Reach, Role
from yilian.interfaces.web import gallery, middleware, navigation, shell, views

ask = RequestFactory()


def answering(*names: str) -> Any:
    return [path(f"{n}/", lambda r: HttpResponse(), name=n) for n in names]


@pytest.fixture
def _some_pages(settings: Any) -> None:
    """A region where only a few of the menu's pages exist."""
    pages = ModuleType("pages")
    found = [
        path("referral/", include((answering("desk", "sent", "mine"), "referral"))),
        path("audit/", include((answering("list", "who_looked"), "audit"))),
        path("web/", include((answering("language"), "web"))),
    ]
    pages.urlpatterns = found  # type: ignore[attr-defined]
    settings.ROOT_URLCONF = pages


def actor(*roles: Role) -> Actor:
    return Actor(
        UUID(int=1),
        Reach.INSTITUTION,
        frozenset(roles),
        institution_name="永宁县人民医院",
    )


def request_of(who: Actor | None, address: str = "/") -> Any:
    request = ask.get(address)
    request.actor = who  # type: ignore[attr-defined]
    request.resolver_match = None
    return request


def labels(request: Any) -> list[str]:
    return [line.entry.label for group in navigation.menu(request) for line in group]


@pytest.mark.usefixtures("_some_pages")
@pytest.mark.parametrize(
    ("roles", "seen"),
    [
        ({Role.REFERRAL_DESK}, ["接收台", "已发出"]),
        ({Role.RESIDENT}, ["我的转诊", "谁看过"]),
        ({Role.AUDIT_ADMIN}, ["审计"]),
        ({Role.PHARMACIST}, []),
    ],
)
def test_the_menu_shows_what_a_role_works_with_and_what_exists(
    roles: set[Role], seen: list[str]
) -> None:
    assert labels(request_of(actor(*roles))) == seen


@pytest.mark.usefixtures("_some_pages")
def test_somebody_not_signed_in_has_no_menu() -> None:
    assert navigation.menu(request_of(None)) == []


@pytest.mark.usefixtures("_some_pages")
def test_the_line_of_a_page_below_it_is_marked_as_current() -> None:
    request = request_of(actor(Role.REFERRAL_DESK), "/referral/sent/2026")
    marked = [
        line.entry.label
        for group in navigation.menu(request)
        for line in group
        if line.is_current
    ]
    assert marked == ["已发出"]


def test_every_icon_of_the_menu_exists() -> None:
    page = request_of(None)
    for entry in navigation.MENU:
        line = navigation.Line(entry, "/x", None, is_current=False)
        shown = render(page, "web/_lines.html", {"lines": [line]}).content
        assert b"<svg" in shown


def test_the_menu_is_drawn_as_markup_in_the_language_of_its_reader() -> None:
    lines = [navigation.Line(navigation.MENU[0], "/x?a&b", None, is_current=False)]
    template = engines["jinja2"].from_string("{{ menu_lines(lines) }}")
    for language, label in (("zh-hans", "接收台"), ("en", "Receiving desk")):
        with translation.override(language):
            drawn = template.render({"lines": lines})
        assert '<a href="/x?a&amp;b">' in drawn
        assert f"<span>{label}</span>" in drawn


def test_a_marked_text_escapes_its_values_and_keeps_its_percent_sign() -> None:
    source = '{{ _("100 %%") }} {{ _("共 %(n)s 条", n="<b>") }}'
    assert engines["jinja2"].from_string(source).render() == "100 % 共 &lt;b&gt; 条"


@pytest.mark.parametrize(
    ("cookie", "accepts", "language"),
    [
        (None, "en-US,en;q=0.9", "zh-hans"),
        ("en", "zh-CN", "en"),
        ("tlh", "en", "zh-hans"),
        ("<script>", "en", "zh-hans"),
    ],
)
def test_the_language_is_chinese_until_the_reader_chooses(
    cookie: str | None, accepts: str, language: str
) -> None:
    request = ask.get("/", headers={"Accept-Language": accepts})
    if cookie:
        request.COOKIES[middleware.LANGUAGE_COOKIE] = cookie
    spoken = []
    answer = middleware.Language(
        lambda r: spoken.append(translation.get_language()) or HttpResponse()  # type: ignore[func-returns-value]
    )(request)
    assert spoken == [language]
    assert answer["Content-Language"] == language


@pytest.mark.parametrize(
    ("language", "back", "leads_to", "is_kept"),
    [
        ("en", "/referral/", "/referral/", True),
        ("en", "https://elsewhere.example/", "/", True),
        ("en", "//elsewhere.example/", "/", True),
        ("tlh", "/", "/", False),
    ],
)
def test_choosing_a_language_keeps_it_and_stays_with_us(
    language: str, back: str, leads_to: str, is_kept: bool
) -> None:
    answer = views.language(ask.post("/language", {"language": language, "next": back}))
    assert answer["Location"] == leads_to
    assert (middleware.LANGUAGE_COOKIE in answer.cookies) is is_kept


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("localhost:8000", "http://localhost:9001/live"),
        ("[::1]:8000", "http://[::1]:9001/live"),
        ("region.example", "/live"),
    ],
)
def test_live_updates_stand_on_the_next_port_or_behind_the_same_door(
    settings: Any, host: str, address: str
) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    settings.YILIAN_LIVE_PORT = 9001
    assert shell.live_url(ask.get("/", headers={"Host": host})) == address


def test_a_page_runs_nothing_but_our_own_scripts() -> None:
    answer = middleware.ContentSecurity(lambda r: HttpResponse())(ask.get("/"))
    policy = answer["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy


@pytest.mark.usefixtures("_some_pages")
@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("is_demo", [True, False])
def test_the_gallery_shows_every_component(
    settings: Any, language: str, is_demo: bool
) -> None:
    settings.YILIAN_DEMO = is_demo
    with translation.override(language):
        request = request_of(actor(Role.REFERRAL_DESK), "/gallery")
        shown = render(request, "web/gallery.html", {"shown": gallery.exhibits()})
    page = shown.content.decode()
    assert page.count('class="card hop') == 5
    assert ("均为虚构" in page) is is_demo or language == "en"
    for part in ("ladder", "lanes", "tiles", "bill", "timeline", "picker", "qr"):
        assert f'class="{part}' in page
