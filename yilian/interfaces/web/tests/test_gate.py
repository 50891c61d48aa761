"""Few at work, some waiting, the rest turned away at once; nobody holds up another."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import pytest
from django.conf import settings
from django.test import RequestFactory

from yilian.interfaces.web.gate import Environ, Gate
from yilian.interfaces.web.middleware import FULL

ask = RequestFactory()
Headers = list[tuple[str, str]]


class House:
    """What stands behind the gate: it works until it is let go."""

    def __init__(self) -> None:
        self.let_go = threading.Event()
        self.at_work = threading.Semaphore(0)
        self.seen: list[Environ] = []

    def __call__(self, environ: Environ, start: Callable[..., Any]) -> Iterable[bytes]:
        self.seen.append(environ)
        start("200 OK", [])
        if environ["PATH_INFO"] != "/healthz":
            self.at_work.release()
            assert self.let_go.wait(20)
        return [environ["wsgi.input"].read()]


class Slow(BytesIO):
    """A body whose sender has stopped in the middle."""

    def __init__(self) -> None:
        super().__init__()
        self.goes_on = threading.Event()

    def read(self, _size: int | None = -1) -> bytes:
        assert self.goes_on.wait(20)
        return b""


def call(gate: Gate, environ: Environ) -> tuple[str, dict[str, str], bytes]:
    said: list[tuple[str, Headers]] = []
    pieces = gate(environ, lambda status, headers: said.append((status, headers)))
    [(status, headers)] = said
    return status[:3], dict(headers), b"".join(pieces)


def get(path: str = "/") -> Environ:
    return ask.get(path).META


def post(body: bytes, length: int | None = None, source: Any = None) -> Environ:
    environ = ask.post("/", body, content_type="text/plain").META
    environ["wsgi.input"] = source or BytesIO(body)
    environ["CONTENT_LENGTH"] = str(len(body) if length is None else length)
    return environ


@contextmanager
def people(gate: Gate, environs: Iterable[Environ]) -> Iterator[list[str]]:
    answers: list[str] = []
    threads = [
        threading.Thread(target=lambda e=e: answers.append(call(gate, e)[0]))
        for e in environs
    ]
    for thread in threads:
        thread.start()
    yield answers
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive()


def until(is_so: Callable[[], bool]) -> None:
    give_up_at = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < give_up_at
        time.sleep(0.005)


def test_who_finds_no_place_to_wait_is_told_at_once_in_words() -> None:
    house = House()
    gate = Gate(house, at_work=2, most_waiting=3)
    with people(gate, [get() for _ in range(5)]) as answers:
        until(gate.is_full)
        begun = time.monotonic()
        status, headers, body = call(gate, get())
        assert time.monotonic() - begun < 1
        assert (status, headers["X-Refusal"]) == ("503", "busy")
        assert "没有做" in body.decode()
        house.let_go.set()
    assert answers == ["200"] * 5
    assert not gate.is_full()


def test_never_more_are_at_work_than_there_are_places() -> None:
    house = House()
    gate = Gate(house, at_work=2, most_waiting=10)
    with people(gate, [get() for _ in range(6)]):
        assert house.at_work.acquire(timeout=5)
        assert house.at_work.acquire(timeout=5)
        assert not house.at_work.acquire(timeout=0.1)
        house.let_go.set()


def test_waiting_for_a_place_ends_with_words() -> None:
    house = House()
    gate = Gate(house, at_work=1, most_waiting=3, patience=0.05)
    with people(gate, [get()]):
        assert house.at_work.acquire(timeout=5)
        assert call(gate, get())[0] == "503"
        house.let_go.set()


def test_health_is_asked_without_a_place_and_hears_that_all_are_taken() -> None:
    house = House()
    gate = Gate(house, at_work=1, most_waiting=0)
    call(gate, get("/healthz"))
    with people(gate, [get()]):
        assert house.at_work.acquire(timeout=5)
        call(gate, get("/healthz"))
        house.let_go.set()
    asked = [e for e in house.seen if e["PATH_INFO"] == "/healthz"]
    assert [environ[FULL] for environ in asked] == [False, True]


def test_slow_senders_hold_nobody_up_and_are_bounded() -> None:
    house = House()
    house.let_go.set()
    gate = Gate(house, at_work=1, most_waiting=0, most_reading=3)
    slow = Slow()
    with people(gate, [post(b"", 10, slow) for _ in range(3)]) as answers:
        until(lambda: not gate._reading._value)
        assert call(gate, get())[0] == "200"
        assert call(gate, post(b"abc"))[0] == "503"
        slow.goes_on.set()
    assert answers == ["400"] * 3
    assert call(gate, post(b"abc")) == ("200", {}, b"abc")


def test_half_a_form_is_refused_and_not_taken_for_a_whole_one() -> None:
    house = House()
    house.let_go.set()
    assert call(Gate(house), post(b"reason=fev", 200))[0] == "400"
    assert house.seen == []


def test_a_long_body_is_not_read_beforehand_and_cannot_end_early() -> None:
    house = House()
    house.let_go.set()
    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    assert call(Gate(house), post(b"a" * (most + 1)))[2] == b"a" * (most + 1)
    broken = post(b"a" * 10, most + 1)
    with pytest.raises(OSError, match="broke off"):
        call(Gate(house), broken)


def test_an_absurd_length_is_left_to_those_who_say_so() -> None:
    house = House()
    house.let_go.set()
    for length in ("-1", "1" * 5000, "ten", "²"):
        environ = get() | {"CONTENT_LENGTH": length}
        assert call(Gate(house), environ)[0] == "200"


def test_an_answer_that_raised_gives_its_place_back() -> None:
    def broken(environ: Environ, start: Callable[..., Any]) -> Iterable[bytes]:
        raise RuntimeError

    gate = Gate(broken, at_work=1, most_waiting=0)
    for _ in range(3):
        with pytest.raises(RuntimeError):
            call(gate, get())
    assert not gate.is_full()
