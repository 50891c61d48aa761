"""Restoring: into a database beside the old one, compared, and only then exchanged.

Until the exchange nothing that was there is touched; afterwards the old database and
files are kept once more, under another name.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Final

import psycopg
from psycopg import sql

from yilian.config.runtime import database
from yilian.config.runtime.backup import trouble
from yilian.config.runtime.backup.about import (
    ABOUT,
    DATABASE,
    FILES,
    MANIFEST,
    About,
    is_older,
    refuse_newer,
    refuse_other_keys,
)
from yilian.config.runtime.backup.contents import contents, differences
from yilian.config.runtime.backup.locks import Secret
from yilian.config.runtime.backup.save import REGION
from yilian.config.runtime.backup.sealed import Part, Reader
from yilian.config.runtime.backup.transfer import bring_in
from yilian.config.runtime.environment import Place, entered
from yilian.config.runtime.folder import DataFolder, disk_full
from yilian.config.runtime.locks import try_exclusive
from yilian.config.runtime.postgres import SUPERUSER, Cluster
from yilian.config.runtime.trouble import CannotStart

HALF: Final = "yilian_restoring"
BEFORE: Final = "yilian_before"
_ROOM: Final = 1.3  # of what the database took where it came from
Say = Callable[[str], None]


@dataclass(slots=True)
class Restored:
    """`older`: the program has steps for this database that it has not had yet."""

    created_at: str
    program: str
    rows: int
    files: int
    older: bool
    missing_files: Sequence[str] = ()
    kept: str = ""


@dataclass(slots=True)
class Found:
    """What came out of the parts, to compare with the manifest at the end."""

    digests: dict[str, str] = field(default_factory=dict)
    manifest: dict[str, Any] = field(default_factory=dict)

    @property
    def files(self) -> list[str]:
        return [name for name in self.digests if name.startswith(FILES)]


@contextmanager
def opened(path: Path, secrets: Sequence[Secret], kind: str) -> Iterator[Reader]:
    with path.open("rb") as file:
        reader = Reader(file, path)
        if reader.opening.kind != kind:
            raise trouble.no_backup(path)
        reader.unlock(secrets)
        yield reader


def restore(
    file: Path, folder: DataFolder, secrets: Sequence[Secret], say: Say
) -> Restored:
    """Into the data folder, or into the empty database that `DATABASE_URL` names."""
    folder.make()
    with opened(file, secrets, REGION) as reader, _nobody_works_in(folder):
        said, parts = read_about(reader)
        refuse_other_keys(said, folder.keys)
        check_room(folder.path, said)
        with entered(folder) as place:
            if place.embedded:
                return _beside(reader, parts, said, place, say)
            return _given(reader, parts, said, place, say)


def read_about(reader: Reader) -> tuple[About, Iterator[tuple[str, Part]]]:
    """What the backup says of itself; one of a newer program is refused here."""
    parts = reader.parts()
    name, part = next(parts)
    if name != ABOUT:
        raise trouble.damaged(reader.path)
    said = About.read(part.whole())
    refuse_newer(said, reader.path)
    return said, parts


def _beside(
    reader: Reader,
    parts: Iterator[tuple[str, Part]],
    said: About,
    place: Place,
    say: Say,
) -> Restored:
    """Our own server: a database of another name takes the place at the end."""
    cluster = place.folder.cluster
    owner = cluster.url(database.OWNER, HALF)
    with psycopg.connect(_maintenance(cluster), autocommit=True) as connection:
        database.drop_database(connection, HALF)
        database.create_database(connection, HALF)
    half = place.folder.path / "files.restoring"
    shutil.rmtree(half, ignore_errors=True)
    found = take_in(reader, parts, owner, half, embedded=True, say=say)
    compare(found, owner, reader.path, say)
    settle(owner, said)
    missing = missing_files(owner, found)
    kept = _exchange(place.folder, cluster, half)
    return _restored(reader, said, found, missing, kept)


def _given(
    reader: Reader,
    parts: Iterator[tuple[str, Part]],
    said: About,
    place: Place,
    say: Say,
) -> Restored:
    """An ordinary PostgreSQL: its administrator has given us an empty database."""
    database.prepare_foreign(place.urls.owner)
    refuse_full(place.urls.owner)
    half = place.folder.path / "files.restoring"
    shutil.rmtree(half, ignore_errors=True)
    found = take_in(reader, parts, place.urls.owner, half, embedded=False, say=say)
    compare(found, place.urls.owner, reader.path, say)
    settle(place.urls.owner, said)
    missing = missing_files(place.urls.owner, found)
    _put_files(place.folder, half)
    return _restored(reader, said, found, missing, kept="")


def take_in(
    reader: Reader,
    parts: Iterator[tuple[str, Part]],
    owner_url: str,
    files: Path | None,
    *,
    embedded: bool,
    say: Say,
) -> Found:
    """Every part in its order; `files` is None when they are only to be checked."""
    found = Found()
    for name, part in parts:
        if name == DATABASE:
            say("正在恢复数据库… Restoring the database…")
            bring_in(part, owner_url, embedded=embedded)
        elif name == MANIFEST:
            found.manifest = json.loads(part.whole())
        elif name.startswith(FILES) and files is not None:
            _write_file(part, _inside(files, name, reader.path))
        part.skip()
        if name != MANIFEST:
            found.digests[name] = part.digest
    if DATABASE not in found.digests or not found.manifest:
        raise trouble.damaged(reader.path)
    return found


def compare(found: Found, owner_url: str, file: Path, say: Say) -> None:
    """Rows, contents, rights and every part's digest: all as when it was saved."""
    say("正在核对… Comparing…")
    expected = dict(found.manifest["parts"])
    wrong = [n for n, seen in found.digests.items() if expected.pop(n, seen) != seen]
    expected.pop(ABOUT, None)
    with psycopg.connect(owner_url) as connection:
        now = contents(connection, lambda percent, table: None)
    wrong += [*expected, *(n for n, _what in differences(found.manifest, now))]
    if wrong:
        raise CannotStart(
            f"恢复的内容与备份 {file} 的清单不一致：{'、'.join(wrong[:5])}。没有采用。",
            f"What was restored differs from the manifest of {file}: "
            f"{', '.join(wrong[:5])}. It was not put in place.",
        )


