"""Every view says how it is reached: behind login, or public and why.

A test walks all addresses and fails for a view that says neither.
"""

from collections.abc import Callable
from functools import update_wrapper
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import resolve_url

from yilian.foundation.access.middleware import ActorRequest

P = ParamSpec("P")
V = TypeVar("V", bound=Callable[..., HttpResponseBase])

SIGNED_IN = "signed_in"
PUBLIC = "public"
SIGN_IN_HEADER = "X-Sign-In"


def signed_in(
    view: Callable[Concatenate[ActorRequest, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Nobody acts: to the sign-in page. Inside, `request.actor` is always there."""

    def guarded(
        request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs
    ) -> HttpResponseBase:
        if getattr(request, "actor", None) is None:
            return _to_sign_in(request)
        return view(cast(ActorRequest, request), *args, **kwargs)

    update_wrapper(guarded, view)
    return _marked(guarded, SIGNED_IN)


def public(why: str) -> Callable[[V], V]:
    """Reached without signing in; `why` is read by whoever reviews the list."""

    def mark(view: V) -> V:
        cast(Any, view).why_public = why
        return _marked(view, PUBLIC)

    return mark


def _marked(view: V, access: str) -> V:
    cast(Any, view).access = access
    return view


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    sign_in = resolve_url(settings.LOGIN_URL)
    if request.headers.get("HX-Request") == "true":
        # A fragment cannot become a sign-in form. The page goes there by itself, unless
        # somebody writes in it (yilian.js): words half written are not thrown away.
        return HttpResponse(status=401, headers={SIGN_IN_HEADER: sign_in})
    if request.method != "GET":
        return redirect_to_login("/", sign_in)
    return redirect_to_login(request.get_full_path(), sign_in)
