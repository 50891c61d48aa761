"""Behind a running region: its database, its processes, and ending them rudely."""

import contextlib
import http.client
import os
import signal
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import psycopg
from psycopg import sql

from yilian.config.runtime.crew import MARK
from yilian.config.runtime.database import DATABASE
from yilian.config.runtime.folder import DataFolder
from yilian.config.runtime.postgres import SUPERUSER, Cluster


@dataclass(frozen=True, slots=True)
class Backstage:
    data: Path

    @property
    def cluster(self) -> Cluster:
        return DataFolder(self.data).cluster

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        url = self.cluster.url(SUPERUSER, DATABASE)
        with psycopg.connect(url, autocommit=True) as connection:
            return connection.execute(query, values).fetchall()

    def one(self, query: str, *values: Any) -> Any:
        [[value]] = self.rows(query, *values)
        return value

    @contextlib.contextmanager
    def holding(self, table: str, row_id: UUID) -> Iterator[None]:
        """Meanwhile nobody else can change this row."""
        url = self.cluster.url(SUPERUSER, DATABASE)
        with psycopg.connect(url) as connection:
            lock = sql.SQL("SELECT 1 FROM {} WHERE id = %s FOR UPDATE")
            connection.execute(lock.format(sql.Identifier(table)), [row_id])
            yield

    def institution(self, code: str) -> UUID:
        found = self.one("SELECT id FROM directory_institution WHERE code = %s", code)
        return UUID(str(found))

    def contracted(self, code: str) -> list[UUID]:
        """Living residents whom this house sees by contract, with nothing open."""
        found = self.rows(
            "SELECT DISTINCT person.id FROM population_person person"
            " JOIN population_grant kept ON kept.person_id = person.id"
            " JOIN directory_institution house ON house.id = kept.institution_id"
            " WHERE house.code = %s AND kept.ground = 'contract' AND kept.scope = 3"
            " AND kept.period @> now() AND person.died_at IS NULL"
            " AND NOT EXISTS (SELECT 1 FROM referral_episode open"
            "  WHERE open.person_id = person.id AND open.closed_at IS NULL)"
            " ORDER BY person.id",
            code,
        )
        return [UUID(str(person)) for (person,) in found]

    def crew(self, sign: str) -> list[int]:
        """Processes of the region whose command says so, parents before children."""
        mark = f"{MARK}={self.data}".encode()
        found = []
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError):  # gone, or somebody else's
                if not entry.name.isdecimal():
                    continue
                ours = mark in (entry / "environ").read_bytes().split(b"\0")
                if ours and sign.encode() in (entry / "cmdline").read_bytes():
                    found.append(int(entry.name))
        return sorted(found)

    def members(self) -> Mapping[str, list[int]]:
        """Every process of the running region that may be killed, by what it is."""
        pages, live = self._served("config.wsgi"), self._served("live.app")
        database = self.postmaster()
        backends = [
            pid for pid in self.children(database) if b": yilian_app " in _command(pid)
        ]
        return {
            "pages": [pid for pid in pages if os.getpgid(pid) == pid],
            "pages worker": [pid for pid in pages if os.getpgid(pid) != pid],
            "live": [pid for pid in live if os.getpgid(pid) == pid],
            "live worker": [pid for pid in live if os.getpgid(pid) != pid],
            "worker": self.crew("config.cli\0worker"),
            "deliverer": self.crew("config.cli\0deliver"),
            "database": [database],
            "database backend": backends,
        }

    def postmaster(self) -> int:
        pid_file = self.cluster.folder / "postmaster.pid"
        return int(pid_file.read_text().split()[0])

    def children(self, parent: int) -> list[int]:
        told = Path(f"/proc/{parent}/task/{parent}/children").read_text()
        return [int(pid) for pid in told.split()]

    def kill(self, kind: str) -> bool:
        """One of them, if there is one just now."""
        with contextlib.suppress(OSError, LookupError, ValueError):
            os.kill(self.members()[kind][0], signal.SIGKILL)
            return True
        return False  # somebody has just died anyway

    def _served(self, sign: str) -> list[int]:
        """Granian and its workers, without what Python keeps beside them."""
        return [
            pid for pid in self.crew(sign) if b"resource_tracker" not in _command(pid)
        ]


KINDS: Final = (
    "pages", "pages worker", "live", "live worker", "worker", "deliverer",
    "database", "database backend",
)  # fmt: skip


def _command(pid: int) -> bytes:
    with contextlib.suppress(OSError):  # gone meanwhile
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def is_well(address: str) -> bool:
    """Pages and live updates both say so."""
    host, _, port = address.removeprefix("http://").partition(":")
    return all(
        _is_well(f"http://{host}:{n}/healthz") for n in (int(port), int(port) + 1)
    )


def _is_well(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 ours
            return bool(answer.status == 200)
    except (OSError, http.client.HTTPException):
        return False


def until(is_so: Callable[[], object], seconds: float = 20.0, what: str = "it") -> None:
    """Looked at ten times a second; said aloud when it never comes."""
    give_up_at = time.monotonic() + seconds
    while not _is_so(is_so):
        assert time.monotonic() < give_up_at, f"{what} did not happen in {seconds} s"
        time.sleep(0.1)


def _is_so(ask: Callable[[], object]) -> bool:
    """While the database is away nobody knows."""
    try:
        return bool(ask())
    except psycopg.OperationalError:
        return False


def kill(pids: Sequence[int], number: signal.Signals = signal.SIGKILL) -> None:
    for pid in pids:
        os.kill(pid, number)
