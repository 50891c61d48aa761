"""Finding and opening a resident reads no more because the region is larger."""

from collections.abc import Callable
from typing import Any, Final

import pytest

from yilian.foundation.access.actor import Actor
from yilian.foundation.tests.plans import (
    Plan,
    analyse,
    copies,
    rows_read,
    stay_bounded,
)
from yilian.kernel.identity_number import IdentityKind
from yilian.kernel.ids import new_id
from yilian.registry.population import services
from yilian.registry.population.models import Grant, Person, PersonIdentifier
from yilian.registry.population.services import Given
from yilian.registry.population.tests.test_registering import NUMBER

N: Final = 2500
MOST: Final = 400  # rows that one statement may read: three ways, a few pages each
# One in five bears the commonest surname, as in Ningxia; the rest are spread.
NAME: Final = (
    "CASE mod(g, 5) WHEN 0 THEN '马' ELSE chr(20000 + mod(g * 7919, 3000)) END"
    " || chr(20000 + mod(g * 104729, 6000)) || chr(20000 + mod(g, 6000))"
)
LETTERS: Final = "translate(md5(g::text), '0123456789', 'ghijklmnop')"
SPELT: Final = (
    f"CASE mod(g, 5) WHEN 0 THEN 'ma' || {LETTERS}"
    f" ELSE chr(97 + mod(g, 26)) || {LETTERS} END"
)
INITIALS: Final = (
    f"CASE mod(g, 5) WHEN 0 THEN 'm' || left({LETTERS}, 2) ELSE left({LETTERS}, 3) END"
)


@pytest.fixture
def known(transactional_db: None, desk: Actor) -> Person:
    return services.register(
        desk,
        key=new_id(),
        name="马秀英",
        identifiers=[Given(IdentityKind.ID_CARD, NUMBER)],
        phone="13800001234",
    )


def test_a_larger_region_is_searched_by_as_few_rows(known: Person, desk: Actor) -> None:
    _people(known, range(1, N))
    before = _measured(known, desk)
    _people(known, range(N, 4 * N))
    after = _measured(known, desk)
    found = [
        f"{name} {words}"
        for name, plans in after.items()
        for words in stay_bounded(before[name], plans, most=MOST)
    ]
    assert not found, "\n".join(found)


def _measured(known: Person, desk: Actor) -> dict[str, list[Plan]]:
    analyse(*(m._meta.db_table for m in (Person, PersonIdentifier, Grant)))
    return {name: rows_read(ask) for name, ask in _asked(known, desk).items()}


def _asked(known: Person, desk: Actor) -> dict[str, Callable[[], Any]]:
    def search(text: str) -> Callable[[], Any]:
        return lambda: services.search_persons(desk, text)

    typed = ("马秀英", "马秀", "maxiu", "ma", "mx", "mxy", NUMBER, "13800001234")
    return {
        **{text: search(text) for text in typed},
        "patient page": lambda: services.open_person(desk, known.id),
    }


def _people(known: Person, numbers: range) -> None:
    key = "md5('person' || g)::uuid"
    copies(
        Person, known.id, numbers,
        id=key, name=NAME, pinyin=SPELT, initials=INITIALS,
        phone_index="'p' || g", account_id="NULL",
    )  # fmt: skip
    copies(
        PersonIdentifier, known.identifiers.get().id, numbers,
        id="gen_random_uuid()", person_id=key, value_index="'i' || g",
    )  # fmt: skip
    copies(
        Grant, Grant.objects.get(person=known).id, numbers,
        id="gen_random_uuid()", person_id=key,
    )  # fmt: skip
