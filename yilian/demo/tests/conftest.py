from datetime import date, datetime

import pytest

from yilian.demo.world.build import Region, region
from yilian.demo.world.history.model import Entry, History
from yilian.demo.world.history.pen import CHINA

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=CHINA)


@pytest.fixture(scope="session")
def now() -> datetime:
    return NOW


@pytest.fixture(scope="session")
def today() -> date:
    return NOW.date()


@pytest.fixture(scope="session")
def world() -> Region:
    return region(1200, seed=7, now=NOW)


@pytest.fixture(scope="session")
def told(world: Region) -> list[History]:
    return list(world.histories())


@pytest.fixture(scope="session")
def entries(world: Region) -> list[Entry]:
    return list(world.entries())
