"""One message to a peer, and its acknowledgement back."""

import socket
import ssl
from typing import Final

from yilian.interfaces.exchange.hl7v2.framing import Frames, NotMllp, TooLarge, framed

PATIENCE: Final = 20.0  # seconds for a connection, and for each part of an answer
_LARGEST_ANSWER: Final = 1_000_000


class NotReached(Exception):
    """No connection, or no answer; says only what kind of trouble it was."""


def exchange(
    host: str,
    port: int,
    message: bytes,
    *,
    tls: bool = False,
    patience: float = PATIENCE,
) -> bytes:
    try:
        with socket.create_connection((host, port), timeout=patience) as plain:
            line = _secured(plain, host) if tls else plain
            line.sendall(framed(message))
            return _answer(line)
    except (OSError, NotMllp, TooLarge) as error:
        raise NotReached(type(error).__name__) from None


def _answer(line: socket.socket) -> bytes:
    frames = Frames(_LARGEST_ANSWER)
    while data := line.recv(65_536):
        for message in frames.feed(data):
            return message
    raise NotReached("closed")


def _secured(plain: socket.socket, host: str) -> ssl.SSLSocket:
    return ssl.create_default_context().wrap_socket(plain, server_hostname=host)
