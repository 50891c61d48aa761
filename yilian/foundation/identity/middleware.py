"""Between signing in and working: time-out, a password that must change, a second
factor that must be put on."""

from collections.abc import Callable
from functools import partial
from time import time
from typing import Any, Final

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import (
    BACKEND_SESSION_KEY,
    HASH_SESSION_KEY,
    get_user,
    logout,
)
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.utils.crypto import constant_time_compare
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext

from yilian.foundation.access.actor import Actor
from yilian.foundation.access.middleware import actor_of
from yilian.foundation.identity.models import Account
from yilian.foundation.identity.services import close_session
from yilian.kernel.text import _

BY_NAME: Final = "django.contrib.auth.backends.ModelBackend"
SEEN_KEY: Final = "seen"
_WRITE_EVERY: Final = 60  # seconds between two writes of "still there"
HOW_KEY: Final = "how"  # how this session was opened
BY_CAST: Final = "cast"
_ALWAYS_OPEN: Final = frozenset(
    {"identity:sign_out", "web:language", "web:letters", "web:help", "demo:enter"}
)
_OPEN_WHILE_DUE: Final = _ALWAYS_OPEN | {"identity:password"}
_OPEN_WHILE_OWED: Final = _OPEN_WHILE_DUE | {
    "identity:security",
    "identity:begin_second_factor",
    "identity:confirm_second_factor",
    "identity:switch_post",
}
# A view for programs: it asks `still_due` itself and refuses in words, because a
# page with a form is no answer to it.
REFUSES_ITSELF: Final = "refuses_what_is_due"
_PASSWORD_DUE: Final = _("请先在网页上修改管理员给的密码，再读取数据。")
_FACTOR_DUE: Final = _("本机构要求两步验证。请先在网页上设置，再读取数据。")
GetResponse = Callable[[HttpRequest], HttpResponse]


class SignedIn(AuthenticationMiddleware):
    """Django's own, which does not ask again for what was read with the session."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        request.user = SimpleLazyObject(partial(_user_of, request))  # type: ignore[assignment]


def _user_of(request: HttpRequest) -> Account | AnonymousUser:
    """All that Django demands of a session is demanded here; whatever falls short of
    it is left to Django to judge."""
    read = getattr(request.session, "account_along", None)
    account: Account | None = read() if read is not None else None
    if account is not None and _vouches(request.session, account):
        return account
    return get_user(request)


def _vouches(session: Any, account: Account) -> bool:
    return (
        account.is_active
        and session.get(BACKEND_SESSION_KEY) == BY_NAME
        and constant_time_compare(
            session.get(HASH_SESSION_KEY, ""), account.get_session_auth_hash()
        )
    )


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
    return request.method != "GET" or request.META.get("HTTP_HX_REQUEST") != "true"


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
        if not owes_password(request) or getattr(view, REFUSES_ITSELF, False):
            return None
        return _send_to("identity:password", request, _OPEN_WHILE_DUE)


class SecondFactorDue:
    """Where the institution demands a second factor, whoever has none puts one on
    before anything else."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: object, args: object, kwargs: object
    ) -> HttpResponse | None:
        actor: Actor | None = getattr(request, "actor", None)
        if actor is None or not owes_second_factor(request, actor):
            return None
        if getattr(view, REFUSES_ITSELF, False):
            return None
        return _send_to("identity:security", request, _OPEN_WHILE_OWED)


def still_due(request: HttpRequest, actor: Actor) -> str | None:
    """What must be done before any work, in a marked text."""
    if owes_password(request):
        return _PASSWORD_DUE
    return _FACTOR_DUE if owes_second_factor(request, actor) else None


def owes_password(request: HttpRequest) -> bool:
    return bool(getattr(request.user, "must_change_password", False))


def owes_second_factor(request: HttpRequest, actor: Actor) -> bool:
    """The cast of the demo comes in by a click and is not asked."""
    is_cast = settings.YILIAN_DEMO and request.session.get(HOW_KEY) == BY_CAST
    return actor.owes_second_factor and not is_cast


def _send_to(
    page: str, request: HttpRequest, still_open: frozenset[str]
) -> HttpResponse | None:
    match = request.resolver_match
    if match is None or match.view_name in still_open:
        return None
    target = resolve_url(page)
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(status=401, headers={"HX-Redirect": target})
    return HttpResponseRedirect(target)
