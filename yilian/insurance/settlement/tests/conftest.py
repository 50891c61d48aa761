"""The cast of settlement's tests."""

import pytest

from yilian.care.referral.tests.world import Place as House
from yilian.insurance.settlement.tests import world as region
from yilian.insurance.settlement.tests.world import World
from yilian.registry.population.models import Person


@pytest.fixture
def world(db: None) -> World:
    return region.make_world()


@pytest.fixture
def resident(world: World) -> Person:
    return world.resident


@pytest.fixture
def township(world: World) -> House:
    return world.care.township


@pytest.fixture
def village(world: World) -> House:
    return world.care.village


@pytest.fixture
def county(world: World) -> House:
    return world.care.county


@pytest.fixture
def tertiary(world: World) -> House:
    return world.care.tertiary
