"""Whether the region can be used: what `GET /healthz` says.

The one file of this folder that needs Django, because the pages call it.
"""

import os
from collections.abc import Callable

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from yilian.config.runtime import facts

# What was once true of this database stays true while this process lives.
_seen: set[str] = set()


def is_ready() -> bool:
    """The database answers, nothing waits to be migrated, the demo is complete."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return _once("migrated", _is_migrated) and _once("built", _is_built)
    except DatabaseError:
        return False


def _once(name: str, check: Callable[[], bool]) -> bool:
    if name not in _seen and check():
        _seen.add(name)
    return name in _seen


def _is_migrated() -> bool:
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def _is_built() -> bool:
    if os.environ.get("YILIAN_DEMO") != "1":
        return True
    with connection.cursor() as cursor:
        cursor.execute(facts.GET, [facts.PURPOSE])
        return bool(cursor.fetchone() == (facts.DEMO,))
