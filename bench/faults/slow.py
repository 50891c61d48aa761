"""Slow clients: heads and bodies that never end, answers that nobody reads.

.venv/bin/python -m bench.faults.slow [--times 500]     of each kind
"""

import socket
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from bench.faults.stage import show, stage, times
from journeys.faulty import Scene
from journeys.plain_http import Visitor

HEAD: Final = b"GET /account/sign-in HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
BODY: Final = (
    b"POST /account/sign-in HTTP/1.1\r\nHost: localhost\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\n"
    b"Content-Length: 1000\r\n\r\nusername="
)
UNREAD: Final = (
    b"GET /static/yilian.css HTTP/1.1\r\nHost: localhost\r\n"
    b"Accept-Encoding: identity\r\n\r\n"
)
KINDS: Final = {"heads": HEAD, "bodies": BODY, "readers": UNREAD}
ASKED: Final = 40


@contextmanager
def slow_clients(address: str, sent: bytes, count: int) -> Iterator[None]:
    host, _, port = address.removeprefix("http://").partition(":")
    lines = []
    for _ in range(count):
        line = socket.socket()
        # So that next to nothing waits at our end when nobody reads it.
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        line.settimeout(30)
        line.connect((host, int(port)))
        line.sendall(sent)
        lines.append(line)
    try:
        yield
    finally:
        for line in lines:
            line.close()


def drill(scene: Scene, sent: bytes, count: int) -> dict[str, object]:
    """Meanwhile others look at pages and write; each gets an answer."""
    took: list[float] = []
    said: Counter[int] = Counter()
    with slow_clients(scene.address, sent, count):
        time.sleep(1)
        for number in range(ASKED):
            begun = time.monotonic()
            said[_ask(scene, number).status] += 1
            took.append(time.monotonic() - begun)
    assert set(said) <= {200, 302}, said
    assert max(took) < 5, max(took)
    return {
        "others were answered": dict(said),
        "median, ms": f"{1000 * statistics.median(took):.0f}",
        "longest, ms": f"{1000 * max(took):.0f}",
    }


def _ask(scene: Scene, number: int):  # type: ignore[no-untyped-def]
    """Over a new line each time, as somebody who comes just now."""
    visitor = Visitor(scene.address)
    visitor.cookies = dict(scene.gp.cookies)
    if number % 4 == 0:
        return visitor.post(*scene.case(act="draft"))
    return visitor.get(["/", "/account/sign-in", "/static/yilian.css"][number % 4 - 1])


def main() -> None:
    count, _ = times(500, what=__doc__ or "")
    with stage() as on:
        for name, sent in KINDS.items():
            show(f"{count} slow {name}", drill(on.scene, sent, count))
            on.wait_until_well()


if __name__ == "__main__":
    main()
