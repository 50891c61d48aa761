"""Between signing in and working: time-out, and a password that must change."""

from collections.abc import Callable
from time import time
from typing import Final

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.utils.translation import gettext

from yilian.foundation.access.middleware import actor_of
from yilian.foundation.identity.services import close_session

SEEN_KEY: Final = "seen"
_WRITE_EVERY: Final = 60  # seconds between two writes of "still there"
_OPEN_WHILE_DUE: Final = frozenset(
    {"identity:password", "identity:sign_out", "web:language", "demo:enter"}
)
GetResponse = Callable[[HttpRequest], HttpResponse]


class IdleTimeout:
    """Nobody has touched the page for so long: the session ends.

    What a page fetches by itself (counts, live lists) does not count as a touch.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            self._look_at_the_clock(request)
        return self.get_response(request)

    def _look_at_the_clock(self, request: HttpRequest) -> None:
        now = int(time())
        seen = int(request.session.get(SEEN_KEY, now))
        if now - seen > settings.YILIAN_IDLE_MINUTES * 60:
            _end(request)
        elif _is_touch(request) and (
            SEEN_KEY not in request.session or now - seen >= _WRITE_EVERY
        ):
            request.session[SEEN_KEY] = now


def _is_touch(request: HttpRequest) -> bool:
    return request.method != "GET" or request.headers.get("HX-Request") != "true"


def _end(request: HttpRequest) -> None:
    actor = actor_of(request)
    if actor is not None:
        close_session(actor, how="idle")
    logout(request)
    messages.info(request, gettext("长时间没有操作，已退出登录。请重新登录。"))


class PasswordDue:
    """A password given by an administrator opens only the page that changes it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: object, args: object, kwargs: object
    ) -> HttpResponse | None:
        if not getattr(request.user, "must_change_password", False):
            return None
        match = request.resolver_match
        if match is None or match.view_name in _OPEN_WHILE_DUE:
            return None
        target = resolve_url("identity:password")
        if request.headers.get("HX-Request") == "true":
            return HttpResponse(status=401, headers={"HX-Redirect": target})
        return HttpResponseRedirect(target)
