"""Whether the region can be used: what `GET /healthz` says.

The one file of this folder that needs Django, because the pages call it. It asks
over a connection of its own, in a thread of its own: whoever wants to know waits
for at most `PATIENCE`, whatever the database does, and however many ask, it is
asked by one at a time.
"""

import os
import threading
import time
from collections.abc import Callable
from typing import Any, Final

import psycopg
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from yilian.config.runtime import facts

PATIENCE: Final = 0.8  # an answer within a second
FRESH: Final = 0.5  # so long a good answer holds
NAMES: Final = ("host", "port", "dbname", "user", "password", "sslmode", "sslrootcert")

Check = Callable[["psycopg.Connection[Any]"], bool]
# What was once true of this database stays true while this process lives.
_seen: set[str] = set()
_asking = threading.Lock()
_latest: "_Question | None" = None


def is_ready() -> bool:
    """The database answers, nothing waits to be migrated, the demo is complete."""
    question = _question()
    question.join(PATIENCE)
    return question.is_good


class _Question(threading.Thread):
    """Asks once; one that never gets an answer holds up nobody."""

    def __init__(self) -> None:
        super().__init__(daemon=True, name="health")
        self.begun_at = time.monotonic()
        self.is_good = False

    @property
    def is_still_good(self) -> bool:
        return self.is_good and time.monotonic() < self.begun_at + FRESH

    def run(self) -> None:
        try:
            with psycopg.connect(**address("yilian health")) as line:
                line.execute("SELECT 1")
                self.is_good = _once("migrated", _is_migrated, line) and _once(
                    "built", _is_built, line
                )
        except psycopg.Error:
            self.is_good = False


def _question() -> _Question:
    global _latest
    with _asking:
        if _latest is None or not (_latest.is_alive() or _latest.is_still_good):
            _latest = _Question()
            _latest.start()
        return _latest


def address(who: str) -> dict[str, Any]:
    """Of a connection that is not one of the pages' own."""
    params: dict[str, Any] = connection.get_connection_params()
    known = {name: params[name] for name in NAMES if params.get(name)}
    return known | {"connect_timeout": 2, "application_name": who}


def _once(name: str, check: Check, line: "psycopg.Connection[Any]") -> bool:
    if name not in _seen and check(line):
        _seen.add(name)
    return name in _seen


def _is_migrated(line: "psycopg.Connection[Any]") -> bool:
    applied = line.execute("SELECT app, name FROM django_migrations").fetchall()
    graph = MigrationLoader(None, ignore_no_migrations=True).graph
    return set(graph.leaf_nodes()) <= set(applied)


def _is_built(line: "psycopg.Connection[Any]") -> bool:
    if os.environ.get("YILIAN_DEMO") != "1":
        return True
    return line.execute(facts.GET, [facts.PURPOSE]).fetchone() == (facts.DEMO,)
