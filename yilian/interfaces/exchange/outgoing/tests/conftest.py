"""The cast of the intake, and other systems that listen."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from yilian.care.referral.tests.world import Place
from yilian.interfaces.exchange.hl7v2 import message as hl7
from yilian.interfaces.exchange.hl7v2.framing import Frames, framed
from yilian.interfaces.exchange.intake.tests.conftest import (
    _data_folder,
    feed,
    world,
)
from yilian.interfaces.exchange.outgoing.models import Peer

__all__ = ["_data_folder", "feed", "world"]


class Hospital:
    """A foreign system on a port of its own; `says` is what it acknowledges with."""

    def __init__(self) -> None:
        self.says = "AA"
        self.got: list[str] = []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.socket.getsockname()[1]
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                line, _address = self.socket.accept()
            except OSError:
                return
            with line:
                self._answer(line)

    def _answer(self, line: socket.socket) -> None:
        frames = Frames()
        while data := line.recv(65_536):
            for raw in frames.feed(data):
                text = raw.decode()
                self.got.append(text)
                number = hl7.parse(text).header.control_id
                reply = f"MSH|^~\\&|XIAN\rMSA|{self.says}|{number}\r"
                line.sendall(framed(reply.encode()))

    def close(self) -> None:
        self.socket.close()


@pytest.fixture
def hospital() -> Iterator[Hospital]:
    made = Hospital()
    yield made
    made.close()


class Store(HTTPServer):
    """A FHIR server as far as we need one."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status = 200
        self.got: list[dict[str, Any]] = []
        self.tokens: list[str] = []


class _Handler(BaseHTTPRequestHandler):
    server: Store

    def do_POST(self) -> None:
        size = int(self.headers["Content-Length"])
        self.server.got.append(json.loads(self.rfile.read(size)))
        self.server.tokens.append(self.headers.get("Authorization", ""))
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        if self.server.status == 302:
            self.send_header("Location", "http://127.0.0.1:9/steal")
        self.end_headers()

    def log_message(self, *_parts: object) -> None:
        return


@pytest.fixture
def store() -> Iterator[Store]:
    server = Store()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def peer_of(hospital: Hospital) -> Callable[..., Peer]:
    def make(place: Place, **facts: Any) -> Peer:
        told: dict[str, Any] = {
            "name": f"peer{Peer.objects.count()}",
            "protocol": "hl7v2",
            "address": f"127.0.0.1:{hospital.port}",
            "is_secured": False,
            "application": "HIS",
            "facility": "XRMYY",
        }
        return Peer.objects.create(institution=place.institution, **(told | facts))

    return make
