"""What the forms of a pool begin with."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Q

from yilian.insurance.budget.models import Pool, PoolRevision
from yilian.registry.consortium.models import Consortium
from yilian.registry.consortium.rules import Form
from yilian.registry.directory.models import Institution
from yilian.registry.directory.queries import today
from yilian.registry.directory.rules import InstitutionKind, Sponsor

_MOST = 400
_SHARING = (Form.COUNTY_CONSORTIUM, Form.CITY_CONSORTIUM, Form.HOSPITAL_GROUP)


def consortium_choices(area_code: str) -> list[tuple[str, str]]:
    """Of the insurer's area; alliances and networks share no money."""
    rows = Consortium.objects.open_on(today()).filter(
        Q(area_code__startswith=area_code), form__in=[form.value for form in _SHARING]
    )
    named = rows.order_by("code").values_list("pk", "area_code", "alias")
    return [(str(pk), f"{alias}（{code}）") for pk, code, alias in named]


def next_month(pool: Pool) -> int:
    """The first that was not paid."""
    paid = {
        month
        for month, reverses in pool.advances.order_by("at", "pk").values_list(
            "month", "reverses"
        )
        if reverses is None
    }
    return next((month for month in range(1, 13) if month not in paid), 12)


def as_typed(revision: PoolRevision) -> dict[str, Any]:
    """As the form of a revision would have been filled in."""
    shares: Mapping[str, int] = revision.rules["shares"]["value"]
    return {
        "heads": revision.heads,
        "per_capita": revision.per_capita,
        "premium": revision.premium,
        "reserve_rate": revision.reserve_rate.normalize(),
        "advance_rate": revision.advance_rate.normalize(),
        "keep": _bands(revision.rules["keep"]["value"]),
        "overspend": _bands(revision.rules["overspend"]["value"]),
        "source": revision.source,
        **shares,
    }


def _bands(rows: Any) -> str:
    return ", ".join(f"{row['from']}:{row['ratio']}" for row in rows)


def house_choices(area_code: str) -> list[tuple[str, str]]:
    """Public houses of the area, which a subsidy can go to."""
    houses = Institution.objects.open_on(today()).filter(
        area_code__startswith=area_code, sponsor=Sponsor.GOVERNMENT.value
    )
    houses = houses.exclude(kind=InstitutionKind.AUTHORITY.value).exclude(
        kind=InstitutionKind.VILLAGE_CLINIC.value
    )
    named = houses.order_by("code").values_list("pk", "short_name")[:_MOST]
    return [(str(pk), name) for pk, name in named]
