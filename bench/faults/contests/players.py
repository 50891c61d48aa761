"""Who fights: the cast as actors, and residents whom nobody has used yet."""

import secrets
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from itertools import count
from typing import Final
from uuid import UUID

from django.contrib.auth import get_user_model

from bench import people
from journeys.faulty import COUNTY, TOWNSHIP
from yilian.foundation.access.actor import Actor, system_actor
from yilian.kernel import resident_id
from yilian.kernel.ids import new_id
from yilian.registry.directory.models import Department, Institution
from yilian.registry.directory.services.loading import load_many
from yilian.registry.population.actors import actor_for

SYSTEM: Final = system_actor("bench")
AT_A_TIME: Final = 200
# Another run beside the same region meets none of this one's numbers.
_numbers = count(secrets.randbelow(10_000_000))


@cache
def cast(username: str) -> Actor:
    account = get_user_model().objects.get(username=username)
    actor = actor_for(account, None)
    assert actor is not None, username
    return actor


@cache
def house(code: str) -> Institution:
    return Institution.objects.get(code=code)


def township() -> Institution:
    return house(TOWNSHIP)


def county() -> Institution:
    return house(COUNTY)


def other_house(number: int) -> Institution:
    """Hospitals of the region besides those two, always in the same order."""
    hospitals = Institution.objects.filter(kind="general_hospital", closed_on=None)
    known = [township().pk, county().pk]
    return hospitals.exclude(pk__in=known).order_by("code")[number]


@cache
def officers() -> tuple[Actor, Actor]:
    """Two who may decide on the same thing, and are not the same."""
    return cast("regional_officer"), cast("system_admin")


@cache
def ward() -> Department:
    made = Department(
        institution=county(),
        name=f"争用病区{new_id().hex[-8:]}",
        specialty="cardiology",
        has_ward=True,
    )
    load_many(SYSTEM, departments=[made])
    return made


def _people() -> Iterator[UUID]:
    while True:
        yield from people.load(AT_A_TIME)


_persons = _people()


def person() -> UUID:
    """Contracted at the township, with nothing open."""
    return next(_persons)


def number() -> int:
    """Another one each time."""
    return next(_numbers)


def identity_number() -> str:
    """Well-formed and of nobody; no two are alike, which would be noticed."""
    n = number()
    born = date(1940, 1, 1) + timedelta(days=n % 25_000)
    first = f"640199{born:%Y%m%d}{7 * n % 998 + 1:03}"
    return first + resident_id.check_character(first)


def name() -> str:
    """Another one each time."""
    n = number()
    return "马" + chr(0x4E00 + n % 5000) + chr(0x4E00 + n // 5000 + 77)
