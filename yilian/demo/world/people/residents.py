"""Residents in their households: names, numbers, kin, illnesses, contracts.

Resident 0 is the old lady of the cast, resident 1 her son; the first household is
theirs in every region.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from yilian.demo.world.chance import fixed_id, likely, stream
from yilian.demo.world.numbers import Issuer
from yilian.demo.world.people import ages, health, kin, names, papers
from yilian.demo.world.people.households import Figure, Household, Settler
from yilian.demo.world.people.model import (
    Contract,
    Identifier,
    Population,
    Resident,
    Tag,
)
from yilian.registry.population.rules import GroupTag

CAST_RESIDENT: Final = fixed_id("resident", 0)
CAST_SON: Final = fixed_id("resident", 1)
CAST_VILLAGE: Final = "640121104205"
_CAST_HOME: Final = Household(
    CAST_VILLAGE,
    names.HUI,
    (
        Figure(67, "2", 0),
        Figure(42, "1", 1),
        Figure(40, "2", 1),
        Figure(6, "1", 2),
        Figure(6, "2", 2, is_twin=True),
    ),
)
_CAST_NAMES: Final = ("马秀兰", "马建国", "杨彩霞", "马浩宇", "马雨桐")
_CAST_CONDITIONS: Final = frozenset({"hypertension", "diabetes", "coronary"})
_NAMESAKE: Final = 5  # the first resident after the cast's family who can be one
_PARENTS: Final = 1


def residents(
    count: int, seed: int, today: date, doctors: Mapping[str, UUID]
) -> Population:
    """Exactly `count`; `doctors`: institution code → the post that signs there."""
    settler = Settler(stream(seed, "households"))
    region = _Region(seed, today, doctors)
    duplicates = kin.duplicates_in(count)
    while len(region.residents) < count - duplicates:
        room = count - duplicates - len(region.residents)
        is_first = not region.residents
        home = _CAST_HOME if is_first else settler.household(room)
        region.settle(replace(home, figures=home.figures[:room]))
    found = _with_cast(region.residents, today)
    proxies = tuple(kin.proxies(found, today))
    rng = stream(seed, "duplicates")
    twice = kin.likely_duplicates(found, duplicates, rng)
    return Population((*found, *twice), proxies)


class _Region:
    """Peoples the region household by household."""

    def __init__(self, seed: int, today: date, doctors: Mapping[str, UUID]) -> None:
        self.residents: list[Resident] = []
        self._rng = stream(seed, "residents")
        self._issuer = Issuer(stream(seed, "numbers"))
        self._today = today
        self._doctors = doctors
        self._households = 0

    def settle(self, home: Household) -> None:
        family = names.surname(self._rng, home.ethnicity)
        where = f"{self._rng.randrange(1, 9)}组{self._rng.randrange(1, 160)}号"
        is_poor = likely(self._rng, 4)
        born_on = self._today
        for figure in home.figures:
            if not figure.is_twin:
                born_on = self._born_on(figure)
            name = self._name(home, figure, family, born_on)
            self._add(home, figure.sex, name, born_on, where, is_poor)
        self._households += 1

    def _born_on(self, figure: Figure) -> date:
        """A birthday that makes the figure about this old today."""
        days = int(figure.age * 365.25) + self._rng.randrange(3, 364)
        return self._today - timedelta(days=days)

    def _name(self, home: Household, figure: Figure, family: str, born_on: date) -> str:
        # Wives keep their own surname.
        marries_in = figure.generation <= _PARENTS and figure.sex == "2"
        own = names.surname(self._rng, home.ethnicity) if marries_in else family
        return names.full_name(self._rng, own, figure.sex, born_on, home.ethnicity)

    def _add(  # noqa: PLR0917
        self,
        home: Household,
        sex: str,
        name: str,
        born_on: date,
        where: str,
        is_poor: bool,
    ) -> None:
        rng, today, village = self._rng, self._today, home.village
        person = fixed_id("resident", len(self.residents))
        age = ages.age_on(born_on, today)
        has = health.conditions(rng, age, sex)
        tags = tuple(
            health.tags(rng, born_on=born_on, has=has, is_poor=is_poor, today=today)
        )
        self.residents.append(
            Resident(
                id=person,
                name=name,
                sex=sex,
                born_on=born_on,
                died_at=papers.died_at(rng, age, today),
                ethnicity=home.ethnicity,
                identifiers=self._identifiers(village, born_on, sex),
                area_code=village,
                address=where,
                phone=self._issuer.mobile() if age >= ages.ADULT else "",
                insured_type=papers.insured_type(rng, village, age),
                insured_area=village[:6],
                household=self._households,
                conditions=has,
                tags=tags,
                contract=self._contract(person, village, tags),
                registered_by=papers.registrar(rng, village),
                registered_at=papers.registered_at(rng, born_on, today),
            )
        )

    def _identifiers(
        self, village: str, born_on: date, sex: str
    ) -> tuple[Identifier, ...]:
        return papers.identifiers(
            self._rng,
            self._issuer,
            village=village,
            born_on=born_on,
            sex=sex,
            today=self._today,
        )

    def _contract(
        self, person: UUID, village: str, tags: tuple[Tag, ...]
    ) -> Contract | None:
        """The cast's own household has one, whatever the dice say."""
        return papers.contract(
            self._rng,
            person=person,
            village=village,
            tags=tags,
            doctors=self._doctors,
            today=self._today,
            is_sure=self._households == 0,
        )


def _with_cast(found: list[Resident], today: date) -> list[Resident]:
    """The first household has fixed names; a neighbour shares the old lady's name."""
    for place, name in enumerate(_CAST_NAMES[: len(found)]):
        found[place] = replace(found[place], name=name, died_at=None)
    if found:
        found[0] = _as_cast_resident(found[0], today)
    for place in range(_NAMESAKE, len(found)):
        other = found[place]
        is_near = other.area_code[:9] == CAST_VILLAGE[:9]
        if is_near and other.sex == "2" and other.age_on(today) >= ages.ADULT:
            found[place] = replace(other, name=_CAST_NAMES[0])
            break
    return found


def _as_cast_resident(resident: Resident, today: date) -> Resident:
    since = today - timedelta(days=2200)
    chronic = (Tag(GroupTag.HYPERTENSION, since), Tag(GroupTag.DIABETES, since))
    others = tuple(tag for tag in resident.tags if tag.tag == GroupTag.ELDERLY)
    return replace(resident, conditions=_CAST_CONDITIONS, tags=(*others, *chronic))


def households(found: tuple[Resident, ...]) -> Iterator[list[Resident]]:
    """Residents by household, in order; those registered twice are left out."""
    home: list[Resident] = []
    for resident in found:
        if resident.likely_same_as is not None:
            continue
        if home and resident.household != home[0].household:
            yield home
            home = []
        home.append(resident)
    if home:
        yield home
