"""The embedded server: started by many, killed by anything, always there again."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from yilian.config.runtime import database
from yilian.config.runtime.postgres import SUPERUSER, Cluster
from yilian.config.runtime.trouble import CannotStart


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("一个很长的数据文件夹" * 8)
    cluster = Cluster(folder / "pg", folder / "postgres.log")
    cluster.start()
    yield cluster
    cluster.wipe()


@pytest.fixture
def running(cluster: Cluster) -> Cluster:
    cluster.start()
    return cluster


def _connect(cluster: Cluster, name: str = "postgres") -> psycopg.Connection:
    return psycopg.connect(cluster.url(SUPERUSER, name), autocommit=True)


def _pid(cluster: Cluster) -> int:
    return int((cluster.folder / "postmaster.pid").read_text().split("\n")[0])


def test_a_second_start_finds_the_same_server(running: Cluster) -> None:
    first = _pid(running)
    running.start()
    assert _pid(running) == first


def test_many_starters_at_once_make_one_server(running: Cluster) -> None:
    running.stop()
    with ThreadPoolExecutor(8) as starters:
        for done in [starters.submit(running.start) for _ in range(8)]:
            done.result()
    assert running.answers()


def test_nothing_committed_is_lost_when_the_server_is_killed(running: Cluster) -> None:
    with _connect(running) as connection:
        connection.execute("DROP TABLE IF EXISTS kept")
        connection.execute("CREATE TABLE kept AS SELECT 7 AS seven")
    os.kill(_pid(running), signal.SIGKILL)
    running.start()
    with _connect(running) as connection:
        assert connection.execute("SELECT seven FROM kept").fetchone() == (7,)


def test_a_pid_file_that_names_a_stranger_does_not_block(running: Cluster) -> None:
    running.stop()
    stale = running.folder / "postmaster.pid"
    stale.write_text(f"{os.getpid()}\n{running.folder}\n0\n5432\n\n\n\n")
    running.start()
    assert _pid(running) != os.getpid()


def test_files_of_another_version_are_refused_untouched(running: Cluster) -> None:
    running.stop()
    version = running.folder / "PG_VERSION"
    ours = version.read_text()
    version.write_text("99\n")
    try:
        with pytest.raises(CannotStart, match="PostgreSQL 99"):
            running.start()
    finally:
        version.write_text(ours)


def test_nobody_else_may_pass_the_door(running: Cluster) -> None:
    assert running.socket_folder.stat().st_mode & 0o077 == 0
    with _connect(running) as connection:
        listening = connection.execute("SHOW listen_addresses").fetchone()
    assert listening == ("",)


def test_the_log_never_shows_a_statement_or_a_value(running: Cluster) -> None:
    with _connect(running) as connection:
        connection.execute("CREATE TEMP TABLE person (number text PRIMARY KEY)")
        connection.execute("INSERT INTO person VALUES ('640100199001011234')")
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("INSERT INTO person VALUES ('640100199001011234')")
    log = running.log.read_text()
    assert "duplicate key" in log
    assert "640100199001011234" not in log


def test_a_prepared_database_finds_chinese_and_bounds_the_app(running: Cluster) -> None:
    superuser = running.url(SUPERUSER, "postgres")
    database.prepare_cluster(superuser, running.url(SUPERUSER, "template1"))
    with _connect(running) as connection:
        database.drop_database(connection, "region")
        database.create_database(connection, "region")
    with psycopg.connect(running.url(database.OWNER, "region")) as owner:
        assert database.finds_chinese(owner)
        owner.execute("CREATE TABLE place (name text)")
    with psycopg.connect(running.url(database.APP, "region")) as app:
        app.execute("INSERT INTO place VALUES ('同心县')")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute("CREATE TABLE mine ()")


def test_stopping_leaves_no_process(running: Cluster) -> None:
    running.stop()
    assert not running.is_alive()
    assert not running.answers()