def settle(owner_url: str, said: About) -> None:
    """Numbers of transactions go on, and everybody signs in anew."""
    with psycopg.connect(owner_url) as connection:
        connection.execute("DELETE FROM django_session")  # writes: a restored copy
        row = connection.execute(
            "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
        ).fetchone()
        before = max(0, said.transactions - int(row[0] if row else 0) + 1)
        connection.execute(
            sql.SQL(
                "CREATE OR REPLACE FUNCTION yilian_transactions_before()"
                " RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS {}"
            ).format(sql.Literal(f"SELECT {before}::bigint"))
        )


def refuse_full(owner_url: str) -> None:
    with psycopg.connect(owner_url) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
        ).fetchone()
    if row and row[0]:
        raise CannotStart(
            "DATABASE_URL 指向的数据库不是空的。请新建一个空库，再恢复到其中。",
            "The database in DATABASE_URL is not empty. Create an empty one and "
            "restore into that.",
        )


@contextmanager
def _nobody_works_in(folder: DataFolder) -> Iterator[None]:
    handle = try_exclusive(folder.lock("up"))
    if handle is None:
        raise CannotStart(
            f"数据文件夹 {folder.path} 正在使用。请先停止服务，再恢复。",
            f"The data folder {folder.path} is in use. Stop the service, then restore.",
        )
    try:
        yield
    finally:
        os.close(handle)


def check_room(path: Path, said: About) -> None:
    if shutil.disk_usage(path).free < said.size * _ROOM:
        raise disk_full(path)


def _exchange(folder: DataFolder, cluster: Cluster, half: Path) -> str:
    """The last step, and a short one."""
    with psycopg.connect(_maintenance(cluster), autocommit=True) as connection:
        kept = _set_aside(connection, cluster)
        _rename(connection, HALF, database.DATABASE)
    _put_files(folder, half)
    return kept


def _set_aside(connection: psycopg.Connection, cluster: Cluster) -> str:
    """The old database, when it held anything; an older old one goes."""
    with psycopg.connect(cluster.url(SUPERUSER, database.DATABASE)) as old:
        row = old.execute(
            "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
        ).fetchone()
    if not (row and row[0]):
        database.drop_database(connection, database.DATABASE)
        return ""
    database.drop_database(connection, BEFORE)
    _rename(connection, database.DATABASE, BEFORE)
    return BEFORE


def _rename(connection: psycopg.Connection, old: str, new: str) -> None:
    rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
    try:
        connection.execute(
            rename.format(sql.Identifier(old), sql.Identifier(new))
        )  # writes: a database's name
    except psycopg.errors.ObjectInUse:
        raise CannotStart(
            "数据库仍有连接，没有替换。请停止其他医联命令后重试。",
            "The database is still connected to, so nothing was exchanged. Stop other "
            "commands of Yilian and retry.",
        ) from None


def _put_files(folder: DataFolder, half: Path) -> None:
    before = folder.path / "files.before"
    half.mkdir(mode=0o700, exist_ok=True)
    if folder.files.exists():
        shutil.rmtree(before, ignore_errors=True)
        folder.files.rename(before)
    half.rename(folder.files)


def missing_files(owner_url: str, found: Found) -> list[str]:
    """Rows whose file the backup did not hold."""
    with psycopg.connect(owner_url) as connection:
        known = connection.execute(
            "SELECT to_regclass('public.files_storedfile')::text"
        ).fetchone()
        if known is None or known[0] is None:
            return []
        rows = connection.execute("SELECT id FROM files_storedfile").fetchall()
    there = {name.rpartition("/")[2] for name in found.files}
    return [str(file_id) for (file_id,) in rows if file_id.hex not in there]


def _inside(folder: Path, name: str, file: Path) -> Path:
    """A backup may only name places within the folder of files."""
    inner = PurePosixPath(name.removeprefix(FILES))
    if inner.is_absolute() or ".." in inner.parts or not inner.parts:
        raise trouble.damaged(file)
    return folder / inner


def _write_file(part: Part, path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600)
        with path.open("wb") as target:
            for piece in part.pieces():
                target.write(piece)
    except OSError as error:
        raise trouble.not_written(path, error) from error


def _restored(
    reader: Reader, said: About, found: Found, missing: list[str], kept: str
) -> Restored:
    return Restored(
        created_at=reader.opening.created_at,
        program=said.program,
        rows=sum(int(count) for count, _d in found.manifest["tables"].values()),
        files=len(found.files),
        older=is_older(said),
        missing_files=missing,
        kept=kept,
    )


def _maintenance(cluster: Cluster) -> str:
    return cluster.url(SUPERUSER, "postgres")
