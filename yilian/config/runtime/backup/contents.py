"""What a database holds, in numbers that another one can be compared with.

Counts, a digest of every table's rows whatever their order, and who may do what: a
restored database that lets the application change audit rows is not the same.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from psycopg import sql

# Rows are digested as text: both sides must write it alike.
_ALIKE: Final = (
    "SET LOCAL TimeZone = 'UTC'",
    "SET LOCAL DateStyle = 'ISO, YMD'",
    "SET LOCAL IntervalStyle = 'postgres'",
    "SET LOCAL extra_float_digits = 1",
    "SET LOCAL bytea_output = 'hex'",
)
_TABLES: Final = """
SELECT n.nspname, c.relname, pg_table_size(c.oid)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema')
    AND n.nspname NOT LIKE 'pg\\_%' AND NOT EXISTS (
        SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass
        AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY 1, 2
"""
_DIGEST: Final = """
SELECT count(*), coalesce(sum((
    'x' || encode(substring(sha256(convert_to(whole_row::text, 'UTF8')) for 8), 'hex')
)::bit(64)::bigint), 0)::text
FROM {} whole_row
"""
_WHO: Final = """CASE WHEN a.grantee = {owner} THEN 'owner' WHEN a.grantee = 0
    THEN 'public' ELSE a.grantee::regrole::text END || '=' || a.privilege_type"""
_RIGHTS: Final = f"""
WITH ours AS (
    SELECT oid FROM pg_namespace WHERE nspname IN ('public', 'yilian_runtime')),
said (what, rights) AS (
    SELECT c.oid::regclass::text, {_WHO.format(owner="c.relowner")}
    FROM pg_class c, aclexplode(coalesce(c.relacl, acldefault(
        CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", c.relowner))) a
    WHERE c.relkind IN ('r', 'v', 'm', 'S') AND c.relnamespace IN (SELECT * FROM ours)
    UNION ALL
    SELECT c.oid::regclass || '.' || t.attname, {_WHO.format(owner="c.relowner")}
    FROM pg_class c JOIN pg_attribute t ON t.attrelid = c.oid, aclexplode(t.attacl) a
    WHERE c.relnamespace IN (SELECT * FROM ours)
    UNION ALL
    SELECT p.oid::regprocedure::text, {_WHO.format(owner="p.proowner")}
        || CASE WHEN p.prosecdef THEN ' as owner' ELSE '' END
    FROM pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
    WHERE p.pronamespace IN (SELECT * FROM ours) AND NOT EXISTS (
        SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass
        AND d.objid = p.oid AND d.deptype = 'e')
    UNION ALL
    SELECT c.oid::regclass::text, 'row security ' || c.relforcerowsecurity
    FROM pg_class c WHERE c.relrowsecurity
    UNION ALL
    SELECT format('%I.%I', schemaname, tablename), 'policy ' || policyname || ' '
        || cmd || ' ' || coalesce(qual, '') || ' ' || coalesce(with_check, '')
    FROM pg_policies)
SELECT what, string_agg(rights, ', ' ORDER BY rights) FROM said GROUP BY what
"""  # noqa: S608 parts of our own
Tell = Callable[[float, str], None]


@dataclass(frozen=True, slots=True)
class Table:
    schema: str
    name: str
    size: int

    @property
    def full_name(self) -> str:
        return f"{self.schema}.{self.name}"


def tables(connection: psycopg.Connection) -> list[Table]:
    return [Table(*row) for row in connection.execute(_TABLES).fetchall()]


def contents(connection: psycopg.Connection, tell: Tell) -> dict[str, Any]:
    """Inside the caller's transaction, so that it fits the dump beside it."""
    for setting in _ALIKE:
        connection.execute(setting)  # writes: only this transaction's settings
    found: dict[str, list[Any]] = {}
    known = tables(connection)
    total, done = sum(table.size for table in known) or 1, 0
    for table in known:
        name = sql.Identifier(table.schema, table.name)
        row = connection.execute(sql.SQL(_DIGEST).format(name)).fetchone()
        found[table.full_name] = list(row or ())
        done += table.size
        tell(100 * done / total, table.full_name)
    return {"tables": found, "rights": rights(connection)}


def rights(connection: psycopg.Connection) -> dict[str, str]:
    return {str(what): str(said) for what, said in connection.execute(_RIGHTS)}


def differences(
    expected: Mapping[str, Any], found: Mapping[str, Any]
) -> list[tuple[str, str]]:
    """Of which table, and what: rows, contents or rights."""
    return [
        *_compare(expected["tables"], found["tables"], "rows or contents"),
        *_compare(expected["rights"], found["rights"], "rights"),
    ]


def _compare(
    expected: Mapping[str, Any], found: Mapping[str, Any], what: str
) -> list[tuple[str, str]]:
    names = sorted({*expected, *found})
    return [(name, what) for name in names if expected.get(name) != found.get(name)]
