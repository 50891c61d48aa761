"""Writing a backup: one snapshot of the database, then the files it points at.

A file is in its place before its row is written, so whatever the snapshot names is
there when the files are read afterwards.
"""

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Final

import psycopg

from yilian import __version__
from yilian.config.runtime import facts
from yilian.config.runtime.backup import trouble
from yilian.config.runtime.backup.about import (
    ABOUT,
    DATABASE,
    FILES,
    MANIFEST,
    About,
    about,
    default_cipher,
)
from yilian.config.runtime.backup.contents import contents, tables
from yilian.config.runtime.backup.locks import Lock
from yilian.config.runtime.backup.sealed import BLOCK, Opening, Writer
from yilian.config.runtime.backup.tools import Heard, environment, find
from yilian.config.runtime.environment import Place
from yilian.config.runtime.trouble import CannotStart

REGION: Final = "region"
SUFFIX: Final = ".yilian"
_NAME: Final = re.compile(r"yilian-\d{8}T\d{6}Z\.yilian")
_DUMPED: Final = re.compile(r'dumping contents of table "?([^"\n]+)"?')
_DATABASE_SHARE: Final = 60  # of a hundred; digests and files are the rest
_DIGESTS_SHARE: Final = 35
Progress = Callable[[float, str], None]


@dataclass(frozen=True, slots=True)
class Saved:
    path: Path
    size: int
    tables: int
    rows: int
    files: int
    key: bytes  # of this one backup, to verify it at once


def file_name(now: datetime) -> str:
    return f"yilian-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}{SUFFIX}"


def save_region(place: Place, target: Path, lock: Lock, progress: Progress) -> Saved:
    """`target` is a file that does not exist yet, or a folder."""
    now = datetime.now(UTC)
    path = target / file_name(now) if target.is_dir() else target
    if path.exists():
        raise CannotStart(f"{path} 已存在。", f"{path} exists already.")
    opening = Opening(REGION, __version__, now.isoformat(), default_cipher())
    with writing(path) as file:
        writer = Writer(file, opening, lock)
        manifest = _fill(place, writer, progress)
        writer.close()
        size = file.tell()
    facts.put(place.urls.owner, facts.BACKUP, now.isoformat())
    rows = sum(int(count) for count, _digest in manifest["tables"].values())
    files = sum(name.startswith(FILES) for name in writer.sizes)
    return Saved(path, size, len(manifest["tables"]), rows, files, writer.key)


def keep_newest(folder: Path, most: int) -> list[Path]:
    """Older backups of this folder go; only those that carry our own names."""
    ours = sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name))
    old = ours[:-most]
    for path in old:
        path.unlink()
    return old


@contextmanager
def writing(path: Path) -> Iterator[IO[bytes]]:
    """Under another name until it is whole; nothing half is left behind."""
    half = path.with_name(f"{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        half.touch(mode=0o600)
        with half.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        half.replace(path)
    except OSError as error:
        half.unlink(missing_ok=True)
        raise trouble.not_written(path, error) from error
    except BaseException:
        half.unlink(missing_ok=True)
        raise


def _fill(place: Place, writer: Writer, progress: Progress) -> dict[str, dict]:  # type: ignore[type-arg]
    with snapshot(place.urls.owner) as (connection, name):
        said = about(place, connection)
        with writer.part(ABOUT):
            writer.write(said.dumped())
        with writer.part(DATABASE):
            _dump(place, name, said, writer, _Told(connection, progress))

        def digested(percent: float, table: str) -> None:
            progress(_DATABASE_SHARE + percent * _DIGESTS_SHARE / 100, table)

        found = contents(connection, digested)
    _add_files(place.folder.files, writer)
    manifest = {**found, "parts": {**writer.digests}, "sizes": {**writer.sizes}}
    with writer.part(MANIFEST):
        writer.write(json.dumps(manifest, ensure_ascii=False).encode())
    progress(100, "")
    return manifest


@contextmanager
def snapshot(owner_url: str) -> Iterator[tuple[psycopg.Connection, str]]:
    """All that is read inside, by us and by `pg_dump`, is of one moment."""
    with psycopg.connect(owner_url) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        row = connection.execute("SELECT pg_export_snapshot()").fetchone()
        yield connection, str((row or ("",))[0])


class _Told:
    """How far `pg_dump` is, by the tables that it says it has begun."""

    def __init__(self, connection: psycopg.Connection, progress: Progress) -> None:
        self.sizes = {table.full_name: table.size for table in tables(connection)}
        self.total = sum(self.sizes.values()) or 1
        self.done = 0
        self.progress = progress

    def hear(self, line: str) -> None:
        found = _DUMPED.search(line)
        if found:
            table = found[1].replace('"', "")
            percent = _DATABASE_SHARE * self.done / self.total
            self.progress(percent, table)
            self.done += self.sizes.get(table, 0)


def _dump(place: Place, name: str, said: About, writer: Writer, told: _Told) -> None:
    server = said.server_version
    tool = find("pg_dump", server_version=server, embedded=place.embedded)
    options = ("--format=custom", "--compress=1", "--no-owner", "--no-comments")
    limits = ("--lock-wait-timeout=60s", f"--snapshot={name}", "--verbose")
    with subprocess.Popen(  # noqa: S603 a tool we found
        [tool, *options, *limits],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(place.urls.owner),
    ) as process:
        heard = Heard(process.stderr, told.hear)
        try:
            pour(process.stdout, writer)
        except BaseException:
            process.kill()
            raise
        heard.join()
    if process.returncode != 0:
        raise CannotStart(
            f"数据库没有导出完。pg_dump：{heard.last}",
            f"The database was not dumped. pg_dump says: {heard.last}",
        )


def pour(source: IO[bytes] | None, writer: Writer) -> None:
    while source is not None and (piece := source.read(BLOCK)):
        writer.write(piece)


def _add_files(folder: Path, writer: Writer) -> None:
    """What is still on its way in has no row and stays out."""
    for path in _files_in(folder):
        try:
            source = path.open("rb")
        except FileNotFoundError:  # swept meanwhile: it had no row
            continue
        with source, writer.part(FILES + path.relative_to(folder).as_posix()):
            pour(source, writer)


def _files_in(folder: Path) -> Sequence[Path]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return sorted(p for p in found if p.relative_to(folder).parts[0] != "incoming")
