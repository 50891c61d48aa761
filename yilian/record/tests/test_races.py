"""Several writers at one id: every version once, an id for one person only."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from yilian.foundation.access.actor import system_actor
from yilian.foundation.access.database import acting_as
from yilian.kernel.ids import new_id
from yilian.record.models import Locator, Version
from yilian.record.services.writing import IdOfAnotherPerson, Incoming, put, put_many
from yilian.record.tests import examples

CLOCK = system_actor("test")
WRITERS = 8


def at_once(work: Any) -> list[Any]:
    def done(number: int) -> Any:
        try:
            return work(number)
        except IdOfAnotherPerson as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(WRITERS) as pool:
        return list(pool.map(done, range(WRITERS)))


@pytest.mark.django_db(transaction=True)
def test_writers_of_one_resource_make_one_version_each() -> None:
    person_id, first = new_id(), examples.observation(new_id())

    def write(number: int) -> int:
        return put(
            CLOCK,
            first | {"issued": f"2026-01-0{number + 1}T00:00:00Z"},
            person_id=person_id,
        )

    assert sorted(at_once(write)) == list(range(1, WRITERS + 1))
    with acting_as(CLOCK):
        assert Version.objects.filter(id=first["id"]).count() == WRITERS


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_bulk", [True, False])
def test_an_id_goes_to_one_person_only(is_bulk: bool) -> None:
    persons, first = [new_id() for _n in range(WRITERS)], examples.observation(new_id())

    def write(number: int) -> Any:
        if is_bulk:
            return put_many(CLOCK, [Incoming(first, persons[number])])
        return put(CLOCK, first, person_id=persons[number])

    answers = at_once(write)
    refused = [one for one in answers if isinstance(one, IdOfAnotherPerson)]
    assert len(refused) == WRITERS - 1
    assert Locator.objects.filter(id=first["id"]).count() == 1
