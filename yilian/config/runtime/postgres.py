"""Our own small launcher for an embedded PostgreSQL server.

It believes a connection and not a pid file, holds a lock around everything that
starts or stops, listens on a Unix socket in a folder closed to others, and can
be called again after any kind of death.
"""

import hashlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import quote

import psycopg

from yilian.config.runtime import binaries
from yilian.config.runtime.locks import locked
from yilian.config.runtime.trouble import CannotStart

PORT: Final = 5432  # only part of the socket's name
SUPERUSER: Final = "postgres"
LOCALE: Final = "C.UTF-8"  # with C, trigram search finds no Chinese at all
INITIALISE: Final = (  # trust reaches only as far as the closed socket folder
    *("--username", SUPERUSER, "--auth", "trust", "--no-instructions"),
    *("--encoding", "UTF8", "--locale", LOCALE),
)
PATIENCE: Final = 120.0  # recovery after a crash replays the log first
PROC: Final = Path("/proc")
BIG_LOG: Final = 10_000_000

SETTINGS: Final[Mapping[str, str]] = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "128MB",
    "effective_cache_size": "1GB",
    "random_page_cost": "1.1",
    "max_wal_size": "2GB",
    "synchronous_commit": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    # No statement and no value of a row may reach the log: they name people.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}


@dataclass(frozen=True, slots=True)
class Cluster:
    """One database cluster on disk; `folder` is PostgreSQL's own."""

    folder: Path
    log: Path
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def socket_folder(self) -> Path:
        name = hashlib.sha256(os.fsencode(self.folder.resolve())).hexdigest()[:12]
        return binaries.private_folder() / f"s-{name}"

    def url(self, user: str, database: str) -> str:
        host = quote(str(self.socket_folder), safe="")
        return f"postgresql://{user}@/{database}?host={host}&port={PORT}"

    def start(self) -> None:
        """Returns once the server answers, whoever started it."""
        with locked(self._lock):
            self._start()

    def stop(self) -> None:
        """Returns once no process of the server is left."""
        with locked(self._lock):
            self._send(signal.SIGINT)
            if not self._gone_within(30):
                self._send(signal.SIGQUIT)
                self._gone_within(10)
            shutil.rmtree(self.socket_folder, ignore_errors=True)

    def wipe(self) -> None:
        """Throw the whole cluster away; for tests' servers only."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def answers(self) -> bool:
        return self._refusal() is None

    def _refusal(self) -> str | None:
        """What the server says to a caller, or None when it lets us in."""
        try:
            psycopg.connect(self.url(SUPERUSER, "postgres"), connect_timeout=5).close()
        except psycopg.OperationalError as error:
            return str(error)
        return None

    def is_alive(self) -> bool:
        """Cheaper than a connection, for watching."""
        if not PROC.exists():
            return bool(self._pid_if_alive())
        return self._lives_here(PROC / str(self._pid()))

    @property
    def _lock(self) -> Path:
        return self.folder.with_name(f"{self.folder.name}.lock")

    def _start(self) -> None:
        process: subprocess.Popen[bytes] | None = None
        give_up_at = time.monotonic() + PATIENCE
        while (refusal := self._refusal()) is not None:
            if NO_SPACE in refusal:
                raise explain_log(refusal)
            if process is None and not self._inhabitants():
                process = self._launch()
            if process is not None and process.poll() is not None:
                raise self._failure()
            if time.monotonic() > give_up_at:
                raise self._failure()
            time.sleep(0.03)

    def _launch(self) -> subprocess.Popen[bytes]:
        home = binaries.usable()
        if not (self.folder / "PG_VERSION").exists():
            self._initialise(home)
        self._check_version(home)
        self._clear_traces()
        if self.log.exists() and self.log.stat().st_size > BIG_LOG:
            self.log.replace(self.log.with_suffix(".old"))
        self.log.touch(mode=0o600)
        with self.log.open("ab") as log:
            return subprocess.Popen(  # noqa: S603 binaries of ours
                [home / "postgres", "-D", self._inside(), *self._options(home)],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C must not reach it before us
                **binaries.as_server(),
            )

    def _inside(self) -> str:
        """The folder's name for the server, which is given it as working folder.

        Root's `nobody` may live inside a folder whose parents it cannot pass; a
        process can always name where it already stands.
        """
        return "/proc/self/cwd" if binaries.server_account() else str(self.folder)

    def _options(self, home: Path) -> Iterator[str]:
        settings = {**SETTINGS, **self.settings}
        settings["unix_socket_directories"] = str(self._open_socket_folder())
        settings["port"] = str(PORT)
        if any(home.parent.glob("lib/**/pg_stat_statements.so")):
            settings["shared_preload_libraries"] = "pg_stat_statements"
        for name, value in settings.items():
            yield from ("-c", f"{name}={value}")

    def _open_socket_folder(self) -> Path:
        folder = self.socket_folder
        shutil.rmtree(folder, ignore_errors=True)  # traces of a server that is gone
        folder.mkdir(mode=0o700)
        binaries.give_to_server(folder)
        return folder

    def _initialise(self, home: Path) -> None:
        """Made beside its place and then moved, so that no half is ever used."""
        half = self.folder.with_name(f"{self.folder.name}.new")
        shutil.rmtree(half, ignore_errors=True)
        half.mkdir(parents=True, mode=0o700)
        binaries.give_to_server(half)
        inside = "/proc/self/cwd" if binaries.server_account() else str(half)
        made = subprocess.run(  # noqa: S603 binaries of ours
            [home / "initdb", "-D", inside, *INITIALISE],
            cwd=half,
            capture_output=True,
            text=True,
            check=False,
            **binaries.as_server(),
        )
        if made.returncode != 0:
            shutil.rmtree(half, ignore_errors=True)
            raise explain_log(made.stderr or made.stdout)
        half.rename(self.folder)

    def _check_version(self, home: Path) -> None:
        on_disk = (self.folder / "PG_VERSION").read_text().strip()
        binary = binaries.version(home)
        if on_disk != str(binary):
            raise CannotStart(
                f"数据库文件由 PostgreSQL {on_disk} 建立，现有程序为 {binary}。"
                "请用 YILIAN_PG_BIN 指定同一版本的程序目录。",
                f"The database files were made by PostgreSQL {on_disk}, the program "
                f"is {binary}. Name a bin folder of that version in YILIAN_PG_BIN.",
            )

    def _inhabitants(self) -> list[int]:
        """The server's processes: all of them stand in the data folder.

        Children of a killed server linger for a moment, and a new server must
        not start beside them.
        """
        if not PROC.exists():
            return self._pid_if_alive()
        entries = (entry for entry in PROC.iterdir() if entry.name.isdecimal())
        return [int(entry.name) for entry in entries if self._lives_here(entry)]

    def _lives_here(self, entry: Path) -> bool:
        try:
            comm = (entry / "comm").read_text().strip()
            return comm == "postgres" and (entry / "cwd").samefile(self.folder)
        except OSError:  # gone meanwhile, a zombie, or somebody else's
            return False

    def _pid_if_alive(self) -> list[int]:
        pid = self._pid()
        try:
            if pid is not None:
                os.kill(pid, 0)
                return [pid]
        except OSError:
            pass
        return []

    def _pid(self) -> int | None:
        try:
            return int((self.folder / "postmaster.pid").read_text().split("\n")[0])
        except (OSError, ValueError):
            return None

    def _clear_traces(self) -> None:
        """Called when no process of the server lives: the number in the pid file
        may by now be somebody else's, which would stop the server for ever."""
        (self.folder / "postmaster.pid").unlink(missing_ok=True)

    def _send(self, number: signal.Signals) -> None:
        pid = self._pid()
        if pid is not None and pid in self._inhabitants():
            os.kill(pid, number)

    def _gone_within(self, seconds: float) -> bool:
        give_up_at = time.monotonic() + seconds
        while self._inhabitants():
            if time.monotonic() > give_up_at:
                return False
            time.sleep(0.03)
        return True

    def _failure(self) -> CannotStart:
        try:
            return explain_log(self.log.read_text(errors="replace")[-4000:])
        except OSError:
            return explain_log("")


