"""Around every request: a number for it, its time, its log line; and `/metrics`.

`Telemetry` is the outermost of the WSGI applications, so that it counts those who
were turned away at the door as well. `Named`, the first of Django's middleware,
tells it which address and whose account it was.
"""

import time
from collections.abc import Callable, Iterable
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.utils.module_loading import import_string

from yilian.foundation.telemetry import access, measures
from yilian.foundation.telemetry.logs import Asked, current, write_request
from yilian.foundation.telemetry.rules import request_id

METRICS_PATH: Final = "/metrics"
QUIET: Final = frozenset({"healthz", "static", "metrics"})
_UNKNOWN: Final = "unknown"
_KEY: Final = "yilian.asked"
_LOOK_EVERY: Final = 1.0  # seconds between two looks at the pool

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]


class Telemetry:
    """Wraps the pages' WSGI application."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._looked_at = 0.0

    def __call__(
        self, environ: Environ, start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        if environ["PATH_INFO"] == METRICS_PATH:
            return _metrics(environ, start_response)
        asked = _asked(environ)
        environ[_KEY] = asked
        token = current.set(asked)
        began = time.perf_counter()
        measures.begin()
        seen = [500]

        def started(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            seen[0] = int(status[:3])
            return start_response(status, [*headers, ("X-Request-ID", asked.id)], *rest)

        try:
            return self._application(environ, started)
        finally:
            seconds = time.perf_counter() - began
            self._note(asked, seen[0], seconds)
            current.reset(token)

    def _note(self, asked: Asked, status: int, seconds: float) -> None:
        measures.end(
            route=asked.route, method=asked.method, status=status, seconds=seconds
        )
        if asked.route not in QUIET:
            write_request(asked, status, seconds)
        now = time.monotonic()
        if now - self._looked_at > _LOOK_EVERY:
            self._looked_at = now
            _note_pool()


class Named:
    """What a request was, once Django knows it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        asked: Asked | None = request.META.get(_KEY)
        if asked is not None:
            _name(asked, request)
        return response

    def process_view(
        self, request: HttpRequest, view: object, args: object, kwargs: object
    ) -> None:
        """Before the view, so that what it logs says where."""
        asked: Asked | None = request.META.get(_KEY)
        if asked is not None:
            _name(asked, request)


def _name(asked: Asked, request: HttpRequest) -> None:
    match = request.resolver_match
    if match is not None:
        asked.route = f"/{match.route}"
    actor = getattr(request, "actor", None)
    if actor is not None:
        asked.account = str(actor.account_id or "")
        asked.institution = str(actor.institution_id or "")


def _asked(environ: Environ) -> Asked:
    given = str(environ.get("HTTP_X_REQUEST_ID", ""))
    method = str(environ["REQUEST_METHOD"])
    return Asked(
        request_id(given) if settings.YILIAN_BEHIND_PROXY else request_id(""),
        method if method.isalpha() else "?",
        _beforehand(str(environ["PATH_INFO"])),
    )


def _beforehand(path: str) -> str:
    """For what never comes to a view."""
    if path == "/healthz":
        return "healthz"
    if path.startswith(settings.STATIC_URL):
        return "static"
    return _UNKNOWN


def _metrics(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
    """As if it were not there, to whoever may not read it."""
    names = [name[5:].replace("_", "-") for name in environ if name[:5] == "HTTP_"]
    if not access.may_read(
        str(environ.get("REMOTE_ADDR", "")),
        names,
        str(environ.get("HTTP_AUTHORIZATION", "")),
    ):
        start_response("404 Not Found", [("Content-Length", "0")])
        return [b""]
    body = measures.exposition(import_string(settings.YILIAN_MEASURES))
    headers = [
        ("Content-Type", measures.CONTENT_TYPE),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-store"),
    ]
    start_response("200 OK", headers)
    return [body]


def _note_pool() -> None:
    try:
        pool = connection.pool  # type: ignore[attr-defined]
    except (AttributeError, ImproperlyConfigured):
        return
    if pool is not None:
        measures.note_pool(pool.get_stats())
