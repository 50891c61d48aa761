"""`pg_dump` and `pg_restore`: which ones, and how they reach the database.

A dump is made by a program at least as new as the server; ours carries no TLS, so
for an ordinary PostgreSQL the system's own are taken first. Addresses go through the
environment: a command line shows passwords to everybody on the machine.
"""

import os
import re
import shutil
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Final

from psycopg import conninfo

from yilian.config.runtime import binaries
from yilian.config.runtime.trouble import CannotStart

_VARIABLES: Final = {
    "host": "PGHOST",
    "hostaddr": "PGHOSTADDR",
    "port": "PGPORT",
    "dbname": "PGDATABASE",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "options": "PGOPTIONS",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "connect_timeout": "PGCONNECT_TIMEOUT",
    "target_session_attrs": "PGTARGETSESSIONATTRS",
}


def find(program: str, *, server_version: int, embedded: bool) -> Path:
    """`server_version` is the major one."""
    named = os.environ.get("YILIAN_PG_BIN")
    ours = binaries.usable()
    folders = [Path(named)] if named else [*_systems(), ours]
    for folder in [ours] if embedded else folders:
        path = folder / program
        if path.exists() and _version(path) >= server_version:
            return path
    raise CannotStart(
        f"找不到能用于 PostgreSQL {server_version} 的 {program}。"
        f"请安装 postgresql-client-{server_version}，"
        "或用 YILIAN_PG_BIN 指定其所在文件夹。",
        f"No {program} for PostgreSQL {server_version} was found. Install "
        f"postgresql-client-{server_version}, or name its folder in YILIAN_PG_BIN.",
    )


def environment(url: str) -> dict[str, str]:
    """For one child process; it inherits nothing else that says where to go."""
    told = {k: v for k, v in os.environ.items() if not k.startswith("PG")}
    for name, value in conninfo.conninfo_to_dict(url).items():
        if name in _VARIABLES and value is not None:
            told[_VARIABLES[name]] = str(value)
    return {**told, "LC_ALL": "C.UTF-8", "PGCLIENTENCODING": "UTF8"}


class Heard(threading.Thread):
    """What a tool says, listened to beside us so that it never waits."""

    def __init__(
        self,
        pipe: IO[bytes] | None,
        hear: Callable[[str], None] | None = None,
        *,
        keep: int = 20,
    ) -> None:
        super().__init__(daemon=True)
        self.pipe, self.hear = pipe, hear
        self.lines: deque[str] = deque(maxlen=keep)
        self.start()

    def run(self) -> None:
        for line in self.pipe or ():
            text = line.decode(errors="replace").rstrip()
            self.lines.append(text)
            if self.hear:
                with suppress(OSError):  # nobody reads our progress any more
                    self.hear(text)

    @property
    def last(self) -> str:
        errors = [line for line in self.lines if "error" in line.lower()]
        return (errors or [*self.lines] or ["–"])[-1]


def _systems() -> Iterator[Path]:
    debian = Path("/usr/lib/postgresql").glob("*/bin")
    yield from sorted(debian, key=lambda folder: int(folder.parent.name))
    on_path = shutil.which("pg_dump")
    if on_path:
        yield Path(on_path).parent


def _version(path: Path) -> int:
    told = subprocess.run(  # noqa: S603 a path of ours
        [path, "--version"], capture_output=True, text=True, check=False
    )
    found = re.search(r"\) (\d+)", told.stdout)
    return int(found[1]) if found else 0
