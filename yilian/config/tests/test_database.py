"""An ordinary PostgreSQL: what one login needs, and what it is told otherwise."""

from collections.abc import Iterator, Mapping
from typing import cast

import psycopg
import pytest

from yilian.config.runtime import database, testdb
from yilian.config.runtime.postgres import SUPERUSER, Cluster
from yilian.config.runtime.trouble import CannotStart
from yilian.config.settings import SERVING, database_of


@pytest.fixture(scope="module")
def ordinary(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Nothing of ours is in it yet."""
    folder = tmp_path_factory.mktemp("ordinary")
    cluster = Cluster(folder / "pg", folder / "postgres.log", testdb.SETTINGS)
    cluster.start()
    with psycopg.connect(cluster.url(SUPERUSER, "postgres"), autocommit=True) as admin:
        admin.execute("CREATE ROLE hospital LOGIN CREATEROLE")
        admin.execute("CREATE DATABASE hospital OWNER hospital")
        admin.execute("CREATE ROLE clerk LOGIN")
        admin.execute("CREATE DATABASE clerk OWNER clerk")
    yield cluster
    cluster.wipe()


def test_a_login_without_rights_is_told_what_to_ask_for(ordinary: Cluster) -> None:
    with pytest.raises(CannotStart, match="GRANT yilian_app TO"):
        database.prepare_foreign(ordinary.url("clerk", "clerk"))


def test_one_login_migrates_and_serves_in_two_roles(ordinary: Cluster) -> None:
    urls = database.Urls.of_owner(ordinary.url("hospital", "hospital"))
    database.prepare_foreign(urls.owner)
    database.prepare_foreign(urls.owner)  # as every later migration does
    with psycopg.connect(urls.owner) as owner:
        owner.execute("CREATE TABLE place (name text)")
    with psycopg.connect(urls.app) as app:
        assert app.execute("SELECT current_user").fetchone() == (database.APP,)
        app.execute("INSERT INTO place VALUES ('同心县')")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute("CREATE TABLE mine ()")


def test_nobody_waits_for_ever_for_a_row_that_another_holds(ordinary: Cluster) -> None:
    urls = database.Urls.of_owner(ordinary.url("hospital", "hospital"))
    database.prepare_foreign(urls.owner)
    with psycopg.connect(urls.app, options=_options(urls, SERVING)) as app:
        for limit, value in SERVING.items():
            shown = app.execute("SELECT current_setting(%s)", [limit]).fetchone()
            assert shown == (value,)
        assert app.execute("SELECT current_user").fetchone() == (database.APP,)


def test_who_stops_amid_a_transaction_gives_back_what_it_held(
    ordinary: Cluster,
) -> None:
    urls = database.Urls.of_owner(ordinary.url("hospital", "hospital"))
    database.prepare_foreign(urls.owner)
    with psycopg.connect(urls.owner, autocommit=True) as owner:
        owner.execute("CREATE TABLE bed (state text)")
        owner.execute("INSERT INTO bed VALUES ('waiting')")
        owner.execute("SET lock_timeout = '5s'")
        soon = SERVING | {"idle_in_transaction_session_timeout": "100ms"}
        stopped = psycopg.connect(urls.app, options=_options(urls, soon))
        stopped.execute("UPDATE bed SET state = 'mine'")  # and never a word more
        owner.execute("UPDATE bed SET state = 'done'")
        with pytest.raises(psycopg.errors.IdleInTransactionSessionTimeout):
            stopped.execute("SELECT 1")


def _options(urls: database.Urls, limits: Mapping[str, str]) -> str:
    facts = cast(dict[str, str], database_of(urls.app, limits=limits)["OPTIONS"])
    return facts["options"]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://a:b@h:1/x", "postgresql://a:b@h:1/y"),
        ("postgresql://a@/x?host=%2Ftmp", "postgresql://a@/y?host=%2Ftmp"),
    ],
)
def test_the_same_server_with_another_database(url: str, expected: str) -> None:
    assert database.on_database(url, "y") == expected
