from datetime import date, datetime

import pytest

from yilian.demo.world.build import Region, region
from yilian.demo.world.history.model import Entry, History
from yilian.demo.world.history.pen import CHINA

# This hour: sight is granted from the moment at which it is really written, so what
# an emergency opened a day before must not be over already.
NOW = datetime.now(CHINA).replace(minute=0, second=0, microsecond=0)


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
