"""Who works with parameters and prices."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.test import Client

from yilian.foundation.access.actor import Actor, Role
from yilian.foundation.identity.models import Account
from yilian.insurance.policy.models import ParameterSetVersion
from yilian.insurance.policy.rules.prices import CatalogClass, PriceKind, Wanted
from yilian.insurance.policy.services import drafting
from yilian.kernel.ids import new_id
from yilian.registry.directory.tests.cast import (
    actor_at,
    make_authority,
    make_institution,
)

FROM = date(2027, 1, 1)


def bureau(role: Role = Role.INSURER, area: str = "640000") -> Actor:
    return actor_at(make_authority(f"{role.value}{area}", area), role)


def hospital(role: Role) -> Actor:
    return actor_at(make_institution(f"医院{role.value}"), role)


def start(
    author: Actor, base: ParameterSetVersion, day: date = FROM, area_code: str = ""
) -> UUID:
    return drafting.draft_from(
        author,
        key=new_id(),
        version_id=base.pk,
        effective_from=day,
        title="2027 年度",
        source="宁医保发〔2026〕1号",
        area_code=area_code,
    )


def signed_in(actor: Actor) -> Client:
    client = Client()
    client.force_login(
        Account.objects.get(pk=str(actor.account_id)),
        backend="django.contrib.auth.backends.ModelBackend",
    )
    return client


def wanted(
    price: str = "10.00", starts_on: date = date(2024, 1, 1), **facts: Any
) -> Wanted:
    given: dict[str, Any] = {
        "code": "T001",
        "kind": PriceKind.SERVICE,
        "name": "远程会诊",
        "specification": "",
        "unit": "次",
        "catalog_class": CatalogClass.C,
        "first_self_pay_rate": None,
        "payment_standard": None,
        "source": "demo",
    }
    return Wanted(price=Decimal(price), starts_on=starts_on, **(given | facts))
