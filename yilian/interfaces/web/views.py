"""The shell's own pages: language, size of letters and, in the demo, the gallery."""

from datetime import timedelta
from pathlib import Path
from typing import Final

from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from yilian.foundation.access.views import public
from yilian.interfaces.web import gallery as shown
from yilian.interfaces.web.middleware import LANGUAGE_COOKIE
from yilian.interfaces.web.navigation import menu
from yilian.interfaces.web.shell import LETTER_SIZES, LETTERS_COOKIE

A_YEAR: Final = timedelta(days=365)


@public("sends a stranger to the sign-in page")
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """The first screen of each role is its work; a stranger is asked to sign in."""
    if getattr(request, "actor", None) is None:
        return HttpResponseRedirect(resolve_url(settings.LOGIN_URL))
    lines = [line for group in menu(request) for line in group]
    if lines:
        return HttpResponseRedirect(lines[0].href)
    return render(request, "web/home.html")


@public("the sign-in page is read in both languages")
@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """The reader's choice, kept in a cookie; an unknown language changes nothing."""
    response = HttpResponseRedirect(_back(request))
    chosen = request.POST.get("language", "")
    if chosen in dict(settings.LANGUAGES):
        response.set_cookie(
            LANGUAGE_COOKIE,
            chosen,
            max_age=A_YEAR,
            httponly=True,
            samesite="Lax",
            secure=request.is_secure(),
        )
    return response


@public("large letters are wanted before signing in, too")
@require_POST
def letters(request: HttpRequest) -> HttpResponse:
    """The size of the letters, kept in a cookie; an unknown size changes nothing."""
    response = HttpResponseRedirect(_back(request))
    chosen = request.POST.get("letters", "")
    if chosen in LETTER_SIZES:
        response.set_cookie(
            LETTERS_COOKIE,
            chosen,
            max_age=A_YEAR,
            httponly=True,
            samesite="Lax",
            secure=request.is_secure(),
        )
    return response


def _back(request: HttpRequest) -> str:
    back = request.POST.get("next", "/")
    return back if url_has_allowed_host_and_scheme(back, allowed_hosts=None) else "/"


@public("says that there is no line, and names nobody")
@require_GET
def offline(request: HttpRequest) -> HttpResponse:
    return render(request, "web/offline.html")


@public("a script of ours, at the top so that it may answer for every page")
@require_GET
def service_worker(request: HttpRequest) -> HttpResponse:
    found = finders.find("sw.js")
    text = Path(str(found)).read_text(encoding="utf-8")
    response = HttpResponse(text, content_type="text/javascript; charset=utf-8")
    response["Cache-Control"] = "no-cache"
    return response


@public("invented examples of every component, in the demo only")
@require_GET
def gallery(request: HttpRequest) -> HttpResponse:
    return render(request, "web/gallery.html", {"shown": shown.exhibits()})


@public("what the gallery finds, of its own invented entries")
@require_GET
def gallery_codes(request: HttpRequest) -> HttpResponse:
    """What the gallery's picker finds, of its own few invented entries."""
    found = shown.codes(request.GET.get("q", ""))
    return render(request, "web/_gallery_codes.html", {"items": found})
