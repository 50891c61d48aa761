"""Notices to finance offices: once per cause, without any person's name."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.urls import reverse

from yilian.foundation.access.actor import Role
from yilian.foundation.notify.services import tell
from yilian.insurance.clearing.models import SharedService
from yilian.insurance.clearing.models_statement import Statement
from yilian.insurance.clearing.queries.houses import leads_of, name_of

TOPIC = "clearing"


def tell_of_slip(
    slip: SharedService, to: UUID, about: UUID, template: str, cause: str
) -> None:
    """`about`: the house named in the words."""
    tell(
        topic=TOPIC,
        template=template,
        values={"house": name_of(about), "number": slip.number},
        link=reverse("clearing:slip", args=[slip.id]),
        cause=f"clearing:{slip.id}:{cause}",
        institution_id=to,
        roles=[Role.FINANCE],
    )


def tell_of_statement(
    row: Statement,
    template: str,
    cause: str,
    *,
    to: UUID,
    values: Mapping[str, Any] | None = None,
    urgency: str = "routine",
) -> None:
    """To one house of the pair; `other` in the words is the house across."""
    across = row.other_id if to == row.one_id else row.one_id
    tell(
        topic=TOPIC,
        template=template,
        values=_values(row) | {"other": name_of(across)} | dict(values or {}),
        link=_link(row),
        cause=_cause(row, cause, to),
        institution_id=to,
        roles=[Role.FINANCE],
        urgency=urgency,
    )


def tell_offices(
    row: Statement, template: str, cause: str, values: Mapping[str, Any]
) -> None:
    """The offices of the houses that lead the consortium."""
    for house in leads_of(row.consortium_id):
        tell(
            topic=TOPIC,
            template=template,
            values=_values(row)
            | {"one": name_of(row.one_id), "other": name_of(row.other_id)}
            | dict(values),
            link=_link(row),
            cause=_cause(row, cause, house),
            institution_id=house,
            roles=[Role.CONSORTIUM_OFFICE],
            urgency="urgent",
        )


def _values(row: Statement) -> dict[str, Any]:
    return {"month": f"{row.period:%Y-%m}", "number": row.number}


def _cause(row: Statement, cause: str, house: UUID) -> str:
    return f"clearing:{row.id}:{cause}:{house.hex[-12:]}"


def _link(row: Statement) -> str:
    return reverse("clearing:statement", args=[row.id])
