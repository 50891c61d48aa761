"""A small world for tests: two institutions, their people, some residents."""

from datetime import date
from itertools import count
from typing import Any
from uuid import UUID

from yilian.foundation.access.actor import Actor, Reach, Role
from yilian.foundation.identity.models import Account
from yilian.kernel.names import pinyin_of
from yilian.kernel.tier import Tier
from yilian.registry.directory.models import (
    Department,
    Institution,
    Practitioner,
    PractitionerRole,
)
from yilian.registry.population.models import Person

_NUMBER = count(1)


def institution(name: str = "望远镇卫生院", tier: Tier = Tier.PRIMARY) -> Institution:
    kinds = {Tier.PRIMARY: "township_center", Tier.VILLAGE: "village_clinic"}
    return Institution.objects.create(
        code=f"T{next(_NUMBER):06}",
        legal_name=name,
        short_name=name,
        pinyin="",
        initials="",
        kind=kinds.get(tier, "general_hospital"),
        tier=tier.value,
        area_code="640121",
    )


def department(house: Institution, name: str = "心内科") -> Department:
    return Department.objects.create(
        institution=house, name=name, specialty="cardiology", has_ward=True
    )


def account(kind: str = "staff") -> Account:
    return Account.objects.create(username=f"test{next(_NUMBER)}", kind=kind)


def staff(house: Institution, *roles: Role, name: str = "周医生") -> Actor:
    """Somebody at work there, with an account and a post."""
    who = account()
    practitioner = Practitioner.objects.create(name=name)
    post = PractitionerRole.objects.create(
        practitioner=practitioner,
        account=who,
        institution=house,
        roles=sorted(role.value for role in roles),
        period=(date(2020, 1, 1), None),
    )
    return Actor(
        account_id=who.id,
        reach=Reach.INSTITUTION,
        roles=frozenset(roles),
        name=name,
        post_id=post.id,
        practitioner_id=practitioner.id,
        institution_id=house.id,
        institution_name=house.short_name,
        tier=Tier(house.tier) if house.tier else None,
        area_code=house.area_code,
    )


def resident_actor(*person_ids: UUID) -> Actor:
    return Actor(
        account_id=account("resident").id,
        reach=Reach.SELF,
        roles=frozenset({Role.RESIDENT}),
        person_ids=frozenset(person_ids),
    )


def person(name: str = "马秀英", **facts: Any) -> Person:
    read = pinyin_of(name)
    facts.setdefault("sex", "2")
    facts.setdefault("born_on", date(1960, 3, 8))
    facts.setdefault("area_code", "640121100201")
    return Person.objects.create(
        name=name, pinyin=read.full, initials=read.initials, **facts
    )