NO_SPACE: Final = "No space left on device"
REASONS: Final[tuple[tuple[str, str, str], ...]] = (
    (
        NO_SPACE,
        "磁盘已满，数据库无法启动。请腾出空间后重试。",
        "The disk is full, so the database cannot start. Free some space and retry.",
    ),
    (
        "invalid locale",
        f"本机没有 {LOCALE} 语言环境，中文检索将失效。请安装 locales 后重试。",
        f"This machine has no {LOCALE} locale, and without it Chinese search fails. "
        "Install locales and retry.",
    ),
    (
        "could not look up effective user ID",
        "当前用户编号在本机没有登记，数据库拒绝运行。请换一个已登记的用户，"
        "或设置 DATABASE_URL。",
        "This user number is not known to the machine, and the database refuses it. "
        "Run as a known user, or set DATABASE_URL.",
    ),
    (
        "could not map anonymous shared memory",
        "内存不足，数据库无法启动。请关闭其他程序后重试。",
        "There is too little memory for the database. Close other programs and retry.",
    ),
    (
        "Permission denied",
        "数据库没有读写数据文件夹的权限。请检查该文件夹的属主和权限。",
        "The database may not use its data folder. Check its owner and rights.",
    ),
)


def explain_log(text: str) -> CannotStart:
    for sign, chinese, english in REASONS:
        if sign in text:
            return CannotStart(chinese, english)
    lines = [line for line in text.splitlines() if line.strip()] or ["–"]
    fatal = [line for line in lines if "FATAL" in line or "error" in line]
    said = (fatal or lines)[-1].strip()
    return CannotStart(
        f"数据库未能启动。数据库日志：{said}",
        f"The database did not start. Its log says: {said}",
    )
