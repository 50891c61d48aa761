"""What a server suffers, in short: `bench/faults` does the same for longer."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from bench.faults import away, kill, leave, race, slow, storm
from journeys.backstage import KINDS, is_well, until
from journeys.conftest import Region
from journeys.faulty import Scene


@pytest.fixture(autouse=True)
def _well_before_and_after(region: Region, scene: Scene) -> object:
    yield
    until(lambda: is_well(region.address), 90, "recovery")


def test_whoever_is_killed_under_load_nothing_acknowledged_is_lost_or_doubled(
    scene: Scene, region: Region
) -> None:
    kill.drill(scene, region.run, KINDS, lambda: 0.8)


def test_an_open_desk_catches_up_by_itself_after_its_live_updates_died(
    scene: Scene, enter: Callable[[str], Page]
) -> None:
    desk = enter("county_desk")
    assert scene.backstage.kill("live")
    at = scene.waiting()  # while the desk is deaf
    expect(desk.locator(f"a[href='{at}']").first).to_be_visible(timeout=40_000)


@pytest.mark.parametrize("how", [away.frozen, away.stopped])
def test_while_the_database_is_away_all_are_told_so_and_then_it_goes_on(
    scene: Scene, region: Region, how: away.Away
) -> None:
    away.drill(scene, region.run, how, seconds=4)


@pytest.mark.parametrize("kind", sorted(slow.KINDS))
def test_slow_clients_keep_nobody_else_waiting(scene: Scene, kind: str) -> None:
    slow.drill(scene, slow.KINDS[kind], 300)


def test_pages_that_leave_without_a_word_give_back_what_they_held(
    scene: Scene, region: Region
) -> None:
    leave.drill(scene, leave.cookies_of(8, data=region.data), 150)


def test_a_storm_of_events_is_delivered_in_bounded_memory(
    scene: Scene, region: Region
) -> None:
    storm.drill(scene, 400, patience=120)


def test_of_what_there_may_be_only_one_there_is_one(region: Region) -> None:
    """Each contest a few times; `bench/faults/race.py` a thousand."""
    raced = race.beside_region(region.data, times=5)
    assert raced.returncode == 0, raced.stdout + raced.stderr
