"""The price catalogue as a spreadsheet: title, what was asked for, heads, rows."""

import io
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

import xlsxwriter
from django.conf import settings
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext

from yilian.foundation.access.forms import said
from yilian.insurance.policy.forms import AREAS
from yilian.insurance.policy.queries.catalogue import Asked, PriceLine
from yilian.insurance.policy.rules.prices import PRICE_KIND_NAMES
from yilian.kernel.text import Text, _

TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
BANNER: Final = _("演示数据：人员、数字和事件均为虚构")
TITLE: Final = _("价格目录")
HEADS: Final = (
    (_("编码"), 20), (_("类别"), 14), (_("名称"), 36), (_("规格"), 20),
    (_("计价单位"), 10), (_("价格（元）"), 14), (_("目录类别"), 16),
    (_("先行自付比例"), 14), (_("支付标准（元）"), 16), (_("地区"), 16),
    (_("生效日期"), 12), (_("依据"), 28),
)  # fmt: skip
_A4: Final = 9
_OPTIONS: Final = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
_FORMATS: Final[dict[str, dict[str, Any]]] = {
    "title": {"bold": True, "font_size": 16, "align": "center"},
    "head": {"bold": True, "border": 1, "align": "center", "text_wrap": True},
    "text": {"border": 1, "text_wrap": True, "valign": "top"},
    "money": {"border": 1, "num_format": "#,##0.00"},
    "day": {"border": 1, "num_format": "yyyy-mm-dd"},
}


def price_book(asked: Asked, lines: Sequence[PriceLine]) -> HttpResponse:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, _OPTIONS) as book:
        formats = {name: book.add_format(how) for name, how in _FORMATS.items()}
        page = book.add_worksheet(gettext(TITLE)[:31])
        _write(page, formats, _about(asked, lines), lines)
    response = HttpResponse(buffer.getvalue(), content_type=TYPE)
    name = f'attachment; filename="prices-{asked.day}.xlsx"'
    response["Content-Disposition"] = name
    response["Cache-Control"] = "no-store"
    return response


def _about(asked: Asked, lines: Sequence[PriceLine]) -> Iterator[str]:
    if settings.YILIAN_DEMO:
        yield gettext(BANNER)
    yield gettext(_("{day} 的价格　导出日期 {today}　共 {n} 项")).format(
        day=asked.day, today=timezone.localdate(), n=len(lines)
    )
    kind = gettext(PRICE_KIND_NAMES[asked.kind]) if asked.kind else ""
    narrowed = " · ".join(filter(None, (kind, asked.text)))
    if narrowed:
        yield narrowed


def _write(
    page: Any,
    formats: dict[str, Any],
    about: Iterator[str],
    lines: Sequence[PriceLine],
) -> None:
    page.set_landscape()
    page.set_paper(_A4)
    page.fit_to_pages(1, 0)
    page.merge_range(0, 0, 0, len(HEADS) - 1, gettext(TITLE), formats["title"])
    at = 1
    for words in about:
        page.write_string(at, 0, words)
        at += 1
    page.repeat_rows(at)
    for place, (words, width) in enumerate(HEADS):
        page.set_column(place, place, width)
        page.write_string(at, place, gettext(words), formats["head"])
    for row, line in enumerate(lines, at + 1):
        for place, value in enumerate(_cells(line)):
            _cell(page, formats, (row, place), value)


def _cells(line: PriceLine) -> tuple[Any, ...]:
    return (
        line.code, line.kind_name, line.name, line.specification, line.unit,
        line.price, line.class_name, line.rate_words, line.payment_standard,
        str(AREAS.get(line.area_code, line.area_code)), line.starts_on,
        _("演示值") if line.is_demo else line.source,
    )  # fmt: skip


def _cell(page: Any, formats: dict[str, Any], at: tuple[int, int], value: Any) -> None:
    if isinstance(value, Decimal):
        page.write_number(*at, float(value), formats["money"])
    elif isinstance(value, date):
        page.write_datetime(*at, value, formats["day"])
    elif isinstance(value, str | Text):
        page.write_string(*at, said(value), formats["text"])
    else:
        page.write_blank(*at, None, formats["text"])
