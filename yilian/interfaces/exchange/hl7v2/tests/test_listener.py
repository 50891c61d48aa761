"""The server, and clients that are good, slow, rude and many."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from threading import Event

import hl7
import pytest
from hl7.client import MLLPClient

from yilian.interfaces.exchange.hl7v2.client import NotReached, exchange
from yilian.interfaces.exchange.hl7v2.framing import framed
from yilian.interfaces.exchange.hl7v2.listener import Limits, Listener

MESSAGE = b"MSH|^~\\&|A|B|C|D|20260301||REF^I12|%d|P|2.5\r"


class Echo:
    """A desk that answers with the control id and remembers what it got."""

    def __init__(self) -> None:
        self.got: list[bytes] = []
        self.large = 0
        self.may_answer = Event()
        self.may_answer.set()

    def take(self, message: bytes, origin: str) -> bytes:
        self.may_answer.wait(5)
        self.got.append(message)
        number = message.split(b"|")[9] if message.count(b"|") > 9 else b"?"
        return b"MSH|^~\\&|Y\rMSA|AA|" + number + b"\r"

    def refuse_size(self, begun: bytes, origin: str) -> bytes:
        self.large += 1
        return b"MSH|^~\\&|Y\rMSA|AR|?\r"


@asynccontextmanager
async def served(desk: Echo, limits: Limits | None = None) -> AsyncIterator[int]:
    async with Listener(desk, limits).open("127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


def run(act: Callable[[int], Awaitable[None]], limits: Limits | None = None) -> Echo:
    desk = Echo()

    async def all_of_it() -> None:
        async with served(desk, limits) as port:
            await asyncio.wait_for(act(port), 20)

    asyncio.run(all_of_it())
    return desk


async def reply_to(port: int, data: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    await writer.drain()
    answer = await asyncio.wait_for(reader.read(65_536), 5)
    writer.close()
    return answer


def test_a_foreign_client_sends_and_is_answered() -> None:
    """python-hl7's own client, which knows nothing of us."""

    def send(port: int) -> list[bytes]:
        with MLLPClient("127.0.0.1", port) as client:
            return [client.send_message(MESSAGE % number) for number in (1, 2)]

    async def act(port: int) -> None:
        answers = await asyncio.to_thread(send, port)
        read = [hl7.parse(one.strip(b"\x0b\x1c\r").decode()) for one in answers]
        assert [str(one.segment("MSA")[2]) for one in read] == ["1", "2"]

    assert len(run(act).got) == 2


def test_our_client_speaks_to_our_server() -> None:
    async def act(port: int) -> None:
        answer = await asyncio.to_thread(exchange, "127.0.0.1", port, MESSAGE % 7)
        assert b"MSA|AA|7" in answer

    run(act)


def test_rubbish_before_and_between_stops_nothing() -> None:
    async def act(port: int) -> None:
        noise = b"GET / HTTP/1.1\r\n\r\n"
        data = (
            noise + framed(MESSAGE % 1) + b"\0\0" + framed(b"bad") + framed(MESSAGE % 2)
        )
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(data)
        answers = b""
        while answers.count(b"\x1c") < 3:
            answers += await asyncio.wait_for(reader.read(65_536), 5)
        assert answers.index(b"AA|1") < answers.index(b"AA|?") < answers.index(b"AA|2")
        writer.close()

    run(act)


def test_a_message_that_is_too_large_is_refused_and_the_line_closed() -> None:
    async def act(port: int) -> None:
        answer = await reply_to(port, b"\x0bMSH|^~\\&|" + b"x" * 2000)
        assert b"MSA|AR" in answer

    desk = run(act, Limits(largest=1000))
    assert desk.large == 1
    assert not desk.got


def test_half_a_message_and_away_leaves_nothing() -> None:
    async def act(port: int) -> None:
        _reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"\x0bMSH|half")
        await writer.drain()
        writer.close()
        assert b"AA|1" in await reply_to(port, framed(MESSAGE % 1))

    assert run(act).got == [MESSAGE % 1]


def test_who_falls_silent_inside_a_message_is_dropped() -> None:
    async def act(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"\x0bMSH|")
        assert await asyncio.wait_for(reader.read(10), 5) == b""
        writer.close()

    assert not run(act, Limits(silence=0.1)).got


def test_who_trickles_is_dropped_too() -> None:
    async def act(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"\x0b")
        closed = asyncio.ensure_future(reader.read(10))
        while not closed.done():
            writer.write(b"x")
            await asyncio.sleep(0.02)
        assert closed.result() == b""
        writer.close()

    run(act, Limits(silence=0.5, message=0.2))


def test_connections_are_counted_and_given_back() -> None:
    async def act(port: int) -> None:
        first = await asyncio.open_connection("127.0.0.1", port)
        second = await asyncio.open_connection("127.0.0.1", port)
        first[1].write(framed(MESSAGE % 1))
        assert await asyncio.wait_for(first[0].read(100), 5)
        refused, writer = await asyncio.open_connection("127.0.0.1", port)
        assert await asyncio.wait_for(refused.read(10), 5) == b""
        writer.close()
        for _reader, line in (first, second):
            line.close()
        await asyncio.sleep(0.1)
        assert b"AA|2" in await reply_to(port, framed(MESSAGE % 2))

    run(act, Limits(per_address=2))


def test_many_at_once_are_all_answered() -> None:
    async def act(port: int) -> None:
        answers = await asyncio.gather(
            *(reply_to(port, framed(MESSAGE % number)) for number in range(12))
        )
        assert all(b"AA|%d\r" % number in one for number, one in enumerate(answers))

    assert len(run(act).got) == 12


def test_what_was_taken_is_answered_before_the_end() -> None:
    """Stopping waits for the message at hand, and not for an idle line."""
    desk = Echo()
    desk.may_answer.clear()

    async def all_of_it() -> bytes:
        async with served(desk) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            idle = await asyncio.open_connection("127.0.0.1", port)
            writer.write(framed(MESSAGE % 9))
            await asyncio.sleep(0.1)
            asyncio.get_running_loop().call_later(0.2, desk.may_answer.set)
        answer = await reader.read(100)
        writer.close()
        idle[1].close()
        return answer

    assert b"AA|9" in asyncio.run(all_of_it())


def test_a_peer_that_does_not_answer_is_not_reached() -> None:
    with pytest.raises(NotReached):
        exchange("127.0.0.1", 1, b"MSH", patience=0.2)
