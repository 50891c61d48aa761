"""Pages come, listen, and go; none is left behind."""

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final
from uuid import UUID

import pytest
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from pytest_django import Settings

from yilian.foundation.identity.models import Account
from yilian.foundation.identity.rules import AccountKind
from yilian.interfaces.live import app
from yilian.interfaces.live.app import Message
from yilian.interfaces.live.hub import Notice
from yilian.interfaces.live.listener import listen
from yilian.interfaces.live.tests.served import HOUSE

pytestmark = pytest.mark.django_db(transaction=True)

PATIENCE: Final = 30.0
PAGES: Final = f"http://localhost:{settings.PORT}"


@dataclass
class Page:
    """A browser's side of one connection."""

    cookie: str
    origin: str = PAGES
    path: str = "/live"
    host: str = f"localhost:{settings.PORT + 1}"
    is_stuck: bool = False
    status: int = 0
    heard: str = ""
    is_ended: bool = False
    leaving: asyncio.Event = field(default_factory=asyncio.Event)

    async def open(self) -> None:
        cookie = f"{settings.SESSION_COOKIE_NAME}={self.cookie}"
        headers = [("host", self.host), ("origin", self.origin), ("cookie", cookie)]
        scope = {
            "type": "http",
            "method": "GET",
            "path": self.path,
            "headers": [(name.encode(), value.encode()) for name, value in headers],
        }
        await app.application(scope, self._receive, self._send)

    async def _receive(self) -> Message:
        await self.leaving.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        self.status = message.get("status", self.status)
        if self.is_stuck and self.heard:
            await asyncio.Event().wait()
        self.heard += message.get("body", b"").decode()
        is_last = message["type"] == "http.response.body"
        self.is_ended = is_last and not message.get("more_body", False)


@pytest.fixture
def cookie(settings: Settings) -> str:
    settings.YILIAN_ACTOR_BUILDER = "yilian.interfaces.live.tests.served.actor_for"
    account = Account.objects.create(username="desk1", kind=AccountKind.STAFF)
    client = Client()
    client.force_login(account)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def run(story: Coroutine[Any, Any, None]) -> None:
    async def told() -> None:
        async with asyncio.timeout(PATIENCE):
            await story

    asyncio.run(told())
    assert not app.hub.subscribers


async def until(is_so: Callable[[], bool]) -> None:
    while not is_so():
        await asyncio.sleep(0.01)


def notify(**facts: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify('yilian_live', %s)", [json.dumps(facts)])


async def aside(do: Callable[..., object], **facts: object) -> None:
    """In a thread, which leaves no connection behind."""

    def done() -> None:
        try:
            do(**facts)
        finally:
            connection.close()

    await asyncio.to_thread(done)


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"cookie": ""}, 401),
        ({"cookie": "nosuchsession"}, 401),
        ({"origin": "http://evil.example"}, 403),
        ({"host": "evil.example:8001"}, 403),
        ({"path": "/"}, 404),
    ],
)
def test_who_is_not_let_in(cookie: str, changed: dict[str, str], status: int) -> None:
    async def story() -> None:
        page = replace(Page(cookie), **changed)  # type: ignore[arg-type]
        await page.open()
        assert page.status == status
        assert page.is_ended

    run(story())


def test_fifty_pages_connect_and_vanish_and_none_is_left(cookie: str) -> None:
    async def story() -> None:
        pages = [Page(cookie) for _n in range(50)]
        app.hub.subscribers.clear()
        opened = [asyncio.create_task(page.open()) for page in pages]
        await until(lambda: sum(page.is_ended for page in pages) == 20)
        assert len(app.hub.subscribers) == 30  # the youngest tabs of one account
        for page in pages:
            page.leaving.set()
        await asyncio.gather(*opened)

    run(story())


def test_a_notice_reaches_the_house_it_names_and_no_other(cookie: str) -> None:
    async def story() -> None:
        listening = asyncio.create_task(listen(app.hub))
        page = Page(cookie)
        opened = asyncio.create_task(page.open())
        await until(lambda: bool(page.heard))
        while "referral" not in page.heard:  # until the listener stands, it is deaf
            await aside(notify, topic="audit", institution=str(UUID(int=9)))
            await aside(notify, topic="referral", institution=str(HOUSE))
            await asyncio.sleep(0.02)
        assert "event: referral\n" in page.heard
        assert "audit" not in page.heard
        page.leaving.set()
        await opened
        assert not app.hub.is_deaf
        listening.cancel()

    run(story())


def test_a_listener_hears_again_after_its_line_was_cut(cookie: str) -> None:
    def cut() -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE query LIKE 'LISTEN %' AND datname = current_database()"
            )

    async def story() -> None:
        listening = asyncio.create_task(listen(app.hub))
        await until(lambda: not app.hub.is_deaf)
        page = Page(cookie)
        opened = asyncio.create_task(page.open())
        await until(lambda: bool(app.hub.subscribers))
        await aside(cut)
        await opened  # sent to ask anew
        await until(lambda: not app.hub.is_deaf)
        listening.cancel()

    app.hub.is_deaf = True
    run(story())


