"""Roles, extensions and default rights: what a database needs before migrations.

`yilian_owner` migrates and owns the tables; `yilian_app` serves, and may do only
what it is granted. Everything here can be repeated.
"""

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

import psycopg
from psycopg import sql

from yilian.config.runtime.trouble import CannotStart

OWNER: Final = "yilian_owner"
APP: Final = "yilian_app"
DATABASE: Final = "yilian"
EXTENSIONS: Final = ("pg_trgm", "btree_gist", "btree_gin")
OLDEST: Final = 150000

_DEFAULT_RIGHTS: Final = (
    "SELECT, INSERT, UPDATE, DELETE ON TABLES",
    "USAGE, SELECT ON SEQUENCES",
    "EXECUTE ON FUNCTIONS",
)


@dataclass(frozen=True, slots=True)
class Urls:
    """The two ways into one database."""

    owner: str
    app: str

    @classmethod
    def of_owner(cls, owner: str) -> "Urls":
        """An ordinary PostgreSQL: one login, which puts on the app's role."""
        return cls(owner=owner, app=with_role(owner, APP))

    def environment(self) -> dict[str, str]:
        return {"DATABASE_URL": self.app, "YILIAN_OWNER_URL": self.owner}


def with_role(url: str, role: str) -> str:
    mark = "&" if "?" in url else "?"
    return f"{url}{mark}options={quote(f'-c role={role}', safe='')}"


def prepare_cluster(superuser_url: str, template1_url: str) -> None:
    """Our own server: both roles, and a template from which databases are made."""
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        _ensure_role(connection, OWNER, "LOGIN CREATEDB")
        _ensure_role(connection, APP, "LOGIN")
        _grant(connection, APP, OWNER)
    with psycopg.connect(template1_url, autocommit=True) as connection:
        _prepare(connection, OWNER)
        _refuse_without_chinese(connection)


def create_database(
    connection: psycopg.Connection, name: str, *, template: str = "template1"
) -> None:
    connection.execute(
        sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {} STRATEGY wal_log").format(
            sql.Identifier(name), sql.Identifier(OWNER), sql.Identifier(template)
        )
    )


def drop_database(connection: psycopg.Connection, name: str) -> None:
    """Whoever is still connected is put out."""
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
    connection.execute(drop.format(sql.Identifier(name)))


def exists(connection: psycopg.Connection, name: str) -> bool:
    question = "SELECT 1 FROM pg_database WHERE datname = %s"
    return connection.execute(question, [name]).fetchone() is not None


def prepare_foreign(owner_url: str) -> None:
    """Somebody else's PostgreSQL, through the login that owns the database."""
    with psycopg.connect(owner_url, autocommit=True) as connection:
        _refuse_old(connection)
        owner = connection.info.user
        try:
            _ensure_role(connection, APP, "NOLOGIN")
            if not _may_become(connection, APP):
                _grant(connection, APP, owner)
            _prepare(connection, owner)
        except psycopg.errors.InsufficientPrivilege as error:
            raise _by_administrator(owner) from error
        _refuse_without_chinese(connection)


def _ensure_role(connection: psycopg.Connection, role: str, options: str) -> None:
    question = "SELECT 1 FROM pg_roles WHERE rolname = %s"
    if connection.execute(question, [role]).fetchone() is None:
        create = sql.SQL("CREATE ROLE {} " + options)
        connection.execute(create.format(sql.Identifier(role)))


def _may_become(connection: psycopg.Connection, role: str) -> bool:
    """Tried, because what membership means differs between versions."""
    try:
        connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
    except psycopg.errors.InsufficientPrivilege:
        return False
    connection.execute("RESET ROLE")
    return True


def _grant(connection: psycopg.Connection, role: str, to: str) -> None:
    grant = sql.SQL("GRANT {} TO {}")
    connection.execute(grant.format(sql.Identifier(role), sql.Identifier(to)))


def _prepare(connection: psycopg.Connection, owner: str) -> None:
    for name in EXTENSIONS:
        create = sql.SQL("CREATE EXTENSION IF NOT EXISTS {} SCHEMA public")
        connection.execute(create.format(sql.Identifier(name)))
    connection.execute(
        sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(sql.Identifier(APP))
    )
    give_default_rights(connection, owner)


def give_default_rights(connection: psycopg.Connection, owner: str = "") -> None:
    """The serving role may use whatever the owner makes from now on."""
    _set_default_rights(connection, "GRANT {} TO", owner)


def take_default_rights(connection: psycopg.Connection, owner: str = "") -> None:
    """For restoring: the dump says itself who may do what."""
    _set_default_rights(connection, "REVOKE {} FROM", owner)


def _set_default_rights(connection: psycopg.Connection, verb: str, owner: str) -> None:
    who = sql.Identifier(owner or connection.info.user)
    for rights in _DEFAULT_RIGHTS:
        statement = (
            "ALTER DEFAULT PRIVILEGES FOR ROLE {} IN SCHEMA public "
            + verb.format(rights)
            + " {}"
        )
        connection.execute(sql.SQL(statement).format(who, sql.Identifier(APP)))


def _refuse_old(connection: psycopg.Connection) -> None:
    if connection.info.server_version < OLDEST:
        raise CannotStart(
            "需要 PostgreSQL 15 或更高版本。",
            "PostgreSQL 15 or newer is needed.",
        )


def _by_administrator(owner: str) -> CannotStart:
    extensions = " ".join(f"CREATE EXTENSION IF NOT EXISTS {e};" for e in EXTENSIONS)
    statements = f'CREATE ROLE {APP}; GRANT {APP} TO "{owner}"; {extensions}'
    return CannotStart(
        f"DATABASE_URL 的用户权限不足。请数据库管理员在该库中执行：{statements}",
        "The login in DATABASE_URL lacks rights. Let an administrator run the "
        "statements above in that database.",
    )


def _refuse_without_chinese(connection: psycopg.Connection) -> None:
    if not finds_chinese(connection):
        raise CannotStart(
            "该数据库的语言环境不识别汉字，中文检索会找不到任何内容。"
            "请用 C.UTF-8 重新建立数据库。",
            "This database's locale does not know Chinese letters, so searches would "
            "find nothing. Create it anew with C.UTF-8.",
        )


def finds_chinese(connection: psycopg.Connection) -> bool:
    found = connection.execute("SELECT cardinality(show_trgm('张三丰')) > 0").fetchone()
    return found == (True,)


def on_database(url: str, name: str) -> str:
    """The same server and login, another database."""
    head, mark, query = url.partition("?")
    scheme, rest = head.split("://", 1)
    return f"{scheme}://{rest.split('/', 1)[0]}/{quote(name)}{mark}{query}"
