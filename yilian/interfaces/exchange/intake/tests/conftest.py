"""The cast of the referral, with a system of the township that sends messages."""

from pathlib import Path

import pytest
from pytest_django import Settings

from yilian.care.referral.tests import world as region
from yilian.care.referral.tests.world import World
from yilian.interfaces.exchange.intake.models import Feed
from yilian.interfaces.exchange.intake.tests import world as exchange


@pytest.fixture
def world(db: None) -> World:
    made = region.make_world()
    exchange.with_number(made.resident)
    made.county.ward.treats = ["I1"]
    made.county.ward.save()
    return made


@pytest.fixture
def feed(world: World) -> Feed:
    return exchange.make_feed(world.township)


@pytest.fixture(autouse=True)
def _data_folder(tmp_path: Path, settings: Settings) -> None:
    """Messages are kept in files; those of a test go with it."""
    settings.YILIAN_DATA = tmp_path
