"""With many rows no search reads the whole table."""

import json
import os
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import psycopg
import pytest

from yilian.config.runtime import testdb
from yilian.foundation.access.actor import system_actor
from yilian.kernel.ids import NIL, new_id
from yilian.record.rules.asking import read_query
from yilian.record.services.writing import Incoming, put_many
from yilian.record.tests import examples

ROWS, PERSONS = 51_000, 300
CLOCK = system_actor("test")


@pytest.fixture
def one_person(transactional_db: None) -> str:
    """Many resources, committed and counted; the id of one person among them."""
    persons = [new_id() for _number in range(PERSONS)]
    put_many(CLOCK, islice(_rows(persons), ROWS))
    with _as_owner() as owner:
        owner.execute("ANALYZE record_resource, record_locator")
    return str(persons[7])


def _rows(persons: list[Any]) -> Iterator[Incoming]:
    for number in range(ROWS):
        person_id = persons[number % PERSONS]
        if number % 50 == 0:
            house = examples.organization(f"第{number}卫生院")
            yield Incoming(house, NIL)
            continue
        reading = examples.observation(person_id)
        reading["encounter"] = {"reference": f"Encounter/e{number // 10}"}
        reading["identifier"] = [{"system": "urn:lab", "value": str(number)}]
        yield Incoming(reading, person_id)


def _as_owner() -> psycopg.Connection:
    urls = testdb.urls_for(os.environ["YILIAN_TEST_DATABASE"])
    return psycopg.connect(urls.owner, autocommit=True)


def test_no_search_reads_the_whole_table(one_person: str) -> None:
    searches = [
        ("Observation", [("patient", one_person)]),
        ("Observation", [("patient", one_person), ("code", "15074-8")]),
        ("Observation", [("patient", one_person), ("date", "ge2026-01-01")]),
        ("Observation", [("encounter", "e77")]),
        ("Observation", [("identifier", "urn:lab|4711")]),
        ("Observation", [("_id", str(new_id()))]),
        ("Organization", []),
        ("Organization", [("name", "第150卫生")]),
        ("Organization", [("_lastUpdated", "ge2020-01-01")]),
    ]
    with _as_owner() as owner:
        for type_name, pairs in searches:
            plan = _plan(owner, type_name, pairs)
            assert "Seq Scan" not in plan, (pairs, plan)
            assert "Index" in plan


def test_what_a_page_asks_of_one_person_reads_no_more_than_that(
    one_person: str,
) -> None:
    """The statement that stands in `record_search` itself: pages of memory."""
    with _as_owner() as owner:
        owner.execute("SELECT set_config('yilian.reach', 'system', false)")
        whole = _one(owner, "SELECT pg_relation_size('record_resource') / 8192")
        for types in ("{Observation}", "{Encounter,ServiceRequest,Observation}"):
            [told] = _one(
                owner,
                "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON)"
                " SELECT * FROM record_search(%s::text[], %s, %s::jsonb, 100)",
                [types, one_person, json.dumps({"newest_first": True})],
            )
            plan = told["Plan"]
            assert plan["Actual Rows"] == 100
            assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] < whole / 5


def _one(owner: psycopg.Connection, asked: str, told: Sequence[Any] = ()) -> Any:
    row = owner.execute(asked, told).fetchone()
    assert row is not None
    return row[0]


def _plan(
    owner: psycopg.Connection, type_name: str, pairs: list[tuple[str, str]]
) -> str:
    asked = read_query(type_name, pairs)
    row = owner.execute(
        "SELECT record_search_sql(%s, %s, %s::jsonb, 21)",
        [[type_name], asked.person_id, json.dumps(asked.as_json())],
    ).fetchone()
    assert row is not None
    lines = owner.execute("EXPLAIN " + row[0]).fetchall()
    return "\n".join(line for (line,) in lines)
