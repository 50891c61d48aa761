"""An open page without a browser: it hears live updates, and comes back by itself."""

import contextlib
import http.client
import socket
import threading
from dataclasses import dataclass, field
from typing import Final

from journeys.plain_http import Visitor

AGAIN: Final = 1.0  # seconds, as the page does at first


@dataclass
class Listener:
    """Counts notices by topic, and how often it had to come back."""

    visitor: Visitor
    heard: list[str] = field(default_factory=list)
    connections: int = 0
    is_on: threading.Event = field(default_factory=threading.Event)
    _stop: threading.Event = field(default_factory=threading.Event)
    _sock: socket.socket | None = None

    def start(self) -> "Listener":
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def stop(self) -> None:
        self._stop.set()
        if self._sock is not None:
            with contextlib.suppress(OSError):
                self._sock.shutdown(socket.SHUT_RDWR)  # wakes whoever reads

    def _listen(self) -> None:
        while not self._stop.is_set():
            with contextlib.suppress(OSError, ValueError, http.client.HTTPException):
                self._stay()  # until the line breaks, or somebody lets go of it
            self.is_on.clear()
            self._stop.wait(AGAIN)

    def _stay(self) -> None:
        host, _, port = self.visitor.place.partition(":")
        line = http.client.HTTPConnection(host, int(port) + 1, timeout=45)
        line.connect()
        self._sock = line.sock
        origin = f"http://{self.visitor.place}"
        worn = "; ".join(f"{n}={v}" for n, v in self.visitor.cookies.items())
        line.request("GET", "/live", headers={"Cookie": worn, "Origin": origin})
        answer = line.getresponse()
        if answer.status != 200:
            return
        self.connections += 1
        self.is_on.set()
        while line := answer.readline():
            if line.startswith(b"event: "):
                self.heard.append(line.removeprefix(b"event: ").decode().strip())
