"""Everything that is looked at, in the order it is told."""

import os
from collections.abc import Iterator

import psycopg

from yilian.config.runtime.doctor import (
    data,
    deployment,
    ledger,
    machine,
    settlements,
    work,
)
from yilian.config.runtime.doctor.findings import Finding, Level
from yilian.config.runtime.environment import entered
from yilian.config.runtime.folder import DataFolder
from yilian.config.runtime.trouble import CannotStart


def examine(port: int) -> list[Finding]:
    folder = DataFolder.named()
    return [
        *machine.examine(folder, port),
        *deployment.examine(),
        *_database(folder),
    ]


def _database(folder: DataFolder) -> Iterator[Finding]:
    key, subject = "database", "数据库 database"
    if not os.environ.get("DATABASE_URL") and not folder.cluster.folder.exists():
        advice = "yilian up 会建立它。 yilian up makes it."
        yield Finding(key, Level.WARN, subject, "还没有 absent", advice)
        return
    try:
        with entered(folder) as place:
            yield from [check(place) for check in data.CHECKS]
            yield ledger.check(place)
            yield settlements.check(place)
            yield from work.examine(place)
    except (CannotStart, psycopg.Error) as error:
        said = error.args[0] if isinstance(error, CannotStart) else type(error).__name__
        yield Finding(key, Level.FAIL, subject, str(said).replace("\n", " "))
