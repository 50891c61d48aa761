"""The cast of the record's tests."""

import pytest

from yilian.foundation.access.actor import Actor, Role
from yilian.kernel.tier import Tier
from yilian.registry.directory.models import Institution
from yilian.registry.population.models import Person
from yilian.registry.population.tests import world


@pytest.fixture
def township(db: None) -> Institution:
    return world.institution()


@pytest.fixture
def county(db: None) -> Institution:
    return world.institution("永宁县人民医院", Tier.SECONDARY)


@pytest.fixture
def doctor(township: Institution) -> Actor:
    return world.staff(township, Role.PHYSICIAN)


@pytest.fixture
def stranger(county: Institution) -> Actor:
    return world.staff(county, Role.PHYSICIAN, name="外院医生")


@pytest.fixture
def resident(db: None) -> Person:
    return world.person()
