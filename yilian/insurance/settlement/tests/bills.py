"""Short ways to write down a case in a test."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from yilian.insurance.policy.rules.files import shipped_set
from yilian.insurance.policy.rules.overrides import overridden
from yilian.insurance.policy.rules.sets import ParameterSet
from yilian.insurance.settlement.rules.case import (
    Case,
    CatalogClass,
    Insured,
    Kind,
    Line,
    Place,
    Referral,
    Scheme,
    Service,
    Used,
)
from yilian.insurance.settlement.rules.result import Settled
from yilian.insurance.settlement.rules.settle import settle
from yilian.kernel.money import plain_yuan, to_fen

SPRING = date(2018, 3, 1)


def demo(overrides: Mapping[str, Any] | None = None) -> ParameterSet:
    return overridden(shipped_set("NX-DEMO-2018"), overrides or {})


def fen(yuan: str | int) -> int:
    return to_fen(Decimal(yuan))


def lines(in_scope: str | int, total: str | int | None = None) -> tuple[Line, ...]:
    """A bill with so much in scope (class A), the rest class C."""
    inside = fen(in_scope)
    beyond = fen(total if total is not None else in_scope) - inside
    own = (Line(CatalogClass.C, beyond),) if beyond else ()
    return (Line(CatalogClass.A, inside), *own)


def stay(
    name: str,
    place: str,
    in_scope: str | int,
    total: str | int | None = None,
    *,
    day: int = 0,
    days: int = 5,
    referral: str = "first_contact",
    follows: str | None = None,
    **more: Any,
) -> Service:
    """A stay that begins so many days after 1 March 2018."""
    admitted = SPRING + timedelta(days=day)
    return Service(
        id=name,
        kind=Kind.INPATIENT,
        place=Place(place),
        admitted_on=admitted,
        discharged_on=admitted + timedelta(days=days),
        lines=more.pop("lines", None) or lines(in_scope, total),
        referral=Referral(referral),
        follows=follows,
        **more,
    )


def visit(
    name: str, place: str, in_scope: str | int, *, day: int = 0, **more: Any
) -> Service:
    on = SPRING + timedelta(days=day)
    scheme = Scheme(more.pop("scheme", "ordinary"))
    return Service(
        id=name,
        kind=Kind.OUTPATIENT,
        place=Place(place),
        admitted_on=on,
        discharged_on=on,
        lines=lines(in_scope),
        scheme=scheme,
        **more,
    )


def settled(
    *services: Service,
    insured: Insured | None = None,
    used: Used | None = None,
    overrides: Mapping[str, Any] | None = None,
    parameters: ParameterSet | None = None,
) -> list[Settled]:
    case = Case("case", insured or Insured(), services, used or Used())
    return list(settle(case, parameters or demo(overrides)).services)


def shown(service: Settled, *names: str) -> list[str]:
    """Amounts as they are printed: "2312.00"."""
    return [plain_yuan(service.amounts()[name]) for name in names]
