"""The MLLP server: many slow and some hostile peers, bounded in every direction.

One connection is served message by message, in order; a bad message is answered and
the next one read. Work that waits for the database is done in a few threads.
"""

import asyncio
import contextlib
import logging
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, Protocol

from yilian.interfaces.exchange.hl7v2.framing import (
    LARGEST,
    Frames,
    NotMllp,
    TooLarge,
    framed,
)

logger = logging.getLogger(__name__)
_CHUNK: Final = 65_536


class Desk(Protocol):
    """Who answers. Called in a thread; must not raise."""

    def take(self, message: bytes, origin: str) -> bytes: ...

    def refuse_size(self, begun: bytes, origin: str) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds, bytes and counts."""

    largest: int = LARGEST
    connections: int = 64
    per_address: int = 16
    idle: float = 600.0  # between two messages
    silence: float = 30.0  # inside a message
    message: float = 300.0  # for the whole of one message
    reply: float = 30.0  # for taking our answer
    last: float = 8.0  # for messages at hand when we are stopped
    big: int = 262_144  # from here on only a few messages at once
    big_at_once: int = 6
    threads: int = 6


class Listener:
    """`async with Listener(desk).open(host, port) as server: …`"""

    def __init__(self, desk: Desk, limits: Limits | None = None) -> None:
        self.desk = desk
        self.limits = limits or Limits()
        self.here: Counter[str] = Counter()
        self._busy: set[asyncio.Task[None]] = set()
        self._answering: set[asyncio.Task[None]] = set()
        self._stopping = False
        self._pool = ThreadPoolExecutor(self.limits.threads, "mllp")
        self._big = asyncio.Semaphore(self.limits.big_at_once)

    @contextlib.asynccontextmanager
    async def open(
        self, host: str, port: int, tls: ssl.SSLContext | None = None
    ) -> AsyncIterator[asyncio.Server]:
        """Leaving it lets messages that are being answered come to their end."""
        server = await asyncio.start_server(
            self._meet, host, port, ssl=tls, limit=_CHUNK, backlog=128
        )
        try:
            yield server
        finally:
            server.close()
            await self._finish()
            await asyncio.to_thread(self._pool.shutdown)

    async def _finish(self) -> None:
        self._stopping = True
        for task in self._busy - self._answering:
            task.cancel()
        if self._answering:
            await asyncio.wait(self._answering, timeout=self.limits.last)
        left = set(self._busy)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _meet(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 asyncio runs us in one
        origin = str((writer.get_extra_info("peername") or ("",))[0])
        if not self._has_room(origin):
            logger.warning("mllp: too many connections from %s", origin)
            writer.close()
            return
        self.here[origin] += 1
        self._busy.add(task)
        try:
            await self._talk(reader, writer, origin)
        except (OSError, TimeoutError, NotMllp, asyncio.CancelledError) as error:
            logger.info("mllp: %s left: %s", origin, type(error).__name__)
        finally:
            self._busy.discard(task)
            self.here[origin] -= 1
            writer.close()

    def _has_room(self, origin: str) -> bool:
        is_full = self.here.total() >= self.limits.connections
        return not is_full and self.here[origin] < self.limits.per_address

    async def _talk(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, origin: str
    ) -> None:
        frames = Frames(self.limits.largest)
        begun = b""
        async with contextlib.AsyncExitStack() as stack:
            holds_big = False
            async for data in self._chunks(reader, frames):
                begun = (begun + data)[:2000] if frames.is_inside else data[:2000]
                if frames.held > self.limits.big and not holds_big:
                    await stack.enter_async_context(self._big)
                    holds_big = True
                try:
                    for message in frames.feed(data):
                        await self._answer(writer, self.desk.take, message, origin)
                        if self._stopping:
                            return
                except TooLarge:
                    start = begun.partition(b"\x0b")[2] or begun
                    await self._answer(writer, self.desk.refuse_size, start, origin)
                    return
                if holds_big and not frames.is_inside:
                    await stack.aclose()
                    holds_big = False

    async def _chunks(
        self, reader: asyncio.StreamReader, frames: Frames
    ) -> AsyncIterator[bytes]:
        """Until the peer leaves; a message that trickles is given up."""
        loop = asyncio.get_running_loop()
        ends_at = None
        while True:
            if not frames.is_inside:
                ends_at = None
            elif ends_at is None:
                ends_at = loop.time() + self.limits.message
            wait = self.limits.idle
            if ends_at is not None:
                wait = min(self.limits.silence, max(0.0, ends_at - loop.time()))
            data = await asyncio.wait_for(reader.read(_CHUNK), wait)
            if not data:
                return
            yield data

    async def _answer(
        self,
        writer: asyncio.StreamWriter,
        act: Callable[[bytes, str], bytes],
        message: bytes,
        origin: str,
    ) -> None:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None  # noqa: S101 asyncio runs us in one
        self._answering.add(task)
        try:
            reply = await loop.run_in_executor(self._pool, act, message, origin)
            writer.write(framed(reply))
            await asyncio.wait_for(writer.drain(), self.limits.reply)
        finally:
            self._answering.discard(task)
