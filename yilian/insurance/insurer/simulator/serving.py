"""HTTP in front of the book: signatures, clocks and faults."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from yilian.insurance.insurer.rules import messages, signing
from yilian.insurance.insurer.simulator.book import Book, SerialReused
from yilian.insurance.insurer.simulator.faults import Fault, Faults

_LARGEST: Final = 100_000
_REFUSED: Final = "not-allowed"


class Unwelcome(Exception):
    def __init__(self, status: int, error: str) -> None:
        self.status, self.error = status, error
        super().__init__(error)


@dataclass
class Desk:
    """One insurer: its book, its key, its bad days, its clock."""

    book: Book
    key: bytes
    faults: Faults = field(default_factory=Faults)
    clock: Callable[[], float] = time.time
    say: Callable[[str], None] = lambda _line: None
    _calls: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def strikes(self, path: str, body: bytes) -> Fault | None:
        """The second call about the same is thrown for anew."""
        try:
            serial = messages.text(messages.read(body), "serial")
        except messages.NoSense:
            return None
        if not serial:
            return None
        with self._lock:
            count = self._calls[path + serial] = self._calls.get(path + serial, 0) + 1
        return self.faults.strikes(f"{path}|{serial}|{count}")

    def answer(
        self, path: str, sender: str, body: bytes, fault: Fault | None
    ) -> dict[str, Any]:
        message = messages.read(body)
        if path == messages.QUERIES:
            return self.book.asked(sender, message)
        if path == messages.DAYS:
            return self.book.day(sender, message)
        if path != messages.BOOKINGS:
            raise Unwelcome(404, "no-such-address")
        refuse = _REFUSED if fault is Fault.REFUSE else ""
        said = self.book.take(sender, message, refuse)
        if fault is Fault.DUPLICATE:  # the network brought it twice
            said = self.book.take(sender, message, refuse)
        return said


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "Server"

    def do_POST(self) -> None:
        body = self._body()
        if body is None:
            return
        nonce = self.headers.get(signing.NONCE, "")
        desk = self.server.desk
        fault = desk.strikes(self.path, body)
        try:
            self._require_known(body, nonce)
            said, status = desk.answer(self.path, self._sender, body, fault), 200
        except messages.NoSense as error:
            said, status = {"error": "bad-request", "field": str(error)}, 400
        except SerialReused:
            said, status = {"error": "serial-reused"}, 409
        except Unwelcome as error:
            said, status = {"error": error.error}, error.status
        desk.say(
            f"{self.path} {status} {said.get('outcome', '')} {fault or ''}".strip()
        )
        self._reply(status, messages.written(said), nonce, fault)

    @property
    def _sender(self) -> str:
        return self.headers.get(signing.SENDER, "")

    def _body(self) -> bytes | None:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > _LARGEST:
            self.send_error(413)
            self.close_connection = True
            return None
        return self.rfile.read(int(length))

    def _require_known(self, body: bytes, nonce: str) -> None:
        desk, timestamp = self.server.desk, self.headers.get(signing.TIMESTAMP, "")
        expected = signing.sign_request(
            desk.key, self.path, (self._sender, timestamp, nonce), body
        )
        given = self.headers.get(signing.SIGNATURE, "")
        if not nonce or not self._sender or not signing.is_same(expected, given):
            raise Unwelcome(401, "signature")
        if not signing.is_in_time(timestamp, desk.clock()):
            raise Unwelcome(401, "clock")
        if not desk.book.is_new(nonce, desk.clock()):
            raise Unwelcome(401, "replayed")

    def _reply(self, status: int, body: bytes, nonce: str, fault: Fault | None) -> None:
        faults = self.server.desk.faults
        if fault is Fault.TIMEOUT_AFTER_BOOKING:
            time.sleep(faults.hold)
            self.close_connection = True
            return
        if fault is Fault.SLOW:
            time.sleep(faults.delay)
        signature = signing.sign_answer(self.server.desk.key, status, nonce, body)
        if fault is Fault.BAD_SIGNATURE:
            signature = signature[::-1]
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header(signing.SIGNATURE, signature)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_parts: object) -> None:
        """Lines are said by the desk, without addresses."""


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, host: str, port: int, desk: Desk) -> None:
        self.desk = desk
        super().__init__((host, port), Handler)

    def handle_error(self, *_parts: object) -> None:
        """A caller that hung up is no news."""
