"""The bar and the menus around a page, drawn once for all who have the same ones.

What differs from reader to reader and from page to page (name, place, token, address)
is left open when a frame is drawn, and filled in for each page.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import get_script_prefix
from django.utils import translation
from markupsafe import Markup, escape

from yilian.foundation.access.actor import Actor
from yilian.interfaces.web.context import csrf_field
from yilian.interfaces.web.navigation import current_name
from yilian.interfaces.web.shell import LETTERS_COOKIE, letters_of, shell
from yilian.interfaces.web.words import text

# No text that anybody enters holds a NUL: forms refuse it, and so does the database.
_OPEN: Final = re.compile(r"\0([a-z]+)\0")
_TOKEN, _PATH, _NAME, _PLACE = "\0token\0", "\0path\0", "\0name\0", "\0place\0"
_MOST_KEPT: Final = 1_000

Key = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class _AnyPage:
    """Stands for the request where a frame asks for the size of letters and the way
    back."""

    COOKIES: Mapping[str, str]
    path: str = _PATH
    method: str = "GET"


def frame(request: HttpRequest, csrf_token: object) -> Markup:
    key = _key(request)
    parts = _FRAMES.get(key)
    if parts is None:
        if len(_FRAMES) >= _MOST_KEPT:
            _FRAMES.clear()
        parts = _FRAMES[key] = _OPEN.split(_drawn(request))
    actor: Actor | None = getattr(request, "actor", None)
    told = {
        "token": str(csrf_token),
        "path": escape(request.path if request.method == "GET" else "/"),
        "name": escape(actor.name if actor else ""),
        "place": escape(actor.institution_name if actor else ""),
    }
    filled = list(parts)
    filled[1::2] = [told[what] for what in parts[1::2]]
    # Drawn by our own template, which has escaped the rest.
    return Markup("".join(filled))  # noqa: S704


def _key(request: HttpRequest) -> Key:
    """All that a frame shows and leaves not open."""
    actor: Actor | None = getattr(request, "actor", None)
    return (
        actor and (actor.roles, bool(actor.name)),
        tuple(
            (post.id, text(post.label), post.is_current)
            for post in getattr(request, "posts", ())
        ),
        current_name(request),
        letters_of(request),
        translation.get_language(),
        settings.ROOT_URLCONF,
        get_script_prefix(),
    )


def _drawn(request: HttpRequest) -> str:
    around = shell(request)
    actor = around.actor
    if actor is not None:
        name = _NAME if actor.name else ""
        anybody = replace(actor, name=name, institution_name=_PLACE)
        around = replace(around, actor=anybody)
    context: dict[str, Any] = {
        "frame": around,
        "request": _AnyPage({LETTERS_COOKIE: letters_of(request)}),
        "csrf_input": csrf_field(_TOKEN),
    }
    return render_to_string("web/_frame.html", context)


_FRAMES: Final[dict[Key, list[str]]] = {}
