"""How many rows a page reads: each statement it sends is explained as it runs.

Rows that a scan gave on and rows that it threw away count alike, and so do the pages
of memory it went through: an index walked from end to end shows only there.
"""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import psycopg
from django.db import connection
from django.db.models import Model

from yilian.config.runtime import testdb

_REMOVED: Final = ("Rows Removed by Filter", "Rows Removed by Index Recheck")
_ASKS: Final = ("SELECT", "WITH", "(SELECT")


@dataclass(frozen=True, slots=True)
class Plan:
    """One statement: rows read, pages of memory touched, whole tables read."""

    sql: str
    rows: int
    blocks: int
    read_whole: tuple[str, ...]

    def __str__(self) -> str:
        whole = f", all of {', '.join(self.read_whole)}" if self.read_whole else ""
        return f"{self.rows} rows, {self.blocks} blocks{whole}: {self.sql[:2000]}"


@contextmanager
def explained() -> Iterator[list[Plan]]:
    """The plans of all that is asked inside, in their order."""
    plans: list[Plan] = []

    def explain(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if not many and sql.lstrip().upper().startswith(_ASKS):
            asked = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}"
            execute(asked, params, many, context)
            [[found]] = context["cursor"].fetchall()
            plans.append(_plan(sql, found))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explain):
        yield plans


def rows_read(act: Callable[[], Any]) -> list[Plan]:
    """Twice: what is composed once, or remembered, is not the page's doing."""
    act()
    with explained() as plans:
        act()
    return plans


def stay_bounded(
    before: Sequence[Plan], after: Sequence[Plan], *, most: int
) -> list[str]:
    """What is wrong with the plans of a page, measured before and after its tables
    have grown fourfold; `most` is what one statement may read."""
    wrong = [f"reads too much: {plan}" for plan in after if plan.rows > most]
    grown = sum(p.rows for p in after) - sum(p.rows for p in before)
    if grown > most // 2:
        wrong.append(f"reads {grown} rows more, where its tables have grown")
    blocks = sum(p.blocks for p in before), sum(p.blocks for p in after)
    if blocks[1] > 2 * blocks[0] + most:
        largest = max(after, key=lambda plan: plan.blocks)
        wrong.append(f"goes through more memory, {blocks[0]} → {blocks[1]}: {largest}")
    return wrong


def analyse(*tables: str) -> None:
    """What is committed is counted, as the server's own housekeeping would."""
    urls = testdb.urls_for(os.environ["YILIAN_TEST_DATABASE"])
    with psycopg.connect(urls.owner, autocommit=True) as owner:
        owner.execute(f"VACUUM ANALYZE {', '.join(tables)}")


def copies(model: type[Model], like: UUID | None, numbers: range, **said: str) -> None:
    """Copies of a row by the database itself; `said` is the SQL of what differs, in
    which `g` is the number of the copy."""
    table = connection.ops.quote_name(model._meta.db_table)
    columns = [str(field.column) for field in model._meta.concrete_fields]
    quoted = [connection.ops.quote_name(column) for column in columns]
    values = [
        said.get(column, f"t.{name}")
        for column, name in zip(columns, quoted, strict=True)
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(quoted)})"  # noqa: S608
            f" SELECT {', '.join(values)} FROM {table} t,"
            " generate_series(%s::int, %s::int) g WHERE t.id = %s",
            [numbers.start, numbers.stop - 1, like],
        )


def _plan(sql: str, found: Any) -> Plan:
    told = found if isinstance(found, list) else json.loads(found)
    nodes = list(_nodes(told[0]["Plan"]))
    scans = [node for node in nodes if "Relation Name" in node]
    top = told[0]["Plan"]
    return Plan(
        sql=sql,
        rows=sum(_read(node) for node in scans),
        blocks=top.get("Shared Hit Blocks", 0) + top.get("Shared Read Blocks", 0),
        read_whole=tuple(
            node["Relation Name"] for node in scans if node["Node Type"] == "Seq Scan"
        ),
    )


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for inner in node.get("Plans", ()):
        yield from _nodes(inner)


def _read(node: dict[str, Any]) -> int:
    rows = node["Actual Rows"] + sum(node.get(name, 0) for name in _REMOVED)
    return int(rows * node["Actual Loops"])
