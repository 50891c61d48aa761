"""What the price catalogue holds: kinds of items and classes of the insurer."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

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
