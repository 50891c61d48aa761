"""What an item costs in an area on a day."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from yilian.insurance.policy.models import PriceItem
from yilian.kernel.areas import NINGXIA


@dataclass(frozen=True, slots=True)
class Price:
    """`area_code` is where the price was set: the nearest that has one."""

    id: UUID
    code: str
    area_code: str
    kind: str
    name: str
    specification: str
    unit: str
    price: Decimal
    catalog_class: str
    first_self_pay_rate: Decimal | None
    payment_standard: Decimal | None
    source: str


_FIELDS = (
    "id", "code", "area_code", "kind", "name", "specification", "unit", "price",
    "catalog_class", "first_self_pay_rate", "payment_standard", "source",
)  # fmt: skip


def price_of(code: str, day: date, area: str = NINGXIA) -> Price | None:
    """None where the catalogue has no price of it on that day."""
    return prices_on([code], day, area).get(code)


def prices_on(
    codes: Iterable[str], day: date, area: str = NINGXIA
) -> Mapping[str, Price]:
    """One question for all; codes without a price are left out."""
    around = [area[:length] for length in range(len(NINGXIA), len(area) + 1)]
    rows = PriceItem.objects.filter(
        code__in=set(codes), area_code__in=around, validity__contains=day
    )
    found = [Price(*facts) for facts in rows.values_list(*_FIELDS)]
    return {one.code: one for one in sorted(found, key=lambda one: len(one.area_code))}
