"""The doctor looks into the settlements."""

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from yilian.config.runtime import testdb
from yilian.config.runtime.doctor import settlements
from yilian.config.runtime.doctor.findings import Level
from yilian.config.runtime.environment import Place
from yilian.config.runtime.folder import DataFolder

NAME = f"yilian_test_{os.getpid()}_settled"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    urls = testdb.clone(testdb.migrated_template(), NAME)
    yield Place(DataFolder(tmp_path / "data"), urls, embedded=False)
    testdb.drop(NAME)


def _do(place: Place, statement: str) -> None:
    with psycopg.connect(place.urls.owner, autocommit=True) as connection:
        connection.execute(statement)


def test_nothing_settled_is_well(place: Place) -> None:
    assert settlements.check(place).level is Level.OK


@pytest.mark.parametrize(
    "right",
    ["UPDATE ON settlement_settlement", "UPDATE (total) ON settlement_bill"],
)
def test_a_right_to_change_money_is_found(right: str, place: Place) -> None:
    _do(place, f"GRANT {right} TO yilian_app")
    found = settlements.check(place)
    assert (found.level, "changeable" in found.found) == (Level.FAIL, True)


def test_a_red_entry_that_does_not_cancel_out_is_found(place: Place) -> None:
    """As an owner could, past every guard."""
    _do(
        place,
        """
        DO $$ DECLARE name text; BEGIN
            FOR name IN SELECT conname FROM pg_constraint
                WHERE conrelid = 'settlement_settlement'::regclass
                  AND contype IN ('f', 'c')
            LOOP EXECUTE format(
                'ALTER TABLE settlement_settlement DROP CONSTRAINT %I', name);
            END LOOP;
            FOR name IN SELECT attname FROM pg_attribute
                WHERE attrelid = 'settlement_settlement'::regclass
                  AND attnum > 0 AND attname NOT IN ('person_id', 'id')
            LOOP EXECUTE format('ALTER TABLE settlement_settlement'
                ' ALTER COLUMN %I DROP NOT NULL', name);
            END LOOP;
            INSERT INTO settlement_settlement (person_id, id, entry, total, reverses)
            VALUES (gen_random_uuid(), gen_random_uuid(), 'reversal', -1,
                    gen_random_uuid());
        END $$
        """,
    )
    found = settlements.check(place)
    assert (found.level, found.found[0]) == (Level.FAIL, "1")
