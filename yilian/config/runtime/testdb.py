"""Databases for tests: one shared server, one migrated template, a copy per worker.

The server is left running between runs, in a folder of the user's own, without
waiting for the disk. A template is named after everything that shapes it, so a
changed migration makes a new one and two checkouts do not meet.
"""

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql

from yilian.config.runtime import binaries, database
from yilian.config.runtime.database import Urls
from yilian.config.runtime.postgres import SUPERUSER, Cluster
from yilian.config.runtime.trouble import CannotStart

PREFIX: Final = "yilian_template_"
KEPT: Final = 6
PACKAGE: Final = Path(__file__).parents[2]
# A test's data may die with the machine; nobody waits for the disk.
SETTINGS: Final[Mapping[str, str]] = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum": "off",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}


@cache
def test_server() -> Urls:
    """The tests' server, started if need be, on its maintenance database.

    `YILIAN_TEST_DATABASE_URL` names another one: a login that may create roles
    and databases.
    """
    given = os.environ.get("YILIAN_TEST_DATABASE_URL")
    if given:
        database.prepare_foreign(given)
        return Urls.of_owner(given)
    cluster = _started()
    template1 = cluster.url(SUPERUSER, "template1")
    with _alone(cluster.url(SUPERUSER, "postgres"), "prepare"):
        database.prepare_cluster(cluster.url(SUPERUSER, "postgres"), template1)
    return Urls(
        owner=cluster.url(database.OWNER, "postgres"),
        app=cluster.url(database.APP, "postgres"),
    )


test_server.__test__ = False  # type: ignore[attr-defined]  # not a test itself


def urls_for(name: str) -> Urls:
    """The two ways into the test database of this name."""
    server = test_server()
    return Urls(
        owner=database.on_database(server.owner, name),
        app=database.on_database(server.app, name),
    )


def template_name() -> str:
    """Named after all migrations and what this folder does before them."""
    files = [*PACKAGE.rglob("migrations/**/*.*"), Path(database.__file__)]
    digest = hashlib.sha256()
    for path in sorted(path for path in files if path.suffix in {".py", ".sql"}):
        digest.update(os.fsencode(path.relative_to(PACKAGE)) + b"\0")
        digest.update(path.read_bytes())
    return f"{PREFIX}{digest.hexdigest()[:16]}"


def ensure_template(name: str, build: Callable[[str], None]) -> None:
    """Build the template once, however many processes ask at the same time.

    `build` is given the name of an empty database; only when it returns does the
    database become the template.
    """
    with _alone(test_server().owner, name) as connection:
        if database.exists(connection, name):
            return
        half = f"{name}_half"
        _drop(connection, half)
        _create(connection, half, template="template1")
        build(half)
        rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
        connection.execute(
            rename.format(sql.Identifier(half), sql.Identifier(name)),
        )
        _drop_old(connection, but=name)


def migrated_template() -> str:
    """The name of a template with all migrations applied, made if need be."""
    name = template_name()
    ensure_template(name, _migrate)
    return name


def clone(template: str, name: str) -> Urls:
    """A fresh copy; whatever had this name before is gone."""
    with psycopg.connect(test_server().owner, autocommit=True) as connection:
        _drop(connection, name)
        _create(connection, name, template=template)
    return urls_for(name)


def drop(name: str) -> None:
    with psycopg.connect(test_server().owner, autocommit=True) as connection:
        _drop(connection, name)


def _started() -> Cluster:
    folder = binaries.private_folder()
    cluster = Cluster(folder / "testpg", folder / "testpg.log", SETTINGS)
    try:
        cluster.start()
    except CannotStart:  # without fsync a crash of the machine spoils the files
        cluster.wipe()
        cluster.start()
    return cluster


def _migrate(name: str) -> None:
    environment = {**urls_for(name).environment(), "YILIAN_DB_ROLE": "owner"}
    ran = subprocess.run(
        [sys.executable, "-m", "django", "migrate", "--verbosity", "0"],
        cwd=PACKAGE.parent,
        env={
            **os.environ,
            **environment,
            "DJANGO_SETTINGS_MODULE": "yilian.config.settings",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode != 0:
        raise RuntimeError(f"migrations failed:\n{ran.stderr[-6000:]}")


@contextmanager
def _alone(url: str, subject: str) -> Iterator[psycopg.Connection]:
    """Only one process at a time for this subject, over the whole server."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_advisory_lock(hashtextextended(%s, 7))", [subject]
        )
        yield connection


def _create(connection: psycopg.Connection, name: str, *, template: str) -> None:
    create = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
    connection.execute(create.format(sql.Identifier(name), sql.Identifier(template)))


def _drop(connection: psycopg.Connection, name: str) -> None:
    drop_it = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
    connection.execute(drop_it.format(sql.Identifier(name)))


def _drop_old(connection: psycopg.Connection, *, but: str) -> None:
    question = (
        "SELECT datname FROM pg_database WHERE datname LIKE %s AND datname <> %s "
        "ORDER BY oid DESC OFFSET %s"
    )
    for (name,) in connection.execute(question, [f"{PREFIX}%", but, KEPT]).fetchall():
        _drop(connection, name)
