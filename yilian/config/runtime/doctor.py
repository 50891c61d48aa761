"""`yilian doctor`: what is well, what is not, and what to do about it."""

import locale
import os
import shutil
import socket
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from importlib import import_module
from typing import Final

import psycopg

from yilian.config.runtime import database, migration
from yilian.config.runtime.environment import Place, entered
from yilian.config.runtime.folder import KEYS, NEEDED_BYTES, DataFolder
from yilian.config.runtime.locks import try_exclusive
from yilian.config.runtime.trouble import CannotStart

PYTHON: Final = (3, 11)
ROOMY: Final = 5_000_000_000
ANYBODY: Final = stat.S_IRWXG | stat.S_IRWXO

AUDIT_CHANGEABLE: Final = """
WITH audit AS (
    SELECT tablename, format('%%I.%%I', schemaname, tablename) AS full_name
    FROM pg_tables WHERE schemaname = 'public' AND tablename LIKE 'audit\\_%%')
SELECT tablename FROM audit
WHERE has_table_privilege(%(role)s, full_name, 'UPDATE')
    OR has_table_privilege(%(role)s, full_name, 'DELETE')
"""


class Level(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    level: Level
    subject: str
    found: str
    advice: str = ""


def examine(port: int) -> list[Finding]:
    folder = DataFolder.named()
    return [
        _python(),
        _locale(),
        _disk(folder),
        *_folder(folder),
        *_ports(folder, port),
        _holidays(date.today()),  # noqa: DTZ011 the machine's own day
        *_database(folder),
    ]


def table(findings: Sequence[Finding]) -> Iterator[str]:
    for finding in findings:
        yield f"[{finding.level:4}] {finding.subject}: {finding.found}"
        if finding.advice:
            yield f"       → {finding.advice}"


def exit_code(findings: Sequence[Finding]) -> int:
    return 1 if any(finding.level is Level.FAIL for finding in findings) else 0


def _judge(
    is_well: bool, subject: str, found: str, advice: str, otherwise: Level = Level.FAIL
) -> Finding:
    if is_well:
        return Finding(Level.OK, subject, found)
    return Finding(otherwise, subject, found, advice)


def _python() -> Finding:
    return _judge(
        sys.version_info >= PYTHON,
        "Python",
        sys.version.split()[0],
        "请安装 Python 3.11 或更高版本。 Install Python 3.11 or newer.",
    )


def _locale() -> Finding:
    known = True
    try:
        locale.setlocale(locale.LC_CTYPE, "C.UTF-8")
    except locale.Error:
        known = False
    return _judge(
        known,
        "语言环境 locale",
        "C.UTF-8" if known else "没有 C.UTF-8",
        "请安装 locales（libc-bin）。 Install locales (libc-bin).",
    )


def _disk(folder: DataFolder) -> Finding:
    place = next(p for p in (folder.path, *folder.path.parents) if p.exists())
    free = shutil.disk_usage(place).free
    return _judge(
        free >= ROOMY,
        "磁盘 disk",
        f"剩余 {free / 1e9:.1f} GB free",
        "请腾出空间。 Free some space.",
        Level.WARN if free >= NEEDED_BYTES else Level.FAIL,
    )


def _folder(folder: DataFolder) -> Iterator[Finding]:
    subject = f"数据文件夹 data folder {folder.path}"
    if not folder.path.exists():
        yield Finding(
            Level.WARN,
            subject,
            "还没有 absent",
            "yilian up 会建立它。 yilian up makes it.",
        )
        return
    yield _judge(
        os.access(folder.path, os.W_OK | os.X_OK),
        subject,
        "可写 writable" if os.access(folder.path, os.W_OK) else "不可写 not writable",
        "请检查属主和权限。 Check its owner and rights.",
    )
    yield _keys(folder)


def _keys(folder: DataFolder) -> Finding:
    missing = [name for name in KEYS if not (folder.keys / name).exists()]
    present = [folder.keys, *(folder.keys / n for n in KEYS if n not in missing)]
    open_to_all = [
        path.name for path in present if path.exists() and path.stat().st_mode & ANYBODY
    ]
    wrong = [f"缺少 {name} missing" for name in missing]
    wrong += [f"{name} 他人可读 readable by others" for name in open_to_all]
    return _judge(
        not wrong,
        "密钥 keys",
        "；".join(wrong) or "齐全，仅本人可读 complete and private",
        f"请恢复缺少的密钥，并执行 chmod -R go= {folder.keys}。 "
        "Restore what is missing; close the folder to others.",
    )


def _ports(folder: DataFolder, port: int) -> Iterator[Finding]:
    lock = folder.lock("up")
    if lock.exists():
        handle = try_exclusive(lock)
        if handle is None:
            yield Finding(Level.OK, "服务 service", "正在运行 running")
            return
        os.close(handle)
    for number in port, port + 1:
        yield _judge(
            _is_free(number),
            f"端口 port {number}",
            "空闲 free" if _is_free(number) else "不可用 taken",
            "请用 PORT 另选端口。 Choose another with PORT.",
        )


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((os.environ.get("YILIAN_HOST", "127.0.0.1"), port))
        except OSError:
            return False
    return True


def _holidays(today: date) -> Finding:
    last = max(import_module("chinese_calendar").holidays).year
    soon = today + timedelta(days=60)
    return _judge(
        soon.year <= last,
        "节假日 holidays",
        f"已知到 {last} 年 known to the end of {last}",
        "之后按周一至周五计算；请载入新一年的放假安排。 "
        "Beyond it Monday to Friday count; load the new year's arrangement.",
        Level.WARN,
    )


def _database(folder: DataFolder) -> Iterator[Finding]:
    subject = "数据库 database"
    if not os.environ.get("DATABASE_URL") and not folder.cluster.folder.exists():
        advice = "yilian up 会建立它。 yilian up makes it."
        yield Finding(Level.WARN, subject, "还没有 absent", advice)
        return
    try:
        with entered(folder) as place:
            yield from [check(place) for check in DATABASE_CHECKS]
    except (CannotStart, psycopg.Error) as error:
        said = error.args[0] if isinstance(error, CannotStart) else type(error).__name__
        yield Finding(Level.FAIL, subject, str(said).replace("\n", " "))


def _version(place: Place) -> Finding:
    with psycopg.connect(place.urls.owner) as connection:
        number = connection.info.server_version
    return _judge(
        number >= database.OLDEST,
        "数据库 database",
        f"PostgreSQL {number // 10000}",
        "请升级到 PostgreSQL 15 或更高版本。 Upgrade to PostgreSQL 15 or newer.",
    )


def _extensions(place: Place) -> Finding:
    with psycopg.connect(place.urls.owner) as connection:
        rows = connection.execute("SELECT extname FROM pg_extension").fetchall()
    missing = {*database.EXTENSIONS} - {str(name) for (name,) in rows}
    return _judge(
        not missing,
        "扩展 extensions",
        f"缺少 missing: {', '.join(sorted(missing))}" if missing else "齐全 complete",
        "请执行 yilian migrate。 Run yilian migrate.",
    )


def _chinese(place: Place) -> Finding:
    with psycopg.connect(place.urls.owner) as connection:
        try:
            finds = database.finds_chinese(connection)
        except psycopg.errors.UndefinedFunction:
            finds = False
    return _judge(
        finds,
        "中文检索 Chinese search",
        "正常 works" if finds else "找不到汉字 finds no Chinese",
        "请用 C.UTF-8 语言环境重建数据库。 Create the database anew with C.UTF-8.",
    )


def _migrations(place: Place) -> Finding:
    pending = migration.is_needed(place)
    return _judge(
        not pending,
        "数据库升级 migrations",
        "有待执行 pending" if pending else "已是最新 up to date",
        "请执行 yilian migrate。 Run yilian migrate.",
        Level.WARN,
    )


def _audit(place: Place) -> Finding:
    with psycopg.connect(place.urls.owner) as connection:
        asked = connection.execute(AUDIT_CHANGEABLE, {"role": database.APP})
        open_tables = [str(name) for (name,) in asked.fetchall()]
    return _judge(
        not open_tables,
        "审计 audit",
        f"可被改写 changeable: {', '.join(open_tables)}"
        if open_tables
        else "只能追加 append-only",
        "请以属主身份收回 UPDATE 和 DELETE 权限。 Revoke UPDATE and DELETE as owner.",
    )


DATABASE_CHECKS: Final[tuple[Callable[[Place], Finding], ...]] = (
    _version,
    _extensions,
    _chinese,
    _migrations,
    _audit,
)