def test_a_page_ends_when_its_session_ends(
    cookie: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "HEARTBEAT", 0.05)

    async def story() -> None:
        page = Page(cookie)
        opened = asyncio.create_task(page.open())
        await until(lambda: "still here" in page.heard)
        await aside(lambda: Session.objects.all().delete())
        await opened
        assert page.is_ended

    run(story())


def test_many_notices_do_not_keep_a_page_open_that_has_signed_out(
    cookie: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "HEARTBEAT", 0.2)

    async def story() -> None:
        page = Page(cookie)
        opened = asyncio.create_task(page.open())
        await until(lambda: bool(page.heard))
        await aside(lambda: Session.objects.all().delete())
        while not opened.done():
            app.hub.tell(Notice("referral", HOUSE, None, "routine", "x"))
            await asyncio.sleep(0.01)
        assert page.is_ended

    run(story())


def test_a_page_ends_when_its_owner_has_gone_idle(
    cookie: str, settings: Settings
) -> None:
    session = SessionStore(cookie)
    session["seen"] = int(time.time()) - settings.YILIAN_IDLE_MINUTES * 60 - 5
    session.save()

    async def story() -> None:
        page = Page(cookie)
        await page.open()
        assert page.status == 401

    run(story())


def test_a_page_that_does_not_take_what_it_is_sent_is_dropped(
    cookie: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "PATIENCE", 0.1)
    monkeypatch.setattr(app, "HEARTBEAT", 0.05)

    async def story() -> None:
        await Page(cookie, is_stuck=True).open()

    run(story())


def test_pages_are_sent_to_ask_anew_when_the_listener_was_deaf(cookie: str) -> None:
    async def story() -> None:
        page = Page(cookie)
        opened = asyncio.create_task(page.open())
        await until(lambda: bool(app.hub.subscribers))
        app.hub.close()
        await opened
        assert page.is_ended

    run(story())


# --- as a server runs it ------------------------------------------------------


@contextlib.contextmanager
def served() -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    facts = connection.settings_dict
    address = f"postgresql:///{facts['NAME']}?host={facts['HOST']}&user={facts['USER']}"
    options = {"--interface": "asgi", "--host": "127.0.0.1", "--port": str(port)}
    words = [word for option in options.items() for word in option]
    target = "yilian.interfaces.live.tests.serve:application"
    child = subprocess.Popen(  # noqa: S603 our own program
        [sys.executable, "-m", "granian", *words, "--no-ws", "--http", "1", target],
        env={
            **os.environ,
            "DATABASE_URL": f"{address}&password={facts['PASSWORD'] or ''}",
            "PORT": str(port - 1),
            "DJANGO_SETTINGS_MODULE": "yilian.config.settings",
            "YILIAN_SECRET_KEY_FILE": os.environ["YILIAN_SECRET_KEY_FILE"],
        },
    )
    try:
        yield child, port
    finally:
        child.terminate()
        child.wait(PATIENCE)


def connect(port: int, path: str, cookie: str = "") -> socket.socket:
    browser = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    browser.sendall(
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        f"Cookie: {settings.SESSION_COOKIE_NAME}={cookie}\r\n\r\n".encode()
    )
    return browser


def pages_open(port: int) -> int:
    with connect(port, "/healthz") as browser:
        said = browser.recv(4096).decode()
        while '"pages"' not in said:
            said += browser.recv(4096).decode()
    return int(json.loads(said[said.index("{") :])["pages"])


def wait_for(is_so: Callable[[], bool]) -> None:
    give_up_at = time.monotonic() + PATIENCE
    while True:
        with contextlib.suppress(ConnectionError):
            if is_so():
                return
        assert time.monotonic() < give_up_at, "it did not happen"
        time.sleep(0.1)


def test_a_server_forgets_pages_that_vanish_and_stops_when_asked(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "django"
    secret.write_text(settings.SECRET_KEY)
    monkeypatch.setenv("YILIAN_SECRET_KEY_FILE", str(secret))
    cookies = []
    for number in range(2):
        account = Account.objects.create(username=f"u{number}", kind=AccountKind.STAFF)
        client = Client()
        client.force_login(account)
        cookies.append(client.cookies[settings.SESSION_COOKIE_NAME].value)

    with served() as (server, port):
        wait_for(lambda: pages_open(port) == 0)
        browsers = [connect(port, "/live", cookies[n % 2]) for n in range(50)]
        wait_for(lambda: pages_open(port) == 50)
        for browser in browsers[1:]:
            browser.close()
        wait_for(lambda: pages_open(port) == 1)
        notify(topic="referral", institution=str(HOUSE))
        said = ""
        while "event: referral" not in said:
            said += browsers[0].recv(4096).decode()
        started = time.monotonic()
        server.terminate()
        server.wait(PATIENCE)
        assert time.monotonic() - started < 8
        browsers[0].close()
