"""Log lines: one JSON object each, in UTC, with the request they belong to."""

import fcntl
import json
import logging
import os
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from yilian.foundation.telemetry import rules

REQUESTS: Final = "yilian.request"
BIG: Final = 20_000_000
KEPT: Final = 5
_LOOK_EVERY: Final = 100  # lines

current: ContextVar["Asked | None"] = ContextVar("current", default=None)


@dataclass(slots=True)
class Asked:
    """The request being answered: ids and the pattern of its address."""

    id: str
    method: str
    route: str = ""
    account: str = ""
    institution: str = ""


class JsonLines(logging.Formatter):
    """Django's own messages name whole addresses, so theirs stay without values."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(
                "T", "milliseconds"
            ),
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        asked = current.get()
        if asked is not None:
            line["request"] = asked.id
        facts = getattr(record, "facts", None)
        if facts is None:
            line["message"] = _message(record)
            if asked is not None and asked.route:
                line["route"] = asked.route
        else:
            line |= facts
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = rules.told(record.exc_info[1])
            line["trace"] = rules.trace(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False)


def _message(record: logging.LogRecord) -> str:
    if record.name.startswith("django"):
        return _django(record)
    return rules.without_persons(record.getMessage())


def _django(record: logging.LogRecord) -> str:
    """`Not Found: …`: the words, and in the place of each value a mark."""
    values = record.args if isinstance(record.args, tuple) else ()
    words = str(record.msg)
    if words == "%s: %s" and values:  # the reason, and the address
        return f"{values[0]}: …"
    return words.replace("%s", "…")[:200]


class SharedFile(logging.Handler):
    """One file that several processes write to, line by line, and take turns to
    put aside when it has grown: `requests.log`, `requests.log.1` …"""

    def __init__(self, path: str, most: int = BIG, kept: int = KEPT) -> None:
        super().__init__()
        self.path, self.most, self.kept = Path(path), most, kept
        self._handle: int | None = None
        self._lines = 0

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._look()
            if self._handle is not None:
                os.write(self._handle, f"{self.format(record)}\n".encode())
        except OSError:  # a full disk must not refuse the request
            return

    def close(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
        super().close()

    def _look(self) -> None:
        self._lines += 1
        if self._handle is not None and self._lines % _LOOK_EVERY:
            return
        if self._handle is not None and self._is_mine() and self._is_small():
            return
        self._put_aside()
        if self._handle is not None:
            os.close(self._handle)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        self._handle = os.open(self.path, flags, 0o600)

    def _is_mine(self) -> bool:
        """Another process may have put the file aside already."""
        try:
            here, there = os.fstat(self._handle or 0), self.path.stat()
        except OSError:
            return False
        return (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino)

    def _is_small(self) -> bool:
        return not self.path.exists() or self.path.stat().st_size < self.most

    def _put_aside(self) -> None:
        with self.path.with_name(f".{self.path.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if self._is_small():
                return
            for number in range(self.kept - 1, 0, -1):
                older = self.path.with_name(f"{self.path.name}.{number}")
                if older.exists():
                    older.replace(self.path.with_name(f"{self.path.name}.{number + 1}"))
            self.path.replace(self.path.with_name(f"{self.path.name}.1"))


def write_request(asked: Asked, status: int, seconds: float) -> None:
    facts = {
        "method": asked.method,
        "route": asked.route,
        "status": status,
        "ms": round(seconds * 1000, 1),
        "account": asked.account or None,
        "institution": asked.institution or None,
    }
    logging.getLogger(REQUESTS).info("request", extra={"facts": facts})


def configuration(level: str, requests: str, folder: Path) -> dict[str, Any]:
    """For Django's LOGGING. `requests` says where request lines go: folder, stderr,
    off."""
    file = {
        "()": "yilian.foundation.telemetry.logs.SharedFile",
        "path": str(folder / "requests.log"),
        "formatter": "json",
    }
    console = {"class": "logging.StreamHandler", "formatter": "json"}
    handlers: dict[str, Any] = {"console": console}
    if requests == "folder":
        handlers["requests"] = file
    to = {"folder": ["requests"], "stderr": ["console"]}.get(requests, [])
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": "yilian.foundation.telemetry.logs.JsonLines"}},
        "handlers": handlers,
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            REQUESTS: {
                "handlers": to,
                "level": "INFO" if to else "CRITICAL",
                "propagate": False,
            }
        },
    }
