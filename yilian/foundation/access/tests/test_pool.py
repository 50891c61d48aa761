"""A database that was away leaves dead connections: who comes next meets none."""

from collections.abc import Iterator

import psycopg
import pytest
from django.db import OperationalError, connection
from psycopg_pool import ConnectionPool, PoolTimeout

from yilian.foundation.access.pool import is_line_lost, look_through_pool

SIZE = 3


@pytest.fixture
def pool(transactional_db: None) -> Iterator[ConnectionPool]:
    address = connection.get_connection_params()
    known = ("host", "port", "dbname", "user", "password")
    kwargs = {name: address[name] for name in known if address.get(name)}
    kwargs |= {"autocommit": True, "application_name": "yilian pool test"}
    with ConnectionPool(
        kwargs=kwargs, min_size=SIZE, max_size=SIZE, open=False
    ) as pool:
        pool.wait()
        yield pool


def end_all_lines() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid, 1000)) FROM pg_stat_activity"
            " WHERE application_name = 'yilian pool test'"
        )
        assert cursor.fetchone() == (SIZE,)


def test_after_the_pool_was_looked_through_each_of_its_lines_answers(
    pool: ConnectionPool,
) -> None:
    end_all_lines()

    look_through_pool(pool).join()
    pool.wait()

    lines = [pool.getconn() for _ in range(SIZE)]
    answers = [line.execute("SELECT 1").fetchone() for line in lines]
    for line in lines:
        pool.putconn(line)
    assert answers == [(1,)] * SIZE


def test_without_it_each_of_them_fails_its_next_user(pool: ConnectionPool) -> None:
    end_all_lines()
    with pytest.raises(psycopg.OperationalError), pool.connection() as line:
        line.execute("SELECT 1")


def caused_by(cause: Exception) -> OperationalError:
    error = OperationalError()
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("cause", "is_lost"),
    [
        (psycopg.errors.AdminShutdown(), True),
        (psycopg.OperationalError("consuming input failed"), True),
        (psycopg.errors.LockNotAvailable(), False),
        (psycopg.errors.DeadlockDetected(), False),
        (PoolTimeout(), False),
    ],
)
def test_only_a_lost_line_is_a_reason(cause: Exception, is_lost: bool) -> None:
    assert is_line_lost(caused_by(cause)) is is_lost
