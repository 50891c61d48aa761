"""What a stay for a group of diagnoses usually costs, from the region's own bills."""

from dataclasses import dataclass
from decimal import Decimal

from yilian.insurance.settlement.models import UsualCost
from yilian.insurance.settlement.rules.case import Kind, Place
from yilian.kernel.areas import NINGXIA

_GROUP: int = 3


@dataclass(frozen=True, slots=True)
class CostLine:
    """Quartiles of the total, and what part of it is in scope on average."""

    diagnosis_group: str
    place: Place
    count: int
    lower: Decimal
    median: Decimal
    upper: Decimal
    in_scope_share: Decimal


def group_of(diagnosis_code: str) -> str:
    """Three characters of ICD-10: I21.401 → I21."""
    return diagnosis_code.strip().upper()[:_GROUP]


def usual_cost(diagnosis_code: str, place: Place) -> CostLine | None:
    rows = UsualCost.objects.filter(
        area=NINGXIA,
        diagnosis_group=group_of(diagnosis_code),
        place=place.value,
        kind=Kind.INPATIENT.value,
    )
    row = rows.first()
    return _line(row) if row else None


def usual_costs(diagnosis_code: str = "") -> list[CostLine]:
    """Of one group, or of all, tier by tier."""
    rows = UsualCost.objects.filter(area=NINGXIA)
    if diagnosis_code:
        rows = rows.filter(diagnosis_group=group_of(diagnosis_code))
    return [_line(row) for row in rows.order_by("diagnosis_group", "place")]


def _line(row: UsualCost) -> CostLine:
    return CostLine(
        row.diagnosis_group,
        Place(row.place),
        row.count,
        row.lower,
        row.median,
        row.upper,
        row.in_scope_share,
    )
