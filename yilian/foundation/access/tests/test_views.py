"""Views say how they are reached, and strangers are asked to sign in."""

from typing import Any

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from pytest_django import Settings

from yilian.foundation.access.actor import system_actor
from yilian.foundation.access.middleware import origin_of
from yilian.foundation.access.views import SIGN_IN_HEADER, public, signed_in


@signed_in
def behind(request: Any) -> HttpResponse:
    return HttpResponse(request.actor.name)


@public("登录页")
def door(request: Any) -> HttpResponse:
    return HttpResponse("come in")


def test_every_view_says_how_it_is_reached() -> None:
    assert behind.access == "signed_in"  # type: ignore[attr-defined]
    assert door.access == "public"  # type: ignore[attr-defined]


def test_who_is_signed_in_goes_through() -> None:
    request = RequestFactory().get("/x")
    request.actor = system_actor("clock")  # type: ignore[attr-defined]
    answer = behind(request)
    assert isinstance(answer, HttpResponse)
    assert answer.content == b"clock"


@pytest.mark.parametrize(
    ("method", "after"), [("get", "next=/x%3Fa%3D1"), ("post", "next=/")]
)
def test_a_stranger_signs_in_and_comes_back_to_what_can_be_opened_again(
    method: str, after: str
) -> None:
    answer = behind(getattr(RequestFactory(), method)("/x?a=1"))
    assert answer.status_code == 302
    assert answer.headers["Location"].endswith(after)


def test_a_fragment_says_where_to_sign_in() -> None:
    request = RequestFactory().get("/x", headers={"HX-Request": "true"})
    answer = behind(request)
    assert answer.status_code == 401
    assert "sign-in" in answer.headers[SIGN_IN_HEADER]


@pytest.mark.parametrize(
    ("is_behind", "named", "origin"),
    [
        (False, "203.0.113.9", "127.0.0.1"),  # anybody may send the header
        (True, "203.0.113.9", "203.0.113.9"),
        (True, "", ""),
    ],
)
def test_a_visitors_address_is_the_one_that_nginx_names(
    settings: Settings, is_behind: bool, named: str, origin: str
) -> None:
    settings.YILIAN_BEHIND_PROXY = is_behind
    headers = {"X-Real-IP": named} if named else {}
    assert origin_of(RequestFactory().get("/", headers=headers)) == origin
