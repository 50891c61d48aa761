"""Institutions and people for tests, made by plain inserts."""

from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from yilian.foundation.access.actor import Actor, Role
from yilian.foundation.identity.models import Account
from yilian.foundation.identity.rules import AccountKind
from yilian.kernel.ids import new_id
from yilian.registry.directory.models import (
    Department,
    Institution,
    Practitioner,
    PractitionerRole,
)
from yilian.registry.directory.queries import actor_of_staff
from yilian.registry.directory.rules import InstitutionKind, Level, tier_of

SINCE = date(2020, 1, 1)


def make_institution(
    name: str = "永宁县人民医院",
    kind: InstitutionKind = InstitutionKind.GENERAL_HOSPITAL,
    level: Level = Level.SECONDARY,
    *,
    area_code: str = "640121",
    **facts: Any,
) -> Institution:
    code = facts.pop("code", None) or f"T{str(new_id())[-12:].upper()}"
    return Institution.objects.create(
        code=code,
        legal_name=facts.pop("legal_name", name),
        short_name=name,
        pinyin=facts.pop("pinyin", ""),
        initials=facts.pop("initials", ""),
        kind=kind,
        tier=tier_of(kind, level),
        level=level,
        area_code=area_code,
        **facts,
    )


def make_authority(name: str = "银川市卫健委", area_code: str = "6401") -> Institution:
    return make_institution(
        name, InstitutionKind.AUTHORITY, Level.UNRATED, area_code=area_code
    )


def make_account(username: str = "", password: str = "") -> Account:
    account = Account(
        username=username or f"user{str(new_id())[-12:]}", kind=AccountKind.STAFF
    )
    if password:
        account.set_password(password)
    else:
        account.set_unusable_password()
    account.save()
    return account


def make_post(
    institution: Institution,
    *roles: Role,
    account: Account | None = None,
    name: str = "王医生",
    department: Department | None = None,
    practitioner: Practitioner | None = None,
    period: tuple[date | None, date | None] = (SINCE, None),
) -> PractitionerRole:
    return PractitionerRole.objects.create(
        practitioner=practitioner or Practitioner.objects.create(name=name),
        account=account or make_account(),
        institution=institution,
        department=department,
        roles=list(roles),
        period=period,
    )


def actor_at(institution: Institution, *roles: Role, name: str = "王医生") -> Actor:
    post = make_post(institution, *roles, name=name)
    assert post.account is not None
    actor = actor_of_staff(post.account, post.pk)
    assert actor is not None
    return actor


def days_ago(days: int) -> date:
    return timezone.localdate() - timedelta(days=days)
