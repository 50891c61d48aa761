"""The MLLP process, and files of messages: what `yilian exchange` and `yilian load
hl7v2` do."""

import asyncio
import logging
import os
import re
import signal
import ssl
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from yilian.foundation.access.actor import system_actor
from yilian.foundation.audit.services import record
from yilian.interfaces.exchange.hl7v2.framing import LARGEST
from yilian.interfaces.exchange.hl7v2.listener import Limits, Listener
from yilian.interfaces.exchange.intake.models import Feed
from yilian.interfaces.exchange.intake.rules import STATE_NAMES, Channel, State
from yilian.interfaces.exchange.intake.services.desk import Desk
from yilian.interfaces.exchange.intake.services.receiving import (
    Answered,
    Arrival,
    receive,
)
from yilian.interfaces.web.words import in_both_languages
from yilian.kernel.errors import NotFound
from yilian.kernel.text import _

PORT: Final = 2575  # registered for HL7
_BEGINS: Final = re.compile(rb"(?:^|(?<=[\r\n\x0b]))(?=MSH[^A-Za-z0-9\s])")
_FRAME: Final = b"\x0b\x1c"
_SHOWN: Final = 40
_MOST_AT_ONCE: Final = 20 * LARGEST

logger = logging.getLogger(__name__)


def serve(host: str, port: int, say: Callable[[str], None]) -> None:
    """Until SIGTERM or SIGINT; messages at hand are answered first."""
    asyncio.run(_serve(host, port, say))


async def _serve(host: str, port: int, say: Callable[[str], None]) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    listener = Listener(Desk(), Limits())
    async with listener.open(host, port, _tls()):
        say(f"MLLP {host}:{port}")
        await stopping.wait()


def _tls() -> ssl.SSLContext | None:
    """With YILIAN_MLLP_CERT and YILIAN_MLLP_KEY; client certificates where a file of
    authorities is named in YILIAN_MLLP_CLIENTS."""
    chain, key = os.environ.get("YILIAN_MLLP_CERT"), os.environ.get("YILIAN_MLLP_KEY")
    if not chain:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(chain, key)
    clients = os.environ.get("YILIAN_MLLP_CLIENTS")
    if clients:
        context.load_verify_locations(clients)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


@dataclass(slots=True)
class FileReport:
    files: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)
    lines: list[str] = field(default_factory=list)

    @property
    def refused(self) -> int:
        return self.answers["AE"] + self.answers["AR"]

    def note(self, name: str, answered: Answered) -> None:
        self.answers[answered.ack.value] += 1
        self.states[answered.state.value if answered.state else ""] += 1
        if answered.ack != "AA" or answered.state != State.DONE:
            self.lines.append(
                f"{name}: {answered.ack} {in_both_languages(answered.words)}"
            )

    def __str__(self) -> str:
        acks = "，".join(f"{ack} {n}" for ack, n in sorted(self.answers.items()))
        states = "，".join(
            f"{in_both_languages(STATE_NAMES[State(state)])} {count}"
            for state, count in sorted(self.states.items())
            if state
        )
        head = (
            f"文件 files {self.files}，消息 messages {self.answers.total()}：{acks}；"
            f"{states}"
        )
        shown = [f"  {line}" for line in self.lines[:_SHOWN]]
        left = len(self.lines) - len(shown)
        more = [f"  … 另有 and {left} 条 more"] if left else []
        return "\n".join([head, *shown, *more])


def load_folder(
    folder: Path, feed_name: str, progress: Callable[..., None]
) -> FileReport:
    """Every message of the files, as if the feed had sent it; again changes nothing."""
    feed = Feed.objects.filter(name=feed_name).first()
    if feed is None:
        raise NotFound(_("没有名为 {name} 的接口。"), name=feed_name)
    report = FileReport()
    paths = sorted(path for path in folder.rglob("*") if _is_wanted(path))
    for number, path in enumerate(paths):
        name = str(path.relative_to(folder))
        progress(100 * number / len(paths), name)
        report.files += 1
        for message in messages_in(path):
            answered = receive(message, Arrival("file", Channel.FILE, feed))
            report.note(name, answered)
    detail = {"files": report.files, "messages": report.answers.total()}
    record(
        system_actor("load"),
        "exchange.load",
        object_kind="feed",
        object_id=feed.id,
        detail=detail,
    )
    return report


def messages_in(path: Path) -> Iterator[bytes]:
    """One after the other, framed or not; a file without any is one wrong message."""
    if path.stat().st_size > _MOST_AT_ONCE:
        yield path.open("rb").read(LARGEST + 1)
        return
    data = path.read_bytes().removeprefix(b"\xef\xbb\xbf").translate(None, _FRAME)
    pieces = [piece for piece in _BEGINS.split(data) if piece.strip()]
    yield from pieces or [data]


def _is_wanted(path: Path) -> bool:
    return path.is_file() and path.suffix.lower() in {".hl7", ".txt", ".er7", ".msg"}
