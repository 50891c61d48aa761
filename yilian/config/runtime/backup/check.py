"""A backup is good when it was restored: into a server of its own, and compared."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import psycopg

from yilian.config.runtime import database, facts, migration
from yilian.config.runtime.backup import trouble
from yilian.config.runtime.backup.about import About, is_older
from yilian.config.runtime.backup.bring_back import (
    check_room,
    compare,
    missing_files,
    read_about,
    settle,
    take_in,
)
from yilian.config.runtime.backup.locks import Secret
from yilian.config.runtime.backup.save import REGION
from yilian.config.runtime.backup.sealed import Reader
from yilian.config.runtime.database import Urls
from yilian.config.runtime.environment import Place
from yilian.config.runtime.folder import DataFolder
from yilian.config.runtime.postgres import SUPERUSER, Cluster
from yilian.config.runtime.trouble import CannotStart

Say = Callable[[str], None]
# Thrown away afterwards, whatever happens: nobody waits for the disk.
FAST: Final[Mapping[str, str]] = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "shared_buffers": "128MB",
}


@dataclass(frozen=True, slots=True)
class Verified:
    rows: int
    tables: int
    files: int
    missing_files: Sequence[str]
    audit: str


def verify(
    file: Path,
    near: Path,
    say: Say,
    *,
    secrets: Sequence[Secret] = (),
    key: bytes | None = None,
) -> Verified:
    """`near` is a folder with room for the database; `key` opens without secrets."""
    with file.open("rb") as source, _scratch(near) as (scratch, cluster):
        reader = Reader(source, file)
        if reader.opening.kind != REGION:
            raise trouble.no_backup(file)
        if key is None:
            reader.unlock(secrets)
        else:
            reader.unlock_with(key)
        said, parts = read_about(reader)
        check_room(scratch, said)
        urls = _serve(cluster)
        found = take_in(reader, parts, urls.owner, None, embedded=True, say=say)
        compare(found, urls.owner, file, say)
        settle(urls.owner, said)
        return Verified(
            rows=sum(int(n) for n, _digest in found.manifest["tables"].values()),
            tables=len(found.manifest["tables"]),
            files=len(found.files),
            missing_files=missing_files(urls.owner, found),
            audit=_verify_audit(scratch, urls, said),
        )


def note(owner_url: str) -> None:
    """So that the doctor knows when a backup was last tried."""
    facts.put(owner_url, facts.BACKUP_CHECKED, datetime.now(UTC).isoformat())


@contextmanager
def _scratch(near: Path) -> Iterator[tuple[Path, Cluster]]:
    folder = Path(tempfile.mkdtemp(prefix="yilian-verify-", dir=near))
    cluster = Cluster(folder / "pg", folder / "postgres.log", FAST)
    try:
        yield folder, cluster
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _serve(cluster: Cluster) -> Urls:
    cluster.start()
    superuser = cluster.url(SUPERUSER, "postgres")
    database.prepare_cluster(superuser, cluster.url(SUPERUSER, "template1"))
    with psycopg.connect(superuser, autocommit=True) as connection:
        database.create_database(connection, database.DATABASE)
    return Urls(
        owner=cluster.url(database.OWNER, database.DATABASE),
        app=cluster.url(database.APP, database.DATABASE),
    )


def _verify_audit(scratch: Path, urls: Urls, said: About) -> str:
    """As the application would, brought up to this program first."""
    place = Place(DataFolder(scratch / "data"), urls, embedded=True)
    place.folder.make()
    if is_older(said):
        migration.apply(place)
    told = {k: v for k, v in os.environ.items() if k != "YILIAN_KEYS"}
    here = {"YILIAN_DATA": str(place.folder.path), **urls.environment()}
    here["YILIAN_SECRET_KEY_FILE"] = str(place.folder.keys / "django")
    asked = subprocess.run(
        [sys.executable, "-m", "yilian.config.cli", "audit", "verify"],
        env={**told, **here},
        capture_output=True,
        text=True,
        check=False,
    )
    first = (asked.stdout.strip() or "–").splitlines()[0]
    if asked.returncode != 0:
        raise CannotStart(
            f"备份能恢复，但其中的审计链不完整：{first}",
            f"The backup restores, but the audit trail in it is not clean: {first}",
        )
    return first
