"""Behind a running region: its database, its processes, and ending them rudely."""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
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

    def children(self, parent: int) -> list[int]:
        told = Path(f"/proc/{parent}/task/{parent}/children").read_text()
        return [int(pid) for pid in told.split()]

    def kill_database(self) -> None:
        pid = int((self.cluster.folder / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGKILL)


def until(is_so: Callable[[], object], seconds: float = 20.0, what: str = "it") -> None:
    """Looked at ten times a second; said aloud when it never comes."""
    give_up_at = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < give_up_at, f"{what} did not happen in {seconds} s"
        time.sleep(0.1)


def kill(pids: Sequence[int], number: signal.Signals = signal.SIGKILL) -> None:
    for pid in pids:
        os.kill(pid, number)
