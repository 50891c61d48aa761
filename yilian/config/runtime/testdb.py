"""Databases for tests: one shared server, one migrated template, a copy per worker.

The server is left running between runs, in a folder of the user's own, without
waiting for the disk. A template is named after everything that shapes it, so a
changed migration makes a new one and two checkouts do not meet.
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Final

import psycopg
from psycopg import sql

from yilian.config.runtime import binaries, database, facts, migration
from yilian.config.runtime.database import Urls
from yilian.config.runtime.postgres import SUPERUSER, Cluster
from yilian.config.runtime.trouble import CannotStart

GIVEN: Final = "YILIAN_TEST_DATABASE_URL"
PREFIX: Final = "yilian_template_"
KEPT: Final = 6
_COPY: Final = re.compile(r"yilian_test_(\d+)_")
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
    given = os.environ.get(GIVEN)
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
    """Named after everything that shapes it."""
    return f"{PREFIX}{facts.migrations_digest()[:16]}"


def ensure_template(name: str, build: Callable[[str], None]) -> None:
    """Build the template once, however many processes ask at the same time.

    `build` is given the name of an empty database; only when it returns does the
    database become the template.
    """
    with _alone(test_server().owner, name) as connection:
        if database.exists(connection, name):
            return
        half = f"{name}_half"
        database.drop_database(connection, half)
        _create(connection, half, template="template1")
        if os.environ.get(GIVEN):
            database.prepare_foreign(urls_for(half).owner)
        build(half)
        rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
        connection.execute(
            rename.format(sql.Identifier(half), sql.Identifier(name)),
        )
        _drop_old(connection, but=name)


def migrated_template() -> str:
    """The name of a template with all migrations applied, made if need be."""
    name = template_name()
    ensure_template(name, lambda half: migration.run(urls_for(half)))
    return name


def clone(template: str, name: str) -> Urls:
    """A fresh copy; whatever had this name before is gone."""
    with psycopg.connect(test_server().owner, autocommit=True) as connection:
        if not os.environ.get(GIVEN):  # there, the numbers may be another machine's
            _drop_orphans(connection)
        database.drop_database(connection, name)
        _create(connection, name, template=template)
    return urls_for(name)


def drop(name: str) -> None:
    with psycopg.connect(test_server().owner, autocommit=True) as connection:
        database.drop_database(connection, name)


def _started() -> Cluster:
    folder = binaries.private_folder()
    cluster = Cluster(folder / "testpg", folder / "testpg.log", SETTINGS)
    try:
        cluster.start()
    except CannotStart:  # without fsync a crash of the machine spoils the files
        cluster.wipe()
        cluster.start()
    return cluster


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


def _drop_old(connection: psycopg.Connection, *, but: str) -> None:
    question = (
        "SELECT datname FROM pg_database WHERE datname LIKE %s AND datname <> %s "
        "ORDER BY oid DESC OFFSET %s"
    )
    for (name,) in connection.execute(question, [f"{PREFIX}%", but, KEPT]).fetchall():
        database.drop_database(connection, name)


def _drop_orphans(connection: psycopg.Connection) -> None:
    """Copies are named after their process; a killed one could not tidy up."""
    names = connection.execute("SELECT datname FROM pg_database").fetchall()
    for (name,) in names:
        found = _COPY.match(name)
        if found and not _lives(int(found[1])):
            database.drop_database(connection, name)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's, but alive
        return True
    return True
