"""The price catalogue as a spreadsheet: what was asked for, and each price with its
ground."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext

from yilian.foundation.sheets.writing import Sheet, workbook
from yilian.insurance.policy.forms import AREAS
from yilian.insurance.policy.queries.catalogue import Asked, PriceLine
from yilian.insurance.policy.rules.prices import PRICE_KIND_NAMES
from yilian.kernel.text import _

TITLE: Final = _("价格目录")
HEADS: Final = (
    (_("编码"), 20), (_("类别"), 14), (_("名称"), 36), (_("规格"), 20),
    (_("计价单位"), 10), (_("价格（元）"), 14), (_("目录类别"), 16),
    (_("先行自付比例"), 14), (_("支付标准（元）"), 16), (_("地区"), 16),
    (_("生效日期"), 12), (_("依据"), 28),
)  # fmt: skip


def price_book(asked: Asked, lines: Sequence[PriceLine]) -> HttpResponse:
    sheet = Sheet(TITLE, list(_about(asked, lines)), HEADS, _rows(lines))
    return workbook(f"prices-{asked.day}", [sheet])


def _about(asked: Asked, lines: Sequence[PriceLine]) -> Iterator[str]:
    yield gettext(_("{day} 的价格　导出日期 {today}　共 {n} 项")).format(
        day=asked.day, today=timezone.localdate(), n=len(lines)
    )
    kind = gettext(PRICE_KIND_NAMES[asked.kind]) if asked.kind else ""
    narrowed = " · ".join(filter(None, (kind, asked.text)))
    if narrowed:
        yield narrowed


def _rows(lines: Iterable[PriceLine]) -> Iterator[tuple[Any, ...]]:
    for line in lines:
        yield (
            line.code, line.kind_name, line.name, line.specification, line.unit,
            line.price, line.class_name, line.rate_words, line.payment_standard,
            str(AREAS.get(line.area_code, line.area_code)), line.starts_on,
            _("演示值") if line.is_demo else line.source,
        )  # fmt: skip
