"""The ASGI application of live updates: `GET /live`, `/healthz` and `/metrics`.

`yilian up` runs it on PORT + 1. A page that has lost its connection comes back by
itself and then asks for everything it shows, so nothing is kept for it here.
"""

import asyncio
import contextlib
import json
import os
import signal
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from types import FrameType
from typing import Any, Final

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yilian.config.settings")
django.setup()

from django.db import OperationalError  # noqa: E402 after the set-up

from yilian.interfaces.live import measured  # noqa: E402 after the set-up
from yilian.interfaces.live.door import (  # noqa: E402 after the set-up
    may_ask,
    session_key_of,
    visitor_of,
)
from yilian.interfaces.live.hub import Full, Hub, Subscriber  # noqa: E402
from yilian.interfaces.live.listener import listen  # noqa: E402

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

PATHS: Final = frozenset({"/live", "/healthz", "/metrics"})
HEARTBEAT: Final = 20.0  # seconds; at each one the session is asked for again
PATIENCE: Final = 10.0  # a page that takes longer to take a notice is dropped

hub = Hub()
_background: set[asyncio.Task[None]] = set()


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif scope["type"] == "http":
        await _answer(scope, receive, send)


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            _start_listening()
            _let_pages_go_when_stopped(asyncio.get_running_loop())
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            hub.close()
            for task in _background:
                task.cancel()
            await send({"type": "lifespan.shutdown.complete"})
            return


def _start_listening() -> None:
    task = asyncio.create_task(listen(hub))
    _background.add(task)
    task.add_done_callback(_background.discard)


def _let_pages_go_when_stopped(loop: asyncio.AbstractEventLoop) -> None:
    """The server waits for open answers before it stops, and ours never end by
    themselves. Its own handler is woken by the loop and stays."""
    if threading.current_thread() is not threading.main_thread():
        return

    def let_go(_number: int, _frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(hub.stop)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, let_go)


# --- one request ----------------------------------------------------------


async def _answer(scope: Scope, receive: Receive, send: Send) -> None:
    headers = {
        name.decode("latin-1").lower(): value.decode("latin-1")
        for name, value in scope["headers"]
    }
    if scope["method"] != "GET" or scope["path"] not in PATHS:
        await _refuse(send, 404)
        return
    if scope["path"] == "/metrics":
        await _measure(scope, headers, send)
        return
    if scope["path"] == "/healthz":
        status, words = (503, "deaf") if hub.is_deaf else (200, "ok")
        await _say(send, status, {"status": words, "pages": len(hub.subscribers)})
        return
    await _let_in(headers, receive, send)


async def _measure(scope: Scope, headers: dict[str, str], send: Send) -> None:
    if not measured.may_read(scope.get("client"), headers):
        await _refuse(send, 404)
        return
    await _start(send, 200, "text/plain; version=0.0.4", None)
    await send({"type": "http.response.body", "body": measured.told(hub)})


async def _let_in(headers: dict[str, str], receive: Receive, send: Send) -> None:
    origin = headers.get("origin")
    if not may_ask(headers.get("host", ""), origin, headers.get("sec-fetch-site")):
        await _refuse(send, 403)
        return
    key = session_key_of(headers.get("cookie", ""))
    try:
        visitor = await visitor_of(key) if key else None
    except OperationalError:
        await _refuse(send, 503, origin)
        return
    if key is None or visitor is None:
        await _refuse(send, 401, origin)
        return
    subscriber = Subscriber(visitor.account_id, visitor.institution_id)
    try:
        hub.join(subscriber)
    except Full:
        await _refuse(send, 503, origin)
        return
    try:
        await _start(send, 200, "text/event-stream", origin)
        await _stream(subscriber, key, receive, send)
    finally:
        hub.leave(subscriber)


async def _stream(
    subscriber: Subscriber, key: str, receive: Receive, send: Send
) -> None:
    """Until the page leaves, falls behind, or its session ends."""
    ends = {
        asyncio.create_task(_until_gone(receive)),
        asyncio.create_task(subscriber.is_over.wait()),
        asyncio.create_task(_tell(subscriber, key, send)),
    }
    try:
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in ends:
            task.cancel()
        await asyncio.gather(*ends, return_exceptions=True)
    with contextlib.suppress(Exception):  # whoever is gone hears no end
        async with asyncio.timeout(1):
            await send({"type": "http.response.body", "body": b""})


async def _tell(subscriber: Subscriber, key: str, send: Send) -> None:
    clock = asyncio.get_running_loop().time
    await _write(send, b"retry: 3000\n\n")
    beats_at = clock() + HEARTBEAT
    while True:
        try:
            async with asyncio.timeout_at(beats_at):
                notice = await subscriber.notices.get()
        except TimeoutError:
            if not await _is_still(subscriber, key):
                return
            await _write(send, b": still here\n\n")
            beats_at = clock() + HEARTBEAT
            continue
        await _write(send, notice.as_event())


async def _is_still(subscriber: Subscriber, key: str) -> bool:
    visitor = await visitor_of(key)
    here = (subscriber.account_id, subscriber.institution_id)
    return visitor is not None and here == (visitor.account_id, visitor.institution_id)


async def _write(send: Send, body: bytes) -> None:
    async with asyncio.timeout(PATIENCE):
        await send({"type": "http.response.body", "body": body, "more_body": True})


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        continue


# --- answers --------------------------------------------------------------


async def _start(send: Send, status: int, kind: str, origin: str | None) -> None:
    headers = [
        (b"content-type", f"{kind}; charset=utf-8".encode()),
        (b"cache-control", b"no-store"),
        (b"x-accel-buffering", b"no"),  # nginx passes each notice on at once
        (b"vary", b"Origin"),
    ]
    if origin:
        headers += [
            (b"access-control-allow-origin", origin.encode("latin-1")),
            (b"access-control-allow-credentials", b"true"),
        ]
    await send({"type": "http.response.start", "status": status, "headers": headers})


async def _refuse(send: Send, status: int, origin: str | None = None) -> None:
    await _say(send, status, {"status": status}, origin)


async def _say(
    send: Send, status: int, said: dict[str, object], origin: str | None = None
) -> None:
    await _start(send, status, "application/json", origin)
    await send({"type": "http.response.body", "body": json.dumps(said).encode()})
