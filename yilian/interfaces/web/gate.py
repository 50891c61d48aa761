"""The door before Django: few work at once, some wait, the rest are told so at once.

A page needs a processor and a database connection, and of both there are few. The
server gives each request a thread; here it waits for its turn, bounded in number
and in time, so that a crowd gets answers or a quick 503 and never a freeze. Small
bodies are read before the turn comes: a slow sender holds nobody else up.
"""

import re
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from io import BufferedReader, BytesIO, RawIOBase
from typing import Any, Final

from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpResponse, HttpResponseBadRequest
from django.utils import translation

from yilian.interfaces.web.errors import busy
from yilian.interfaces.web.middleware import FULL, HEALTH_PATH, chosen_language

# Fewer than the pool has connections; and threads that want one interpreter at once
# hinder each other: with 16 clients 4 answer more a second than 8 (bench/scenes.py).
AT_WORK: Final = 4
UPLOADS: Final = 3  # bodies too big to be read beforehand
MOST_WAITING: Final = 64
MOST_READING: Final = 400  # bodies that are still coming in
PATIENCE: Final = 10.0
LENGTH: Final = re.compile(r"[0-9]{1,18}")

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Any]


class Turned(Exception):
    """No place: the answer that is given instead."""

    def __init__(self, answer: Callable[[WSGIRequest], HttpResponse]) -> None:
        self.answer = answer
        super().__init__()


class Gate:
    """Wraps the pages' WSGI application, one in each process."""

    def __init__(
        self,
        application: Application,
        *,
        at_work: int = AT_WORK,
        most_waiting: int = MOST_WAITING,
        most_reading: int = MOST_READING,
        patience: float = PATIENCE,
    ) -> None:
        self._application = application
        self._patience = patience
        self._work = threading.Semaphore(at_work)
        self._uploads = threading.Semaphore(UPLOADS)
        self._crowd = threading.Semaphore(at_work + most_waiting)
        self._reading = threading.Semaphore(most_reading)

    def __call__(
        self, environ: Environ, start_response: StartResponse
    ) -> Iterable[bytes]:
        if environ["PATH_INFO"] == HEALTH_PATH:
            environ[FULL] = self.is_full()
            return _whole(self._application(environ, start_response))
        try:
            with self._turn(environ):
                return _whole(self._application(environ, start_response))
        except Turned as turned:
            return _said(turned.answer, environ, start_response)

    def is_full(self) -> bool:
        """Whether somebody who came now would be turned away."""
        is_free = self._crowd.acquire(blocking=False)
        if is_free:
            self._crowd.release()
        return not is_free

    @contextmanager
    def _turn(self, environ: Environ) -> Iterator[None]:
        length = _length(environ)
        is_upload = length > settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        if is_upload:
            coming = _Counted(environ["wsgi.input"], length)
            environ["wsgi.input"] = BufferedReader(coming)
            with _held(self._uploads, None):
                yield
            return
        if length:
            with _held(self._reading, None):
                environ["wsgi.input"] = BytesIO(_read(environ["wsgi.input"], length))
        with _held(self._crowd, None), _held(self._work, self._patience):
            yield


@contextmanager
def _held(places: threading.Semaphore, patience: float | None) -> Iterator[None]:
    """Without patience: now or not at all."""
    is_in = places.acquire(blocking=patience is not None, timeout=patience)
    if not is_in:
        raise Turned(busy)
    try:
        yield
    finally:
        places.release()


class _Counted(RawIOBase):
    """A long body while it comes in: one that breaks off is no whole body."""

    def __init__(self, body: Any, length: int) -> None:
        self._body, self._left = body, length

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece: bytes = self._body.read(min(len(buffer), self._left))
        if self._left and not piece:
            raise OSError("the body broke off")
        buffer[: len(piece)] = piece
        self._left -= len(piece)
        return len(piece)


def _length(environ: Environ) -> int:
    """0 for what is no length: `BodyLimit` says so in words."""
    stated = environ.get("CONTENT_LENGTH") or "0"
    return int(stated) if LENGTH.fullmatch(stated) else 0


def _read(body: Any, length: int) -> bytes:
    """All of it: half a form must not pass for a whole one."""
    pieces, left = [], length
    while left and (piece := body.read(left)):
        pieces.append(piece)
        left -= len(piece)
    if left:
        raise Turned(lambda _request: HttpResponseBadRequest())
    return b"".join(pieces)


def _whole(response: Any) -> Iterable[bytes]:
    """The answer is finished before the first byte leaves, so that nobody who reads
    slowly keeps a database connection. Files and exports still come in pieces."""
    if getattr(response, "streaming", True):
        streamed: Iterable[bytes] = response
        return streamed
    try:
        return [b"".join(response)]
    finally:
        response.close()


def _said(
    answer: Callable[[WSGIRequest], HttpResponse],
    environ: Environ,
    start_response: StartResponse,
) -> Iterable[bytes]:
    request = WSGIRequest(environ)
    with translation.override(chosen_language(request)):
        response = answer(request)
    status = f"{response.status_code} {response.reason_phrase}"
    start_response(status, list(response.items()))
    return [response.content]
