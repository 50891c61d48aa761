"""What a database knows about itself: the migrations it has had, and its purpose.

Kept in the database and not beside it, so that a restored or exchanged database
never claims what belongs to another.
"""

import hashlib
import importlib.metadata
import os
from pathlib import Path
from typing import Final

import psycopg

from yilian.config.runtime.database import APP

PACKAGE: Final = Path(__file__).parents[2]

MIGRATIONS: Final = "migrations"
PROGRAM: Final = "program"  # the version that migrated last
PURPOSE: Final = "purpose"
BACKUP: Final = "backup"  # when the last one was finished, in ISO 8601
BACKUP_CHECKED: Final = "backup-checked"  # …and restored for a trial

WORK: Final = "work"
DEMO_BEGUN: Final = "demo-begun"
DEMO: Final = "demo"

_TABLE: Final = f"""
CREATE SCHEMA IF NOT EXISTS yilian_runtime;
CREATE TABLE IF NOT EXISTS yilian_runtime.fact (
    name text PRIMARY KEY, value text NOT NULL
);
GRANT USAGE ON SCHEMA yilian_runtime TO {APP};
GRANT SELECT ON yilian_runtime.fact TO {APP};
"""
_PUT: Final = """
INSERT INTO yilian_runtime.fact VALUES (%s, %s)
ON CONFLICT (name) DO UPDATE SET value = excluded.value
"""
GET: Final = "SELECT value FROM yilian_runtime.fact WHERE name = %s"


def put(owner_url: str, name: str, value: str) -> None:
    with psycopg.connect(owner_url) as connection:
        connection.execute(_TABLE)
        connection.execute(_PUT, [name, value])


def get(url: str, name: str) -> str | None:
    """None as well when the database is still empty."""
    with psycopg.connect(url) as connection:
        try:
            row = connection.execute(GET, [name]).fetchone()
        except (
            psycopg.errors.UndefinedTable,
            psycopg.errors.InvalidSchemaName,
            psycopg.errors.InsufficientPrivilege,
        ):
            return None
    return str(row[0]) if row else None


def migrations_digest() -> str:
    """Changes with every file and every package that can bring a migration."""
    digest = hashlib.sha256()
    for path in [*migration_files(), PACKAGE / "config" / "runtime" / "database.py"]:
        digest.update(os.fsencode(path.relative_to(PACKAGE)) + b"\0")
        digest.update(path.read_bytes())
    packages = {(d.name, d.version) for d in importlib.metadata.distributions()}
    digest.update(repr(sorted(packages)).encode())
    return digest.hexdigest()


def migration_files() -> list[Path]:
    found = PACKAGE.rglob("migrations/**/*")
    return sorted(path for path in found if path.suffix in {".py", ".sql"})
