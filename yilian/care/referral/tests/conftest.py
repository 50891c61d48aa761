"""The cast of the referral's tests."""

import pytest

from yilian.care.referral.models import Referral
from yilian.care.referral.tests import world as region
from yilian.care.referral.tests.world import Place, World
from yilian.registry.population.models import Person


@pytest.fixture
def world(db: None) -> World:
    return region.make_world()


@pytest.fixture
def village(world: World) -> Place:
    return world.village


@pytest.fixture
def township(world: World) -> Place:
    return world.township


@pytest.fixture
def county(world: World) -> Place:
    return world.county


@pytest.fixture
def tertiary(world: World) -> Place:
    return world.tertiary


@pytest.fixture
def stranger(world: World) -> Place:
    return world.stranger


@pytest.fixture
def resident(world: World) -> Person:
    return world.resident


@pytest.fixture
def waiting(township: Place, county: Place, resident: Person) -> Referral:
    """Sent from the township to the county, not yet answered."""
    return region.submitted(township, county, resident)
