"""The cast of the tests of places and receptions."""

from yilian.registry.population.tests.conftest import (
    county,
    desk,
    doctor,
    resident,
    stranger,
    township,
)

__all__ = ["county", "desk", "doctor", "resident", "stranger", "township"]
