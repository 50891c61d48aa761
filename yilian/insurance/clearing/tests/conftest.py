"""The cast of the clearing's tests."""

import pytest

from yilian.insurance.clearing.tests import world
from yilian.insurance.clearing.tests.world import Books


@pytest.fixture
def books(db: None) -> Books:
    return world.make_books()
