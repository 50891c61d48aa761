"""What an office has on paper: identifiers, insurance, contract, registration."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Final
from uuid import UUID

from yilian.demo.world import places
from yilian.demo.world.chance import fixed_id, likely, pick
from yilian.demo.world.consortia.bodies import county_lead
from yilian.demo.world.institutions.plots import center_code, outpost_code
from yilian.demo.world.numbers import Issuer
from yilian.demo.world.people import ages
from yilian.demo.world.people.model import Contract, Identifier, Post, Tag
from yilian.foundation.access.actor import Role
from yilian.kernel.identity_number import IdentityKind
from yilian.kernel.tier import Tier

_CONTRACT_DAYS: Final = 365
_NEWBORN_DAYS: Final = 120
_DEAD_IN: Final = 60  # one of so many old people has died lately
_OLD: Final = 72
_KEY_PERCENT: Final = 66
_OTHER_PERCENT: Final = 22
_MOVED_IN: Final = 12  # one of so many has a number of another county
# City → code of the tertiary hospital that its residents choose.
TERTIARY_BY_CITY: Final[Mapping[str, str]] = {
    "6401": "640104-A1",
    "6402": "640202-A2",
    "6403": "640302-A1",
    "6404": "640402-A1",
    "6405": "640502-A1",
}


def contract_doctors(posts: Iterable[Post]) -> dict[str, UUID]:
    """Institution → the first physician's post: who signs for its residents."""
    found: dict[str, UUID] = {}
    for post in posts:
        if Role.PHYSICIAN in post.roles:
            found.setdefault(post.institution, post.id)
    return found


def identifiers(
    rng: Random,
    issuer: Issuer,
    *,
    village: str,
    born_on: date,
    sex: str,
    today: date,
) -> tuple[Identifier, ...]:
    """A newborn may only have the birth certificate yet."""
    if (today - born_on).days < _NEWBORN_DAYS and likely(rng, 50):
        certificate = f"{rng.choice('TUVW')}64{rng.randrange(10_000_000):07}"
        return (Identifier(IdentityKind.BIRTH_CERTIFICATE, certificate),)
    counties = places.counties()
    moved = rng.randrange(_MOVED_IN) == 0
    area = rng.choice(counties).code if moved else village[:6]
    number = issuer.identity_number(area, born_on, sex == "1")
    return (Identifier(IdentityKind.ID_CARD, number),)


def insured_type(rng: Random, village: str, age: int) -> str:
    """城乡居民 or 职工; few are not insured."""
    if likely(rng, 1.5):
        return "none"
    is_urban = not places.place(village).is_village
    if age < ages.ADULT or not is_urban:
        return pick(rng, {"resident": 94, "employee": 6 if age >= ages.ADULT else 0})
    return pick(rng, {"resident": 45, "employee": 55})


def died_at(rng: Random, age: int, today: date) -> datetime | None:
    if age < _OLD or rng.randrange(_DEAD_IN):
        return None
    day = today - timedelta(days=rng.randrange(20, 300))
    return datetime.combine(day, time(rng.randrange(24), rng.randrange(60)), UTC)


def contract(
    rng: Random,
    *,
    person: UUID,
    village: str,
    tags: tuple[Tag, ...],
    doctors: Mapping[str, UUID],
    today: date,
    is_sure: bool,
) -> Contract | None:
    """A 1+1+1 contract (NX-2.2.3-b), two of three key persons have one."""
    if not (is_sure or likely(rng, _KEY_PERCENT if tags else _OTHER_PERCENT)):
        return None
    center = center_code(village[:9])
    hospital = county_lead(village[:6])
    chosen = [(Tier.PRIMARY, center), (Tier.TERTIARY, TERTIARY_BY_CITY[village[:4]])]
    if hospital.tier == Tier.SECONDARY:
        chosen.insert(1, (Tier.SECONDARY, hospital.code))
    starts_on = today - timedelta(days=rng.randrange(5, _CONTRACT_DAYS - 10))
    return Contract(
        id=fixed_id("contract", person),
        chosen=tuple(chosen),
        doctor=doctors.get(center),
        starts_on=starts_on,
        ends_on=starts_on + timedelta(days=_CONTRACT_DAYS),
    )


def registrar(rng: Random, village: str) -> str:
    """Who opened the health record: mostly the health centre, else the clinic."""
    is_center = likely(rng, 70)
    return center_code(village[:9]) if is_center else outpost_code(village)


def registered_at(rng: Random, born_on: date, today: date) -> datetime:
    age_days = (today - born_on).days
    days = min(age_days - 1, rng.randrange(740, 3600)) if age_days > 1 else 0
    day = today - timedelta(days=max(0, days))
    return datetime.combine(day, time(rng.randrange(1, 9), rng.randrange(60)), UTC)
