"""The messages of docs/insurer.md, written and read; money as strings, to the fen."""

import json
import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

BOOKINGS: Final = "/v1/transactions"
QUERIES: Final = "/v1/queries"
DAYS: Final = "/v1/days"
AMOUNTS: Final = (
    "total", "basic", "supplement", "serious", "assistance", "patient", "account",
)  # fmt: skip
FUNDS: Final = ("basic", "supplement", "serious", "assistance")
_MONEY: Final = re.compile(r"-?\d{1,12}\.\d{2}", re.ASCII)
LARGEST: Final = 2_000_000  # bytes of an answer


class NoSense(ValueError):
    """Not a message of this protocol; says which field."""


def written(message: Mapping[str, Any]) -> bytes:
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()


def read(body: bytes) -> dict[str, Any]:
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        raise NoSense("body") from None
    if not isinstance(message, dict):
        raise NoSense("body")
    return message


def text(message: Mapping[str, Any], name: str, most: int = 64) -> str:
    value = message.get(name, "")
    if not isinstance(value, str) or len(value) > most:
        raise NoSense(name)
    return value


def needed(message: Mapping[str, Any], name: str, most: int = 64) -> str:
    value = text(message, name, most)
    if not value:
        raise NoSense(name)
    return value


def money(message: Mapping[str, Any], name: str) -> Decimal:
    value = message.get(name)
    if not isinstance(value, str) or not _MONEY.fullmatch(value):
        raise NoSense(name)
    return Decimal(value)


def a_day(message: Mapping[str, Any], name: str) -> date:
    try:
        return date.fromisoformat(needed(message, name))
    except ValueError:
        raise NoSense(name) from None


def amounts(message: Mapping[str, Any]) -> dict[str, Decimal]:
    said = message.get("amounts")
    if not isinstance(said, dict) or set(said) != set(AMOUNTS):
        raise NoSense("amounts")
    return {name: money(said, name) for name in AMOUNTS}
