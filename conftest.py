"""Databases for tests, and the cast that every reader of a test knows.

Tests run as the application role, so what it may not do fails here too
(decisions 10). Each worker gets its own copy of one migrated template.
"""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

os.environ.setdefault("YILIAN_TESTING", "1")
os.environ.setdefault("YILIAN_DEMO", "1")

# No test is timed: a busy machine finds no faults. With CI set (.ci/run), hypothesis
# takes the same examples each time; new ones are sought by who develops.
settings.register_profile(
    "yilian",
    parent=settings.default,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("yilian")


def pytest_configure(config: pytest.Config) -> None:
    """Point Django at this worker's database before anything connects."""
    from django.db import connections

    from scripts.texts import compile_when_older
    from yilian.config.runtime import testdb
    from yilian.config.settings import database_of

    compile_when_older()
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    name = f"yilian_test_{os.getpid()}_{worker}"
    os.environ["YILIAN_TEST_DATABASE"] = name
    # One dictionary, shared by the connections of all threads.
    connections.settings["default"].update(database_of(testdb.urls_for(name).app))


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: object) -> Iterator[None]:
    """A fresh copy of the migrated template; TRUNCATE only here, for flushes."""
    import psycopg
    from django.db import connections

    from yilian.config.runtime import testdb

    name = os.environ["YILIAN_TEST_DATABASE"]
    urls = testdb.clone(testdb.migrated_template(), name)
    with psycopg.connect(urls.owner, autocommit=True) as owner:
        owner.execute("GRANT TRUNCATE ON ALL TABLES IN SCHEMA public TO yilian_app")
    yield
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        connections.close_all()
    testdb.drop(name)


@pytest.fixture(autouse=True)
def _parameters_asked_anew() -> None:
    """What one test released is not remembered in the next."""
    from yilian.foundation.parameters.queries import forget

    forget()


@pytest.fixture(autouse=True)
def _queue_left_empty(
    request: pytest.FixtureRequest, django_db_blocker: object
) -> Iterator[None]:
    """Django's flush passes over the queue's tables, which it does not manage."""
    yield
    mark = request.node.get_closest_marker("django_db")
    if mark is None or not mark.kwargs.get("transaction"):
        return
    from django.db import connection

    with (
        django_db_blocker.unblock(),  # type: ignore[attr-defined]
        connection.cursor() as cursor,
    ):
        cursor.execute("TRUNCATE procrastinate_jobs, procrastinate_workers CASCADE")
    connection.close()
