"""What most tests begin with: a released set, two people, and a draft of the first."""

from uuid import UUID

import pytest

from yilian.foundation.access.actor import Actor, Role
from yilian.insurance.policy.models import ParameterSetVersion
from yilian.insurance.policy.tests.cast import bureau, start
from yilian.insurance.policy.tests.releases import make_released


@pytest.fixture
def base() -> ParameterSetVersion:
    return make_released()


@pytest.fixture
def author() -> Actor:
    return bureau()


@pytest.fixture
def second() -> Actor:
    return bureau()


@pytest.fixture
def draft_id(author: Actor, base: ParameterSetVersion) -> UUID:
    return start(author, base)


@pytest.fixture
def keeper() -> Actor:
    return bureau(Role.PRICING)
