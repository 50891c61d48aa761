"""The cast of the register's tests."""

from typing import Any

import pytest

from yilian.foundation.access.actor import Actor, Role
from yilian.kernel.tier import Tier
from yilian.registry.directory.models import Institution
from yilian.registry.population.models import Person
from yilian.registry.population.tests import world
from yilian.registry.population.tests.sink import SINK, Sink


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
def desk(township: Institution) -> Actor:
    return world.staff(township, Role.REFERRAL_DESK, name="李护士")


@pytest.fixture
def stranger(county: Institution) -> Actor:
    return world.staff(county, Role.PHYSICIAN, name="外院医生")


@pytest.fixture
def resident(db: None) -> Person:
    return world.person()


@pytest.fixture(autouse=True)
def sink(settings: Any) -> Sink:
    settings.YILIAN_RECORD_SINK = f"{Sink.__module__}.SINK"
    SINK.kept.clear()
    return SINK
