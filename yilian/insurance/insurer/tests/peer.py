"""The simulator as a foreign process, and a worker that can be killed."""

import json
import os
import sqlite3
import subprocess
import sys
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from yilian.config.runtime import testdb

ROOT = Path(__file__).resolve().parents[4]


@dataclass
class Peer:
    process: subprocess.Popen[str]
    url: str
    key: Path
    book: Path

    @classmethod
    def started(cls, folder: Path, *arguments: str) -> "Peer":
        key, book = folder / "key", folder / "book.sqlite"
        process = subprocess.Popen(  # noqa: S603
            [
                sys.executable, "-m", "yilian.config.cli", "simulate", "insurer",
                "--port", "0", "--key-file", str(key), "--book", str(book), *arguments,
            ],
            cwd=ROOT, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert process.stdout is not None
        url = process.stdout.readline().strip().partition("=")[2]
        process.stdout.readline()
        return cls(process, url, key, book)

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()

    def bookings(self) -> list[tuple[str, str, Decimal]]:
        """Serial number, kind and what the funds pay, of all that was booked."""
        with sqlite3.connect(self.book, timeout=10) as rows:
            found = rows.execute(
                "SELECT serial, kind, amounts FROM booking WHERE reference <> ''"
                " ORDER BY place"
            ).fetchall()
        return [(serial, kind, _fund(json.loads(said))) for serial, kind, said in found]


def worker(script: str) -> subprocess.Popen[str]:
    """Another process at the same test database, as the application role."""
    name = os.environ["YILIAN_TEST_DATABASE"]
    environment = os.environ | {
        "DATABASE_URL": testdb.urls_for(name).app,
        "DJANGO_SETTINGS_MODULE": "yilian.config.settings",
        "YILIAN_TESTING": "1",
        "YILIAN_DB_ROLE": "app",
    }
    return subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", f"import django\ndjango.setup()\n{script}"],
        cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def _fund(amounts: dict[str, str]) -> Decimal:
    return Decimal(amounts["total"]) - Decimal(amounts["patient"])
