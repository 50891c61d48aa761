"""`/healthz` says within a second whether the region can be used."""

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from yilian.config.runtime import health
from yilian.config.runtime.testdb import urls_for

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _asked_for_the_first_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_latest", None)
    monkeypatch.setattr(health, "_seen", set())
    monkeypatch.setenv("YILIAN_DEMO", "0")


@contextmanager
def mute(folder: Path) -> Iterator[list[object]]:
    """Meanwhile the database takes calls and never says a word; the calls it had."""
    calls: list[object] = []
    with socket.socket(socket.AF_UNIX) as server, pytest.MonkeyPatch.context() as patch:
        server.bind(str(folder / ".s.PGSQL.5432"))
        server.listen()

        def take_calls() -> None:
            with suppress(OSError):
                while True:
                    calls.append(server.accept())

        threading.Thread(target=take_calls, daemon=True).start()
        patch.setitem(connection.settings_dict, "HOST", str(folder))
        patch.setitem(connection.settings_dict, "PORT", "5432")
        yield calls
        server.shutdown(socket.SHUT_RDWR)


def status() -> int:
    return int(Client().get("/healthz").status_code)


def until_ready() -> bool:
    give_up_at = time.monotonic() + 20  # the first look reads all migrations
    while not health.is_ready() and time.monotonic() < give_up_at:
        continue
    return health.is_ready()


def test_a_region_that_can_be_used_is_well_without_a_connection_of_the_pages() -> None:
    assert until_ready()
    with CaptureQueriesContext(connection) as asked:
        assert status() == 200
    assert not asked.captured_queries


def test_a_migration_that_is_missing_is_seen() -> None:
    name = connection.settings_dict["NAME"]
    with psycopg.connect(urls_for(name).owner, autocommit=True) as owner:
        [kept] = owner.execute(
            "DELETE FROM django_migrations WHERE id = ("
            "  SELECT max(id) FROM django_migrations WHERE app = 'audit')"
            " RETURNING app, name, applied"
        ).fetchall()
        try:
            assert not health.is_ready()
            time.sleep(0.1)
            assert status() == 503
        finally:
            owner.execute(
                "INSERT INTO django_migrations (app, name, applied)"
                " VALUES (%s, %s, %s)",
                kept,
            )
    assert until_ready()


def test_half_a_demo_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    assert until_ready()
    monkeypatch.setattr(health, "_latest", None)
    monkeypatch.setattr(health, "_seen", {"migrated"})
    monkeypatch.setenv("YILIAN_DEMO", "1")
    assert status() == 503


def test_a_database_that_hangs_is_said_within_a_second(tmp_path: Path) -> None:
    with mute(tmp_path):
        begun = time.monotonic()
        assert status() == 503
        assert time.monotonic() - begun < 1


def test_however_many_ask_the_database_is_asked_by_one(tmp_path: Path) -> None:
    with mute(tmp_path) as calls:
        begun = time.monotonic()
        with ThreadPoolExecutor(20) as many:
            answers = list(many.map(lambda _n: health.is_ready(), range(20)))
        assert answers == [False] * 20
        assert time.monotonic() - begun < 2
        assert len(calls) == 1
