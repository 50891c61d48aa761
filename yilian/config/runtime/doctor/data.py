"""The database: reachable, of the right kind, and with the right borders in it."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

import psycopg

from yilian import __version__
from yilian.config.runtime import database, facts, migration
from yilian.config.runtime.doctor.findings import Finding, Level, judge
from yilian.config.runtime.environment import Place

FULL: Final = 0.9  # of the connections that the server allows
SKEWED: Final = 2.0
WRONG_TIME: Final = 60.0

AUDIT_CHANGEABLE: Final = """
WITH audit AS (
    SELECT tablename, format('%%I.%%I', schemaname, tablename) AS full_name
    FROM pg_tables WHERE schemaname = 'public' AND tablename LIKE 'audit\\_%%')
SELECT tablename FROM audit
WHERE has_table_privilege(%(role)s, full_name, 'UPDATE')
    OR has_table_privilege(%(role)s, full_name, 'DELETE')
"""
_TOO_MIGHTY: Final = """
SELECT array_remove(ARRAY[
    CASE WHEN rolsuper THEN 'superuser' END,
    CASE WHEN rolbypassrls THEN 'bypassrls' END,
    CASE WHEN rolcreaterole THEN 'createrole' END,
    CASE WHEN EXISTS (SELECT FROM pg_tables WHERE tableowner = rolname
        AND schemaname = 'public') THEN 'owner of tables' END], NULL)
FROM pg_roles WHERE rolname = %(role)s
"""
_CONNECTIONS: Final = """
SELECT (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
    current_setting('max_connections')::int
"""


def _version(place: Place) -> Finding:
    with psycopg.connect(place.urls.owner) as connection:
        number = connection.info.server_version
    return judge(
        number >= database.OLDEST,
        "database",
        "数据库 database",
        f"PostgreSQL {number // 10000}",
        "请升级到 PostgreSQL 15 或更高版本。 Upgrade to PostgreSQL 15 or newer.",
    )


def _roles(place: Place) -> Finding:
    """Who serves pages is `yilian_app`, and that role is no more than it should be."""
    with psycopg.connect(place.urls.app) as connection:
        (who,) = connection.execute("SELECT current_user").fetchone() or ("",)
        row = connection.execute(_TOO_MIGHTY, {"role": who}).fetchone()
    wrong = list(row[0]) if row else []
    if who != database.APP:
        wrong.insert(0, f"{who} ≠ {database.APP}")
    return judge(
        not wrong,
        "roles",
        "数据库角色 roles",
        f"{who}" if not wrong else f"权限过大 too mighty: {', '.join(wrong)}",
        "页面应以 yilian_app 连接，且它不是超级用户、不拥有表。 Serve as yilian_app, "
        "which is no superuser and owns no table.",
    )


def _extensions(place: Place) -> Finding:
    with psycopg.connect(place.urls.owner) as connection:
        rows = connection.execute("SELECT extname FROM pg_extension").fetchall()
    missing = {*database.EXTENSIONS} - {str(name) for (name,) in rows}
    return judge(
        not missing,
        "extensions",
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
    return judge(
        finds,
        "chinese",
        "中文检索 Chinese search",
        "正常 works" if finds else "找不到汉字 finds no Chinese",
        "请用 C.UTF-8 语言环境重建数据库。 Create the database anew with C.UTF-8.",
    )


def _migrations(place: Place) -> Finding:
    pending = migration.is_needed(place)
    of = facts.get(place.urls.owner, facts.PROGRAM) or "?"
    return judge(
        not pending,
        "migrations",
        "数据库升级 migrations",
        f"有待执行 pending（{of} → {__version__}）"
        if pending
        else f"已是最新 up to date（{__version__}）",
        "请先备份，再执行 yilian migrate。 Back up, then run yilian migrate.",
        Level.WARN,
    )


def _audit(place: Place) -> Finding:
    with psycopg.connect(place.urls.owner) as connection:
        asked = connection.execute(AUDIT_CHANGEABLE, {"role": database.APP})
        open_tables = [str(name) for (name,) in asked.fetchall()]
    return judge(
        not open_tables,
        "audit-rights",
        "审计 audit",
        f"可被改写 changeable: {', '.join(open_tables)}"
        if open_tables
        else "只能追加 append-only",
        "请以属主身份收回 UPDATE 和 DELETE 权限。 Revoke UPDATE and DELETE as owner.",
    )


def _clock(place: Place) -> Finding:
    """Two clocks that differ judge deadlines differently."""
    with psycopg.connect(place.urls.app) as connection:
        asked_at = time.time()
        row = connection.execute("SELECT clock_timestamp()").fetchone()
        middle = (asked_at + time.time()) / 2
    theirs: datetime = row[0] if row else datetime.now(UTC)
    skew = abs(theirs.timestamp() - middle)
    return judge(
        skew < SKEWED,
        "clock",
        "时钟 clock",
        f"与数据库相差 {skew:.1f} s from the database",
        "请在两台机器上启用时间同步（chrony）。 Synchronise both machines (chrony).",
        Level.WARN if skew < WRONG_TIME else Level.FAIL,
    )


def _connections(place: Place) -> Finding:
    with psycopg.connect(place.urls.owner) as connection:
        used, most = connection.execute(_CONNECTIONS).fetchone() or (0, 1)
    return judge(
        used < most * FULL,
        "connections",
        "数据库连接 connections",
        f"{used} / {most}",
        "请调大 max_connections，或调小 YILIAN_POOL。 Raise max_connections, or lower "
        "YILIAN_POOL.",
        Level.WARN,
    )


CHECKS: Final[tuple[Callable[[Place], Finding], ...]] = (
    _version,
    _roles,
    _extensions,
    _chinese,
    _migrations,
    _audit,
    _clock,
    _connections,
)
