"""The doctor looks into the books between institutions."""

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from yilian.config.runtime import testdb
from yilian.config.runtime.doctor import ledger
from yilian.config.runtime.doctor.findings import Level
from yilian.config.runtime.environment import Place
from yilian.config.runtime.folder import DataFolder

WITHOUT_KEYS = """
DO $$ DECLARE name text; BEGIN
    FOR name IN SELECT conname FROM pg_constraint
        WHERE conrelid = 'clearing_entry'::regclass AND contype = 'f'
    LOOP EXECUTE format('ALTER TABLE clearing_entry DROP CONSTRAINT %I', name);
    END LOOP;
END $$
"""
NAME = f"yilian_test_{os.getpid()}_ledger"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    urls = testdb.clone(testdb.migrated_template(), NAME)
    yield Place(DataFolder(tmp_path / "data"), urls, embedded=False)
    testdb.drop(NAME)


def do(place: Place, *statements: str) -> None:
    with psycopg.connect(place.urls.owner, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def test_empty_books_are_well(place: Place) -> None:
    assert ledger.check(place).level is Level.OK


def test_a_guard_that_was_taken_away_is_missed(place: Place) -> None:
    do(place, "ALTER TABLE clearing_posting DISABLE TRIGGER posting_balances")
    found = ledger.check(place)
    assert found.level is Level.FAIL
    assert "1" in found.found


def test_an_entry_that_lost_its_legs_is_found(place: Place) -> None:
    """As an owner could, past every guard."""
    do(
        place,
        "ALTER TABLE clearing_entry DISABLE TRIGGER USER",
        WITHOUT_KEYS,
        "INSERT INTO clearing_entry (id, consortium_id, period, one_id, other_id, kind,"
        " event_kind, event_id, happened_on, text, clause, item_code, one_owes,"
        " other_owes, legs) SELECT gen_random_uuid(), gen_random_uuid(), '2026-01-01',"
        " uuid_nil, gen_random_uuid(), 'service', 'x', gen_random_uuid(), '2026-01-01',"
        " '', 'RI-11', '', 1, 0, 4 FROM (SELECT lpad('', 32, '0')::uuid AS uuid_nil) n",
        "ALTER TABLE clearing_entry ENABLE TRIGGER USER",
    )
    found = ledger.check(place)
    assert found.level is Level.FAIL
    assert "1 笔" in found.found


def test_what_is_not_migrated_is_no_fault_of_the_books(place: Place) -> None:
    do(place, "ALTER TABLE clearing_entry RENAME TO clearing_gone")
    assert ledger.check(place).level is Level.OK
