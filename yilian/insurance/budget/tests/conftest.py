"""The cast of the pool's tests."""

from collections.abc import Iterator
from typing import Any

import pytest

from yilian.insurance.budget.models import Pool
from yilian.insurance.budget.tests import world as region
from yilian.insurance.budget.tests.world import World


@pytest.fixture(autouse=True)
def _settlements(settings: Any) -> Iterator[None]:
    """What was settled is said by the test."""
    settings.YILIAN_DAILY_USE = f"{region.__name__}.daily_use"
    region.SETTLED.clear()
    yield
    region.SETTLED.clear()


@pytest.fixture
def world(db: None) -> World:
    return region.make_world()


@pytest.fixture
def pool(world: World) -> Pool:
    return region.opened(world)
