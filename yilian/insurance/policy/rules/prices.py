"""What the price catalogue holds, and where in time a new price finds its place."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Final

from yilian.kernel.errors import Conflict
from yilian.kernel.text import _


class PriceKind(StrEnum):
    DRUG = "drug"
    CONSUMABLE = "consumable"
    SERVICE = "service"
    TELE_SERVICE = "tele_service"


PRICE_KIND_NAMES: Final[Mapping[PriceKind, str]] = {
    PriceKind.DRUG: _("药品"),
    PriceKind.CONSUMABLE: _("医用耗材"),
    PriceKind.SERVICE: _("医疗服务"),
    PriceKind.TELE_SERVICE: _("远程医疗服务"),
}


class CatalogClass(StrEnum):
    """How far the fund takes an item into account, 目录类别."""

    A = "A"
    B = "B"
    C = "C"


CATALOG_CLASS_NAMES: Final[Mapping[CatalogClass, str]] = {
    CatalogClass.A: _("甲类"),
    CatalogClass.B: _("乙类"),
    CatalogClass.C: _("丙类（目录外）"),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A price as somebody sets it."""

    code: str
    kind: PriceKind
    name: str
    specification: str
    unit: str
    price: Decimal
    catalog_class: CatalogClass
    first_self_pay_rate: Decimal | None
    payment_standard: Decimal | None
    starts_on: date
    source: str


@dataclass(frozen=True, slots=True)
class Held:
    """The days of a price that is there already. `is_fresh`: set by this same act, so
    that nobody can have charged it yet."""

    start: date
    end: date | None
    is_fresh: bool = False

    def covers(self, day: date) -> bool:
        return self.start <= day and (self.end is None or day < self.end)


class PriceThere(Conflict):
    code = "price-there"


@dataclass(frozen=True, slots=True)
class Place:
    """The days of a new price, and the price that ends where it begins."""

    end: date | None
    closes: Held | None


def place_of(start: date, held: Iterable[Held], today: date) -> Place:
    """A new price closes the one before it and ends where the next one begins. What
    was charged yesterday is not changed: a price that is there is closed from today
    on, never earlier."""
    days = list(held)
    if any(one.start == start for one in days):
        raise PriceThere(
            _("这个项目自 {day} 起已有价格，不能覆盖。请另选生效日期。"), day=start
        )
    closes = next((one for one in days if one.covers(start)), None)
    if closes and start < today and not closes.is_fresh:
        raise PriceThere(
            _("{day} 已经过去，当时的价格不能改。新价格最早从今天起。"), day=start
        )
    later = [one.start for one in days if one.start > start]
    return Place(min(later, default=None), closes)
