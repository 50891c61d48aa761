"""Open pages that leave without saying goodbye: what they held is given back.

    .venv/bin/python -m bench.faults.leave [--times 1000]

Their end of the line is taken away silently (TCP_REPAIR), where that is permitted;
else it is cut with a reset, which is louder than a village's line that breaks.
"""

import json
import socket
import struct
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bench.faults.stage import beside, show, stage, times
from journeys.backstage import Backstage, until
from journeys.faulty import Scene
from journeys.live_page import Listener

TCP_REPAIR: Final = 19
PER_ACCOUNT: Final = 25  # a few fewer than one account may have
SLACK_FILES: Final = 20
SLACK_MIB: Final = 80  # a process that has served once keeps some of its memory
PATIENCE: Final = 60.0  # twice the heartbeat, and some


def drill(scene: Scene, cookies: Sequence[str], count: int) -> dict[str, object]:
    backstage = scene.backstage
    before, stay = _holds(backstage), _pages(scene.address)
    lines = [
        _open(scene.address, cookies[number % len(cookies)]) for number in range(count)
    ]
    until(lambda: _pages(scene.address) >= stay + count, 60, "all pages open")
    at_most = _holds(backstage)
    how = {_vanish(line) for line in lines}
    left_at = time.monotonic()
    until(lambda: _pages(scene.address) <= stay, PATIENCE, "forgetting them")
    until(lambda: _holds(backstage)[0] <= before[0] + SLACK_FILES, 20, "closing files")
    took = time.monotonic() - left_at
    after = _holds(backstage)
    seen = (before, at_most, after)
    assert after[1] < before[1] + SLACK_MIB, (before, after)
    desk = Listener(scene.desk.twin()).start()
    until(desk.is_on.is_set, 30, "a new page")
    desk.stop()
    return {
        "how they left": ", ".join(sorted(how)),
        "open files before, at most, after": [held[0] for held in seen],
        "MiB before, at most, after": [round(held[1]) for held in seen],
        "forgotten after, s": f"{took:.1f}",
    }


def cookies_of(accounts: int, data: Path) -> list[str]:
    made = beside(data, "bench.faults.sessions", str(accounts))
    assert made.returncode == 0, made.stderr
    return made.stdout.split()


def _open(address: str, cookie: str) -> socket.socket:
    host, _, port = address.removeprefix("http://").partition(":")
    line = socket.create_connection((host, int(port) + 1), timeout=30)
    line.sendall(
        f"GET /live HTTP/1.1\r\nHost: {host}:{int(port) + 1}\r\n"
        f"Cookie: yilian_session={cookie}\r\n\r\n".encode()
    )
    assert b" 200 " in line.recv(4096).splitlines()[0]
    return line


def _vanish(line: socket.socket) -> str:
    try:
        line.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
        how = "silently"
    except OSError:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        how = "with a reset"
    line.close()
    return how


def _pages(address: str) -> int:
    host, _, port = address.removeprefix("http://").partition(":")
    with urllib.request.urlopen(f"http://{host}:{int(port) + 1}/healthz") as said:
        return int(json.load(said)["pages"])


def _holds(backstage: Backstage) -> tuple[int, float]:
    """Open files and MiB of the process that serves live updates."""
    [pid] = backstage.members()["live worker"]
    files = len(list(Path(f"/proc/{pid}/fd").iterdir()))
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return files, pages * 4096 / 2**20


def main() -> None:
    count, _ = times(1000, what=__doc__ or "")
    with stage() as on:
        cookies = cookies_of(count // PER_ACCOUNT + 1, on.data)
        show(f"{count} pages leave", drill(on.scene, cookies, count))


if __name__ == "__main__":
    main()
