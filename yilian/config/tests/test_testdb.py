"""Test databases: one template however many ask, and a copy that is one's own."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import psycopg
import pytest

from yilian.config.runtime import testdb


@pytest.fixture
def name() -> Iterator[str]:
    name = f"yilian_test_of_testdb_{uuid4().hex[:12]}"
    yield name
    testdb.drop(name)
    testdb.drop(f"{name}_copy")


def _fill(database: str) -> None:
    with psycopg.connect(testdb.urls_for(database).owner) as connection:
        connection.execute("CREATE TABLE place AS SELECT '吴忠' AS name")


def test_many_processes_build_one_template(name: str) -> None:
    built: list[str] = []
    gate = threading.Barrier(4)

    def build(half: str) -> None:
        built.append(half)
        _fill(half)

    def ask() -> None:
        gate.wait()
        testdb.ensure_template(name, build)

    with ThreadPoolExecutor(4) as askers:
        for done in [askers.submit(ask) for _ in range(4)]:
            done.result()
    assert len(built) == 1


def test_a_copy_has_the_rows_and_is_served_to_the_app(name: str) -> None:
    testdb.ensure_template(name, _fill)
    urls = testdb.clone(name, f"{name}_copy")
    with psycopg.connect(urls.app) as app:
        assert app.execute("SELECT name FROM place").fetchone() == ("吴忠",)


def test_a_template_that_failed_is_built_anew(name: str) -> None:
    def fail(half: str) -> None:
        _fill(half)
        raise InterruptedError

    with pytest.raises(InterruptedError):
        testdb.ensure_template(name, fail)
    testdb.ensure_template(name, _fill)
    testdb.clone(name, f"{name}_copy")
