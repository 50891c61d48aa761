"""Every command begins here: a data folder, a database, and their addresses.

Afterwards `os.environ` holds what the settings read (`DATABASE_URL`,
`YILIAN_OWNER_URL`, `YILIAN_DATA`, `YILIAN_SECRET_KEY_FILE`), for us and for the
processes we start.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import psycopg

from yilian.config.runtime import database
from yilian.config.runtime.database import Urls
from yilian.config.runtime.folder import DataFolder, disk_full
from yilian.config.runtime.locks import locked, shared, try_exclusive
from yilian.config.runtime.postgres import SUPERUSER
from yilian.config.runtime.trouble import CannotStart

ADDRESSES: Final = ("DATABASE_URL", "YILIAN_OWNER_URL")


@dataclass(frozen=True, slots=True)
class Place:
    """Where this process works: its folder and its database."""

    folder: DataFolder
    urls: Urls
    embedded: bool


@contextmanager
def entered(folder: DataFolder | None = None) -> Iterator[Place]:
    """The folder and the database, ready to be connected to.

    The embedded server runs as long as somebody is inside: the last one to leave
    stops it, so nobody stops it under another's feet.
    """
    place = folder or DataFolder.named()
    place.prepare()
    os.environ["YILIAN_DATA"] = str(place.path)
    os.environ.setdefault("YILIAN_SECRET_KEY_FILE", str(place.keys / "django"))
    if os.environ.get("DATABASE_URL"):
        urls = _given()
        os.environ.update(urls.environment())
        yield Place(place, urls, embedded=False)
        return
    handle = shared(place.lock("users"))
    try:
        place.cluster.start()
        urls = _provision(place)
        os.environ.update(urls.environment())
        yield Place(place, urls, embedded=True)
    finally:
        _leave(place, handle)
        for name in ADDRESSES:
            os.environ.pop(name, None)


def recreate(place: Place) -> None:
    """Empty our own server's database, half of a demo region included."""
    superuser = place.folder.cluster.url(SUPERUSER, "postgres")
    with psycopg.connect(superuser, autocommit=True) as connection:
        database.drop_database(connection, database.DATABASE)
        database.create_database(connection, database.DATABASE)


def _given() -> Urls:
    url = os.environ["DATABASE_URL"]
    if not url.startswith(("postgresql://", "postgres://")):
        raise CannotStart(
            "DATABASE_URL 应以 postgresql:// 开头；只支持 PostgreSQL。",
            "DATABASE_URL must begin with postgresql://; only PostgreSQL is supported.",
        )
    owner = os.environ.get("YILIAN_OWNER_URL")
    urls = Urls(owner=owner, app=url) if owner else Urls.of_owner(url)
    try:
        psycopg.connect(urls.owner, connect_timeout=10).close()
    except psycopg.OperationalError as error:
        raise explain(error) from None
    return urls


def _leave(place: DataFolder, handle: int) -> None:
    os.close(handle)
    alone = try_exclusive(place.lock("users"))
    if alone is not None:
        place.cluster.stop()
        os.close(alone)


def _provision(place: DataFolder) -> Urls:
    cluster = place.cluster
    superuser = cluster.url(SUPERUSER, "postgres")
    with locked(place.lock("server")):
        with psycopg.connect(superuser, autocommit=True) as connection:
            ready = database.exists(connection, database.DATABASE)
        if not ready:
            database.prepare_cluster(superuser, cluster.url(SUPERUSER, "template1"))
            with psycopg.connect(superuser, autocommit=True) as connection:
                database.create_database(connection, database.DATABASE)
    return Urls(
        owner=cluster.url(database.OWNER, database.DATABASE),
        app=cluster.url(database.APP, database.DATABASE),
    )


REASONS = (
    (
        "password authentication failed",
        "用户名或口令不对",
        "the user name or the password is wrong",
    ),
    ("does not exist", "数据库或用户不存在", "the database or the user does not exist"),
    ("too many", "连接数已用完", "all connections are taken"),
    ("remaining connection slots", "连接数已用完", "all connections are taken"),
    ("refused", "服务器没有运行或拒绝连接", "no server listens there"),
    ("No such file", "服务器没有运行", "no server listens there"),
    ("resolve", "找不到主机", "the host is not known"),
    ("timeout", "连接超时", "it does not answer in time"),
    ("starting up", "服务器正在启动，请稍后再试", "it is still starting; retry soon"),
    ("pg_hba.conf", "服务器不允许从本机连接", "it does not admit this machine"),
    ("", "原因不明", "the reason is not known"),
)


def explain(error: psycopg.OperationalError) -> CannotStart:
    """In words; the driver's own text may repeat the address, so it is not shown."""
    said = str(error)
    why = next(reason for reason in REASONS if reason[0] in said)
    return CannotStart(
        f"无法连接数据库：{why[1]}。请检查 DATABASE_URL 和数据库服务。",
        f"The database cannot be reached: {why[2]}. Check DATABASE_URL and the server.",
    )


def in_words(error: BaseException | None) -> CannotStart | None:
    """None for what is a bug, and must be seen as one."""
    match error:
        case CannotStart():
            return error
        case OSError(errno=errno.ENOSPC | errno.EDQUOT):
            return disk_full(DataFolder.named().path)
        case psycopg.errors.DiskFull():
            return disk_full(DataFolder.named().path)
        case psycopg.OperationalError():
            return explain(error)
        case None:
            return None
    return in_words(error.__cause__)
