"""From a backup's dump into an empty database.

Default rights must not be in force meanwhile: they would give the application
UPDATE on the very tables it may only add to, and the dump takes nothing away.
"""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import psycopg

from yilian.config.runtime import database
from yilian.config.runtime.backup.sealed import Part
from yilian.config.runtime.backup.tools import Heard, environment, find
from yilian.config.runtime.trouble import CannotStart

# Of the server or of its preparation, and not of ours to restore.
_NOT_OURS: Final = (" SCHEMA - public ", " EXTENSION - ", " DEFAULT ACL ", " COMMENT ")
_MOST_OBJECTS: Final = 100_000


def bring_in(part: Part, owner_url: str, *, embedded: bool) -> None:
    """All of it or nothing: in one transaction."""
    server = _without_default_rights(owner_url)
    tool = find("pg_restore", server_version=server, embedded=embedded)
    pieces = part.pieces()
    with tempfile.TemporaryDirectory(prefix="yilian-") as folder:
        listed, first = _list(tool, pieces)
        wanted = Path(folder) / "list"
        wanted.write_text(listed, encoding="utf-8")
        _run(tool, wanted, first, pieces, owner_url)
    with psycopg.connect(owner_url, autocommit=True) as connection:
        database.give_default_rights(connection)
        connection.execute("ANALYZE")  # writes: statistics alone


def _without_default_rights(owner_url: str) -> int:
    with psycopg.connect(owner_url, autocommit=True) as connection:
        database.take_default_rights(connection)
        return connection.info.server_version // 10000


def _list(tool: Path, pieces: Iterator[bytes]) -> tuple[str, list[bytes]]:
    """The dump's table of contents, and the beginning that was read for it."""
    first: list[bytes] = []
    with subprocess.Popen(  # noqa: S603 a tool we found
        [tool, "--list"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        said = Heard(process.stdout, keep=_MOST_OBJECTS)
        heard = Heard(process.stderr)
        with suppress(BrokenPipeError):  # it has read what it needs
            for piece in pieces:
                first.append(piece)
                _give(process, piece)
        _close(process)
        said.join()
        heard.join()
    if process.returncode != 0:
        raise _refused(heard)
    lines = [line for line in said.lines if not any(s in line for s in _NOT_OURS)]
    return "\n".join(lines), first


def _run(
    tool: Path, wanted: Path, first: list[bytes], rest: Iterator[bytes], url: str
) -> None:
    options = ("--no-owner", "--single-transaction", "--exit-on-error")
    told = environment(url)
    with subprocess.Popen(  # noqa: S603 a tool we found
        [tool, *options, f"--use-list={wanted}", f"--dbname={told['PGDATABASE']}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=told,
    ) as process:
        heard = Heard(process.stderr)
        try:
            with suppress(BrokenPipeError):
                while first:
                    _give(process, first.pop(0))
                for piece in rest:
                    _give(process, piece)
        except BaseException:
            process.kill()
            raise
        _close(process)
        heard.join()
    if process.returncode != 0:
        raise _refused(heard)


def _give(process: "subprocess.Popen[bytes]", piece: bytes) -> None:
    if process.stdin is not None:
        process.stdin.write(piece)


def _close(process: "subprocess.Popen[bytes]") -> None:
    with suppress(BrokenPipeError):
        if process.stdin is not None:
            process.stdin.close()


def _refused(heard: Heard) -> CannotStart:
    if "No space left" in heard.last:
        return CannotStart(
            "磁盘已满，没有恢复完。请腾出空间后重试。",
            "The disk is full, so nothing was restored. Free some space and retry.",
        )
    return CannotStart(
        f"数据库没有恢复。pg_restore：{heard.last}",
        f"The database was not restored. pg_restore says: {heard.last}",
    )
