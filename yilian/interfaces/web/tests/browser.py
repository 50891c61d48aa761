"""A real browser before pages of a test's own, with the shell's real middleware."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from socketserver import ThreadingMixIn
from types import ModuleType
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.handlers.wsgi import WSGIHandler
from django.test import override_settings
from django.urls import URLPattern, include, path
from playwright.sync_api import Page, sync_playwright

from yilian.interfaces.web import views

CHROMIUM = Path("/usr/bin/chromium")
NEEDS_CHROMIUM = pytest.mark.skipif(
    not CHROMIUM.exists(), reason="needs Debian's Chromium"
)


class ThreadedServer(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class QuietHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """A test's server says nothing."""


@contextmanager
def serving(pages: Sequence[URLPattern]) -> Iterator[str]:
    """These addresses, and those that the shell itself asks for."""
    module = ModuleType("pages_of_a_test")
    shell = [path("codes", views.gallery_codes), path("language", views.language)]
    module.urlpatterns = [  # type: ignore[attr-defined]
        *pages,
        path("gallery/", include(shell)),
    ]
    middleware = [
        f"yilian.interfaces.web.middleware.{name}"
        for name in ("Language", "Refusals", "ContentSecurity")
    ]
    with override_settings(ROOT_URLCONF=module, MIDDLEWARE=middleware):
        server = make_server(
            "127.0.0.1",
            0,
            StaticFilesHandler(WSGIHandler()),
            server_class=ThreadedServer,
            handler_class=QuietHandler,
        )
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="module")
def window() -> Iterator[Page]:
    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser.new_page()
        browser.close()
