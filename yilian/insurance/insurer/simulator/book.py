"""The insurer's own book in SQLite. A serial number has one answer, for ever."""

import hashlib
import json
import sqlite3
import threading
from typing import Any, Final

from yilian.insurance.insurer.rules import messages

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS booking (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    sender TEXT NOT NULL, institution TEXT NOT NULL, serial TEXT NOT NULL,
    said TEXT NOT NULL, digest TEXT NOT NULL, kind TEXT NOT NULL,
    number TEXT NOT NULL, area TEXT NOT NULL, day TEXT NOT NULL,
    amounts TEXT NOT NULL, reverses TEXT NOT NULL, reference TEXT NOT NULL,
    UNIQUE (sender, institution, serial)
);
CREATE TABLE IF NOT EXISTS nonce (nonce TEXT PRIMARY KEY, at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS booking_by_day ON booking (sender, day, place);
"""
PAGE: Final = 500


class SerialReused(Exception):
    """The same serial number with another content."""


class Book:
    def __init__(self, path: str = ":memory:") -> None:
        self._lock = threading.Lock()
        self._rows = sqlite3.connect(
            path, check_same_thread=False, isolation_level=None
        )
        self._rows.executescript(f"PRAGMA journal_mode=WAL;{_TABLES}")

    def is_new(self, nonce: str, now: float) -> bool:
        """A message heard twice is not listened to twice."""
        with self._lock:
            self._do("DELETE FROM nonce WHERE at < ?", [now - 1000])
            found = self._do("INSERT OR IGNORE INTO nonce VALUES (?, ?)", [nonce, now])
            return found.rowcount == 1

    def take(self, sender: str, message: dict[str, Any], refuse: str) -> dict[str, Any]:
        """Booked or refused, once; whoever says it again hears the first answer."""
        order = _read_order(message)
        with self._lock:
            self._do("BEGIN IMMEDIATE")
            try:
                said = self._taken(sender, order, refuse)
            except BaseException:
                self._do("ROLLBACK")
                raise
            self._do("COMMIT")
        return said

    def asked(self, sender: str, message: dict[str, Any]) -> dict[str, Any]:
        key = [messages.needed(message, name) for name in ("institution", "serial")]
        with self._lock:
            row = self._first(sender, *key)
        return row[0] if row else {"outcome": "not-found"}

    def day(self, sender: str, message: dict[str, Any]) -> dict[str, Any]:
        day = messages.a_day(message, "day").isoformat()
        area, after = messages.text(message, "area"), messages.text(message, "after")
        if after and not (after.isascii() and after.isdecimal()):
            raise messages.NoSense("after")
        with self._lock:
            found = self._do(
                "SELECT place, institution, serial, number, area, kind, reference,"
                " amounts FROM booking WHERE sender = ? AND day = ? AND place > ?"
                " AND reference <> '' AND substr(area, 1, ?) = ?"
                " ORDER BY place LIMIT ?",
                [sender, day, int(after or 0), len(area), area, PAGE + 1],
            ).fetchall()
        names = ("institution", "serial", "number", "area", "kind", "reference")
        rows = [
            dict(zip(names, row[1:7], strict=True)) | {"amounts": json.loads(row[7])}
            for row in found[:PAGE]
        ]
        more = str(found[PAGE - 1][0]) if len(found) > PAGE else ""
        return {"rows": rows, "next": more}

    def _taken(self, sender: str, order: dict[str, Any], refuse: str) -> dict[str, Any]:
        digest = hashlib.sha256(json.dumps(order, sort_keys=True).encode()).hexdigest()
        before = self._first(sender, order["institution"], order["serial"])
        if before is not None:
            if before[1] != digest:
                raise SerialReused
            return {**before[0], "repeated": True}
        code = refuse or self._objection(sender, order)
        number = self._do("SELECT COALESCE(max(place), 0) + 1 FROM booking").fetchone()
        reference = "" if code else f"YB{number[0]:010}"
        said = (
            {"outcome": "refused", "code": code}
            if code
            else {"outcome": "booked", "reference": reference}
        )
        self._do(
            "INSERT INTO booking (sender, institution, serial, said, digest, kind,"
            " number, area, day, amounts, reverses, reference)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                sender, order["institution"], order["serial"], json.dumps(said), digest,
                order["kind"], order["number"], order["area"], order["day"],
                json.dumps(order["amounts"]), order["reverses"], reference,
            ],
        )  # fmt: skip
        return said

    def _objection(self, sender: str, order: dict[str, Any]) -> str:
        """Why it is refused; "" when it is booked."""
        money = {name: _fen(order["amounts"][name]) for name in messages.AMOUNTS}
        parts = sum(money[name] for name in (*messages.FUNDS, "patient"))
        if money["total"] != parts:
            return "amounts-wrong"
        if order["kind"] == "book":
            return "amounts-wrong" if min(money.values()) < 0 else ""
        return self._objection_to_reversal(sender, order, money)

    def _objection_to_reversal(
        self, sender: str, order: dict[str, Any], money: dict[str, int]
    ) -> str:
        key = [sender, order["institution"], order["reverses"]]
        original = self._do(
            "SELECT amounts, reference FROM booking WHERE sender = ? AND"
            " institution = ? AND serial = ? AND kind = 'book'",
            key,
        ).fetchone()
        if original is None or not original[1]:
            return "original-unknown"
        taken_back = self._do(
            "SELECT 1 FROM booking WHERE sender = ? AND institution = ? AND"
            " reverses = ? AND reference <> ''",
            key,
        ).fetchone()
        if taken_back is not None:
            return "already-reversed"
        before = {name: _fen(value) for name, value in json.loads(original[0]).items()}
        is_opposite = all(money[name] == -before[name] for name in messages.AMOUNTS)
        return "" if is_opposite else "amounts-wrong"

    def _first(
        self, sender: str, institution: str, serial: str
    ) -> tuple[dict[str, Any], str] | None:
        row = self._do(
            "SELECT said, digest FROM booking WHERE sender = ? AND institution = ?"
            " AND serial = ?",
            [sender, institution, serial],
        ).fetchone()
        return (json.loads(row[0]), row[1]) if row else None

    def _do(self, statement: str, values: list[Any] | None = None) -> sqlite3.Cursor:
        return self._rows.execute(statement, values or [])  # writes: its own book


def _read_order(message: dict[str, Any]) -> dict[str, Any]:
    kind = messages.needed(message, "kind")
    reverses = messages.text(message, "reverses")
    if kind not in {"book", "reverse"} or bool(reverses) != (kind == "reverse"):
        raise messages.NoSense("kind")
    amounts = messages.amounts(message)
    order: dict[str, Any] = {
        name: messages.needed(message, name)
        for name in ("institution", "serial", "number", "insured", "area")
    }
    return order | {
        "kind": kind,
        "reverses": reverses,
        "day": messages.a_day(message, "day").isoformat(),
        "amounts": {name: f"{value:.2f}" for name, value in amounts.items()},
    }


def _fen(text: str) -> int:
    return int(text.replace(".", ""))
