"""Back to a moment between two backups, as `docs/deploy.md` says: an archive of the
log and a base backup. Tried with our own server's programs."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import psycopg
import pytest

from yilian.config.runtime import binaries
from yilian.config.runtime.postgres import PORT, SUPERUSER, Cluster

PATIENCE = 30


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where the server's own user may pass as well."""
    folder = binaries.private_folder() / "point-in-time"
    shutil.rmtree(folder, ignore_errors=True)
    for inner in (folder, folder / "archive"):
        inner.mkdir(mode=0o755)
        binaries.give_to_server(inner)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def test_a_database_goes_back_to_the_moment_before_a_mistake(folder: Path) -> None:
    archive = folder / "archive"
    first = Cluster(
        folder / "first",
        folder / "first.log",
        {
            "wal_level": "replica",
            "archive_mode": "on",
            "archive_command": f"test ! -f {archive}/%f && cp %p {archive}/%f",
        },
    )
    try:
        first.start()
        url = first.url(SUPERUSER, "postgres")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE TABLE act (n int, at timestamptz)")
            connection.execute("INSERT INTO act VALUES (1, now())")
            _base_backup(first, folder / "second")
            connection.execute("INSERT INTO act VALUES (2, now())")
            moment = _now(connection)
            connection.execute("DELETE FROM act")  # the mistake
            connection.execute("SELECT pg_switch_wal()")
            _wait_for_archive(connection)
    finally:
        first.stop()

    second = Cluster(
        folder / "second",
        folder / "second.log",
        {
            "restore_command": f"cp {archive}/%f %p",
            "recovery_target_time": moment.isoformat(),
            "recovery_target_action": "promote",
        },
    )
    (second.folder / "recovery.signal").touch()
    _give(second.folder)
    try:
        second.start()
        assert _acts(second) == [1, 2]
    finally:
        second.stop()


def _base_backup(cluster: Cluster, target: Path) -> None:
    subprocess.run(
        [
            binaries.usable() / "pg_basebackup",
            *("--host", str(cluster.socket_folder), "--port", str(PORT)),
            *("--username", SUPERUSER, "--pgdata", str(target)),
            *("--checkpoint", "fast", "--wal-method", "stream"),
        ],
        check=True,
    )


def _now(connection: psycopg.Connection) -> datetime:
    row = connection.execute("SELECT clock_timestamp()").fetchone()
    assert row is not None
    time.sleep(0.05)
    moment: datetime = row[0]
    return moment


def _wait_for_archive(connection: psycopg.Connection) -> None:
    """Until the log with the last act lies in the archive."""
    question = (
        "SELECT last_archived_wal >= pg_walfile_name(%s::pg_lsn - 1)"
        " FROM pg_stat_archiver"
    )
    lsn = connection.execute("SELECT pg_current_wal_lsn()").fetchone()
    give_up_at = time.monotonic() + PATIENCE
    while connection.execute(question, lsn).fetchone() != (True,):
        assert time.monotonic() < give_up_at
        time.sleep(0.05)


def _give(folder: Path) -> None:
    """What root's client has written belongs to the server's user."""
    for path in (folder, *folder.rglob("*")):
        binaries.give_to_server(path)


def _acts(cluster: Cluster) -> list[int]:
    url = cluster.url(SUPERUSER, "postgres")
    give_up_at = time.monotonic() + PATIENCE
    while time.monotonic() < give_up_at:
        with psycopg.connect(url) as connection:
            row = connection.execute("SELECT pg_is_in_recovery()").fetchone()
            if row == (False,):
                found = connection.execute("SELECT n FROM act ORDER BY n").fetchall()
                return [int(n) for (n,) in found]
        time.sleep(0.05)
    raise AssertionError("it did not come out of recovery")
