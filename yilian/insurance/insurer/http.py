"""The insurer over HTTP, as docs/insurer.md says. One peer, no proxy, no redirect."""

import http.client
import secrets
import ssl
import time
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from yilian.insurance.insurer.ports import (
    Answer,
    DayPage,
    Held,
    NoAnswer,
    NotSent,
    Order,
    Said,
)
from yilian.insurance.insurer.rules import messages, signing
from yilian.insurance.insurer.rules.states import Fault

_OK: Final = 200
_BAD_REQUEST: Final = 400
_UNAUTHORIZED: Final = 401
_CONFLICT: Final = 409
_BUSY: Final = frozenset({429, 503})


class HttpInsurer:
    @property
    def is_connected(self) -> bool:
        return bool(settings.YILIAN_INSURER_URL)

    def book(self, order: Order) -> Answer:
        return self._post(order, "book")

    def reverse(self, order: Order) -> Answer:
        return self._post(order, "reverse")

    def query(self, institution: str, serial: str) -> Answer:
        asked = {"institution": institution, "serial": serial}
        return _answer(_asked(messages.QUERIES, asked))

    def day(self, day: date, area: str, after: str = "") -> DayPage:
        asked = {"day": day.isoformat(), "area": area, "after": after}
        said = _asked(messages.DAYS, asked)
        rows = said.get("rows")
        if not isinstance(rows, list):
            raise NoAnswer(Fault.NO_SENSE)
        try:
            return DayPage([_held(row) for row in rows], messages.text(said, "next"))
        except messages.NoSense:
            raise NoAnswer(Fault.NO_SENSE) from None

    def _post(self, order: Order, kind: str) -> Answer:
        return _answer(
            _asked(
                messages.BOOKINGS,
                {
                    "kind": kind,
                    "serial": order.serial,
                    "institution": order.institution,
                    "number": order.number,
                    "reverses": order.reverses,
                    "insured": str(order.insured),
                    "area": order.area,
                    "day": order.day.isoformat(),
                    "amounts": {
                        name: f"{order.amounts[name]:.2f}" for name in messages.AMOUNTS
                    },
                },
            )
        )


@dataclass(frozen=True, slots=True)
class _Reply:
    status: int
    body: bytes
    signature: str


def _asked(path: str, message: dict[str, Any]) -> dict[str, Any]:
    key, body, nonce = _key(), messages.written(message), secrets.token_hex(16)
    timestamp = str(int(time.time()))
    sender = settings.YILIAN_INSURER_SENDER
    headers = {
        "Content-Type": "application/json",
        signing.SENDER: sender,
        signing.TIMESTAMP: timestamp,
        signing.NONCE: nonce,
        signing.SIGNATURE: signing.sign_request(
            key, path, (sender, timestamp, nonce), body
        ),
    }
    reply = _exchanged(path, body, headers)
    expected = signing.sign_answer(key, reply.status, nonce, reply.body)
    if not signing.is_same(expected, reply.signature):
        raise NoAnswer(Fault.THEIR_SIGNATURE)
    return _understood(reply)


def _exchanged(path: str, body: bytes, headers: dict[str, str]) -> _Reply:
    url = urlsplit(settings.YILIAN_INSURER_URL)
    line = _line(url)
    try:
        try:
            line.connect()
        except OSError:
            raise NotSent(Fault.NOT_REACHED) from None
        line.request("POST", url.path.rstrip("/") + path, body, headers)
        answer = line.getresponse()
        said = answer.read(messages.LARGEST + 1)
    except TimeoutError:
        raise NoAnswer(Fault.TIMED_OUT) from None
    except (OSError, http.client.HTTPException):
        raise NoAnswer(Fault.BROKEN_OFF) from None
    finally:
        line.close()
    return _Reply(answer.status, said, answer.headers.get(signing.SIGNATURE, ""))


def _line(url: SplitResult) -> http.client.HTTPConnection:
    host, patience = url.hostname or "", settings.YILIAN_INSURER_PATIENCE
    if url.scheme == "https":
        context = ssl.create_default_context()
        return http.client.HTTPSConnection(
            host, url.port, timeout=patience, context=context
        )
    return http.client.HTTPConnection(host, url.port, timeout=patience)


def _understood(reply: _Reply) -> dict[str, Any]:
    """What was signed by them. A refusal of the envelope has left nothing there."""
    try:
        said = messages.read(reply.body)
        error = messages.text(said, "error")
    except messages.NoSense:
        raise NoAnswer(Fault.NO_SENSE) from None
    if reply.status == _OK:
        return said
    if reply.status == _UNAUTHORIZED:
        raise NotSent(Fault.CLOCK if error == "clock" else Fault.OUR_SIGNATURE)
    if reply.status in _BUSY:
        raise NotSent(Fault.BUSY)
    if reply.status in {_BAD_REQUEST, _CONFLICT}:
        return {"outcome": "refused", "code": error or "bad-request"}
    raise NoAnswer(Fault.ERROR)


def _answer(said: dict[str, Any]) -> Answer:
    try:
        outcome = Said(messages.needed(said, "outcome"))
        answer = Answer(
            said=outcome,
            reference=messages.text(said, "reference"),
            code=messages.text(said, "code", 40),
            repeated=said.get("repeated") is True,
        )
    except ValueError:
        raise NoAnswer(Fault.NO_SENSE) from None
    if outcome is Said.BOOKED and not answer.reference:
        raise NoAnswer(Fault.NO_SENSE)
    return answer


def _held(row: Any) -> Held:
    if not isinstance(row, dict):
        raise messages.NoSense("rows")
    amounts = messages.amounts(row)
    return Held(
        institution=messages.needed(row, "institution"),
        serial=messages.needed(row, "serial"),
        number=messages.text(row, "number"),
        area=messages.text(row, "area"),
        reference=messages.needed(row, "reference"),
        is_reversal=messages.needed(row, "kind") == "reverse",
        total=amounts["total"],
        fund=amounts["total"] - amounts["patient"],
        patient=amounts["patient"],
    )


def _key() -> bytes:
    try:
        return _key_of(settings.YILIAN_INSURER_KEY_FILE)
    except (OSError, ValueError):
        raise NotSent(Fault.OUR_SIGNATURE) from None


@cache
def _key_of(path: str) -> bytes:
    key = bytes.fromhex(Path(path).read_text().strip())
    if len(key) < signing.LEAST_KEY:
        raise ValueError("a key of less than 32 bytes")
    return key
