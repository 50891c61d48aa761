"""Who stands for whom at home, and who was perhaps registered twice."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from itertools import groupby, pairwise
from random import Random
from typing import Final

from yilian.demo.world.chance import fixed_id
from yilian.demo.world.people import ages
from yilian.demo.world.people.model import Identifier, Proxy, Resident
from yilian.kernel.identity_number import IdentityKind
from yilian.registry.population.rules import Relation

_PARENT_GAP: Final = 17
_TWICE_IN: Final = 250  # one of so many is registered a second time
# Characters that sound alike and are mistaken at the desk.
_MISTAKEN: Final = {
    "建": "健",
    "秀": "绣",
    "国": "帼",
    "丽": "莉",
    "志": "智",
    "伟": "玮",
    "玉": "钰",
    "桂": "贵",
    "英": "瑛",
    "海": "嗨",
    "文": "雯",
    "芳": "芬",
    "静": "婧",
}


def proxies(residents: Sequence[Resident], today: date) -> Iterator[Proxy]:
    for _, found in groupby(residents, key=lambda resident: resident.household):
        home = list(found)
        adults = [one for one in home if one.age_on(today) >= ages.ADULT]
        for resident in home:
            if resident.age_on(today) < ages.ADULT:
                yield from _for_child(resident, adults)
            elif resident.age_on(today) >= ages.OLD:
                yield from _for_elder(resident, adults, today)
        yield from _for_spouses(adults, today)


def duplicates_in(count: int) -> int:
    return count // _TWICE_IN


def likely_duplicates(
    residents: Sequence[Resident], count: int, rng: Random
) -> Iterator[Resident]:
    """The same person once more: no identity card then, and a name misheard."""
    adults = [found for found in residents if found.phone and found.died_at is None]
    for number, resident in enumerate(rng.sample(adults, min(count, len(adults)))):
        book = f"64{rng.randrange(10**9):09}"
        yield replace(
            resident,
            id=fixed_id("resident", "again", number),
            name=_misheard(resident.name),
            identifiers=(Identifier(IdentityKind.HOUSEHOLD_BOOK, book),),
            tags=(),
            conditions=frozenset(),
            contract=None,
            likely_same_as=resident.id,
        )


def _for_child(child: Resident, adults: list[Resident]) -> Iterator[Proxy]:
    """The parents; grandparents only where there are none."""
    parents = [
        adult
        for adult in adults
        if _PARENT_GAP <= child.born_on.year - adult.born_on.year < 2 * _PARENT_GAP + 6
    ]
    until = ages.birthday(child.born_on, ages.ADULT)
    for adult in parents[-2:]:
        yield Proxy(child.id, adult.id, Relation.PARENT, child.born_on, until)
    if not parents:
        for adult in adults[:1]:
            yield Proxy(child.id, adult.id, Relation.GUARDIAN, child.born_on, until)


def _for_elder(elder: Resident, adults: list[Resident], today: date) -> Iterator[Proxy]:
    for adult in adults:
        if adult.born_on.year - elder.born_on.year >= _PARENT_GAP:
            since = date(today.year - 2, 3, 1)
            yield Proxy(elder.id, adult.id, Relation.CHILD, since)
            return


def _for_spouses(adults: list[Resident], today: date) -> Iterator[Proxy]:
    since = date(today.year - 1, 6, 1)
    for one, other in pairwise(adults):
        gap = abs(one.born_on.year - other.born_on.year)
        is_couple = one.sex != other.sex and gap < _PARENT_GAP
        if is_couple and max(one.age_on(today), other.age_on(today)) >= ages.OLD:
            yield Proxy(one.id, other.id, Relation.SPOUSE, since)
            yield Proxy(other.id, one.id, Relation.SPOUSE, since)


def _misheard(name: str) -> str:
    for right, wrong in _MISTAKEN.items():
        if right in name[1:]:
            return name[0] + name[1:].replace(right, wrong, 1)
    return name
