"""A request leaves a number, a line and a measure, and no trace of its subject."""

import json
import logging
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any
from urllib.parse import quote

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from pytest_django import Settings

from yilian.foundation.telemetry.logs import REQUESTS, JsonLines
from yilian.interfaces.web.telemetry import Telemetry

NAME = "马秀兰"
IDENTITY = "640121195203070024"
PHONE = "13809581234"

pytestmark = pytest.mark.django_db
Ask = Callable[..., tuple[int, dict[str, str], str]]


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """Everything that is logged meanwhile, as it would stand in the files."""
    kept: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            kept.append(JsonLines().format(record))

    handler = Keep()
    requests = logging.getLogger(REQUESTS)
    before = requests.level
    requests.setLevel(logging.INFO)
    loggers = [requests, logging.getLogger(), logging.getLogger("django")]
    for logger in loggers:
        logger.addHandler(handler)
    yield kept
    for logger in loggers:
        logger.removeHandler(handler)
    requests.setLevel(before)


@pytest.fixture
def ask() -> Iterator[Ask]:
    """As the server calls us; only the test's own connection is kept, as Django's
    own client does."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield _asking()
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def _asking() -> Ask:
    application = Telemetry(WSGIHandler())

    def ask(
        path: str, query: str = "", address: str = "127.0.0.1", **headers: str
    ) -> tuple[int, dict[str, str], str]:
        environ: dict[str, Any] = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": path.encode().decode("latin-1"),
            "QUERY_STRING": query,
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "REMOTE_ADDR": address,
            "wsgi.input": BytesIO(),
            "wsgi.url_scheme": "http",
            **headers,
        }
        said: list[Any] = []
        body = application(environ, lambda *words: said.append(words))
        text = b"".join(body).decode()
        status, given = said[0][0], dict(said[0][1])
        return int(status[:3]), given, text

    return ask


def test_a_request_leaves_one_line_with_its_pattern(ask: Ask, lines: list[str]) -> None:
    status, headers, _text = ask("/account/sign-in")
    said = json.loads(lines[-1])
    assert said["route"] == "/account/sign-in"
    assert said["status"] == status == 200
    assert said["request"] == headers["X-Request-ID"]
    assert said["ms"] > 0


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/residents/", f"q={quote(NAME)}"),
        ("/residents/", f"q={IDENTITY}"),
        (f"/residents/{NAME}", ""),
        (f"/nowhere/{PHONE}", f"phone={PHONE}"),
        ("/account/sign-in", f"next=/residents/?q={quote(NAME)}"),
        ("/fhir/Patient", f"identifier={IDENTITY}"),
    ],
)
def test_what_was_asked_for_never_stands_in_a_line(
    path: str, query: str, ask: Ask, lines: list[str]
) -> None:
    ask(path, query)
    written = "\n".join(lines)
    assert written
    for planted in (NAME, quote(NAME), IDENTITY, PHONE, "q=", "next="):
        assert planted not in written


def test_an_error_page_shows_the_number_of_its_line(ask: Ask, lines: list[str]) -> None:
    status, headers, text = ask("/no/such/page")
    assert status == 404
    assert "错误编号" in text
    assert headers["X-Request-ID"] in text
    assert any(headers["X-Request-ID"] in line for line in lines)


def test_health_and_styles_are_counted_and_leave_no_line(
    ask: Ask, lines: list[str]
) -> None:
    ask("/static/yilian.css")
    assert not [line for line in lines if "static" in line]


def test_nginxs_number_is_ours_behind_it(ask: Ask, settings: Settings) -> None:
    number = "ab" * 16
    _status, headers, _text = ask("/account/sign-in", HTTP_X_REQUEST_ID=number)
    assert headers["X-Request-ID"] != number, "without a proxy nobody is believed"
    settings.YILIAN_BEHIND_PROXY = True
    _status, headers, _text = ask("/account/sign-in", HTTP_X_REQUEST_ID=number)
    assert headers["X-Request-ID"] == number


def test_measures_are_for_this_machine(ask: Ask) -> None:
    ask("/account/sign-in")
    status, headers, text = ask("/metrics")
    assert status == 200
    assert headers["Content-Type"].startswith("text/plain")
    assert 'route="/account/sign-in"' in text
    for name in (
        "yilian_database_up 1.0",
        "yilian_dead_letters 0.0",
        'yilian_referrals_open{urgency="stat"}',
        "yilian_audit_unsealed_rows",
        "yilian_events_oldest_seconds",
        "yilian_jobs_waiting",
    ):
        assert name in text


def test_measures_are_not_there_for_strangers(ask: Ask) -> None:
    assert ask("/metrics", address="203.0.113.5")[0] == 404
    assert ask("/metrics", HTTP_X_FORWARDED_FOR="203.0.113.5")[0] == 404
