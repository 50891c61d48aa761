"""A database is for work or for a demo, and a demo is whole or begun anew."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest

from yilian.config.runtime import demo_region, facts, migration
from yilian.config.runtime.environment import ADDRESSES, Place, entered
from yilian.config.runtime.folder import DataFolder
from yilian.config.runtime.trouble import CannotStart


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with pytest.MonkeyPatch.context() as patch:
        for name in (*ADDRESSES, "YILIAN_DATA", "YILIAN_SECRET_KEY_FILE"):
            patch.setenv(name, "")  # so that it is restored afterwards,
            patch.delenv(name)  # whatever it becomes meanwhile
        patch.setenv("DJANGO_SETTINGS_MODULE", "yilian.config.tests.small")
        with entered(DataFolder(tmp_path_factory.mktemp("region") / "data")) as place:
            migration.apply(place)
            yield place


@pytest.fixture
def place(shared: Place) -> Place:
    """Its purpose is not settled yet."""
    with psycopg.connect(shared.urls.owner) as owner:
        owner.execute("DELETE FROM yilian_runtime.fact WHERE name = 'purpose'")
    return shared


def _build_half(place: Place) -> None:
    def fail(when_tables_stand: Callable[[], object]) -> None:
        when_tables_stand()
        with psycopg.connect(place.urls.owner) as owner:
            owner.execute("CREATE TABLE half (a int)")
        raise InterruptedError

    with pytest.raises(InterruptedError):
        demo_region.build(place, fail)


def _tell_nothing(when_tables_stand: Callable[[], object]) -> None:
    when_tables_stand()


def test_a_database_for_work_takes_no_demo(place: Place) -> None:
    assert demo_region.settle_purpose(place, demo=False) is False
    with pytest.raises(CannotStart, match="real work"):
        demo_region.settle_purpose(place, demo=True)


def test_a_demo_stays_a_demo_without_being_told(place: Place) -> None:
    demo_region.build(place, _tell_nothing)
    assert demo_region.is_built(place)
    assert demo_region.settle_purpose(place, demo=False) is True


def test_a_half_built_demo_is_begun_anew_on_an_empty_database(place: Place) -> None:
    _build_half(place)
    assert not demo_region.is_built(place)
    assert demo_region.settle_purpose(place, demo=True) is True
    with psycopg.connect(place.urls.owner) as owner:
        found = owner.execute("SELECT to_regclass('half')").fetchone()
    assert found == (None,)
    assert demo_region.is_to_be_built(place, demo=False) is False
    assert demo_region.is_to_be_built(place, demo=True) is True
    demo_region.build(place, _tell_nothing)
    assert not migration.is_needed(place)


def test_what_the_tables_were_refused_for_reaches_who_waits_for_them(
    place: Place,
) -> None:
    with _from_the_future(place), pytest.raises(CannotStart, match="newer version"):
        demo_region.build(place, _tell_nothing)
    assert not demo_region.is_built(place)


def test_a_demo_begun_is_built_by_the_next_start_whatever_it_is_told(
    place: Place,
) -> None:
    _build_half(place)
    assert demo_region.is_to_be_built(place, demo=False) is True
    assert demo_region.settle_purpose(place, demo=False) is True
    demo_region.build(place, _tell_nothing)
    assert demo_region.is_to_be_built(place, demo=True) is False


def test_a_half_built_demo_in_somebody_elses_database_is_left(place: Place) -> None:
    _build_half(place)
    theirs = Place(place.folder, place.urls, embedded=False)
    with pytest.raises(CannotStart, match="half built"):
        demo_region.settle_purpose(theirs, demo=True)
    demo_region.settle_purpose(place, demo=True)
    demo_region.build(place, _tell_nothing)


def test_a_database_of_a_newer_program_is_refused(place: Place) -> None:
    with _from_the_future(place), pytest.raises(CannotStart, match="newer version"):
        migration.apply(place)


@contextmanager
def _from_the_future(place: Place) -> Iterator[None]:
    with psycopg.connect(place.urls.owner) as owner:
        owner.execute(
            "INSERT INTO django_migrations (app, name, applied) "
            "VALUES ('identity', '9999_from_the_future', now())"
        )
        owner.execute(
            "UPDATE yilian_runtime.fact SET value = '' WHERE name = %s",
            [facts.MIGRATIONS],
        )
    try:
        yield
    finally:
        with psycopg.connect(place.urls.owner) as owner:
            owner.execute("DELETE FROM django_migrations WHERE app = 'identity'")
        migration.apply(place)


def test_the_app_may_read_what_the_database_is_for_and_not_change_it(
    place: Place,
) -> None:
    demo_region.build(place, _tell_nothing)
    assert facts.get(place.urls.app, facts.PURPOSE) == facts.DEMO
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        facts.put(place.urls.app, facts.PURPOSE, facts.WORK)


def test_leaving_stops_the_server_only_when_nobody_else_is_inside(
    shared: Place,
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for name, url in shared.urls.environment().items():
            patch.setenv(name, url)  # restored afterwards
            patch.delenv(name)
        with entered(shared.folder):
            pass
    assert shared.folder.cluster.answers()
