"""What is known of staff and residents; all of them invented."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from yilian.demo.world.people import ages
from yilian.foundation.access.actor import Role
from yilian.kernel.identity_number import IdentityKind
from yilian.kernel.tier import Tier
from yilian.registry.directory.rules import DutyKind
from yilian.registry.population.rules import GroupTag, Relation


@dataclass(frozen=True, slots=True)
class Practitioner:
    """`sex` is GB/T 2261.1: "1" or "2"; `username` is free for an account."""

    id: UUID
    username: str
    name: str
    sex: str
    title: str
    specialties: tuple[str, ...]
    licence_number: str
    phone: str


@dataclass(frozen=True, slots=True)
class Post:
    """Institution by code; `department` is a key, "" for none. Half-open period."""

    id: UUID
    practitioner: UUID
    institution: str
    department: str
    roles: tuple[Role, ...]
    starts_on: date
    ends_on: date | None = None


@dataclass(frozen=True, slots=True)
class Staff:
    practitioners: tuple[Practitioner, ...]
    posts: tuple[Post, ...]


@dataclass(frozen=True, slots=True)
class DutyShift:
    institution: str
    post: UUID
    kind: DutyKind
    starts_at: datetime
    ends_at: datetime
    phone: str


@dataclass(frozen=True, slots=True)
class CastMember:
    """One button of the demonstration's login page.

    Staff have `posts` (the first is opened), residents have `resident`.
    """

    username: str
    label: str
    says: str
    name: str
    practitioner: UUID | None = None
    posts: tuple[UUID, ...] = ()
    resident: UUID | None = None


@dataclass(frozen=True, slots=True)
class Identifier:
    kind: IdentityKind
    value: str


@dataclass(frozen=True, slots=True)
class Tag:
    tag: GroupTag
    starts_on: date
    ends_on: date | None = None


@dataclass(frozen=True, slots=True)
class Proxy:
    """`proxy` stands for `person`, who is the proxy's parent, child or ward."""

    person: UUID
    proxy: UUID
    relation: Relation
    starts_on: date
    ends_on: date | None = None


@dataclass(frozen=True, slots=True)
class Contract:
    """A 1+1+1 contract: tier → institution code, and the doctor's post."""

    id: UUID
    chosen: tuple[tuple[Tier, str], ...]
    doctor: UUID | None
    starts_on: date
    ends_on: date


@dataclass(frozen=True, slots=True)
class Resident:
    """`conditions` are keys of `health.PREVALENCE`; `likely_same_as` is a duplicate."""

    id: UUID
    name: str
    sex: str
    born_on: date
    died_at: datetime | None
    ethnicity: str
    identifiers: tuple[Identifier, ...]
    area_code: str
    address: str
    phone: str
    insured_type: str
    insured_area: str
    household: int
    conditions: frozenset[str]
    tags: tuple[Tag, ...]
    contract: Contract | None
    registered_by: str
    registered_at: datetime
    likely_same_as: UUID | None = None

    @property
    def county_code(self) -> str:
        return self.area_code[:6]

    def age_on(self, day: date) -> int:
        return ages.age_on(self.born_on, day)


@dataclass(frozen=True, slots=True)
class Population:
    residents: tuple[Resident, ...]
    proxies: tuple[Proxy, ...]
