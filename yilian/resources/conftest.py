"""The cast of the tests of places and receptions, in a demo with invented cards."""

from typing import Any

import pytest

from yilian.registry.population.tests.conftest import (
    county,
    desk,
    doctor,
    resident,
    stranger,
    township,
)

__all__ = ["county", "desk", "doctor", "resident", "stranger", "township"]


@pytest.fixture(autouse=True)
def _demo(settings: Any) -> None:
    settings.YILIAN_DEMO = True
