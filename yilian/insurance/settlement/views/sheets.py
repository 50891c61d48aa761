"""Rows as a spreadsheet in official form: title, what it is of, heads, rows, foot."""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

import xlsxwriter
from django.conf import settings
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext

from yilian.foundation.access.forms import said
from yilian.kernel.text import Text, _

TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
BANNER: Final = _("演示数据：人员、数字和事件均为虚构")
_A4: Final = 9
_OPTIONS: Final = {
    "in_memory": True,
    "remove_timezone": True,
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


@dataclass(frozen=True, slots=True)
class Sheet:
    """`about`: lines under the title; `foot`: lines under the rows (signatures)."""

    title: str
    about: Sequence[str]
    heads: Sequence[tuple[str, int]]  # words and width
    rows: Iterable[Sequence[Any]]
    foot: Sequence[str] = ()


def workbook(file_name: str, sheets: Iterable[Sheet]) -> HttpResponse:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, _OPTIONS) as book:
        formats = {name: book.add_format(how) for name, how in _FORMATS.items()}
        for sheet in sheets:
            page = book.add_worksheet(gettext(sheet.title)[:31])
            _write(page, formats, sheet)
    response = HttpResponse(buffer.getvalue(), content_type=TYPE)
    response["Content-Disposition"] = f'attachment; filename="{file_name}.xlsx"'
    response["Cache-Control"] = "no-store"
    return response


def _write(page: Any, formats: dict[str, Any], sheet: Sheet) -> None:
    last = len(sheet.heads) - 1
    page.set_landscape()
    page.set_paper(_A4)
    page.fit_to_pages(1, 0)
    for place, (_words, width) in enumerate(sheet.heads):
        page.set_column(place, place, width)
    page.merge_range(0, 0, 0, last, gettext(sheet.title), formats["title"])
    at = 1
    for line in (*_banner(), *sheet.about):
        page.write_string(at, 0, line)
        at += 1
    page.repeat_rows(at)
    for place, (words, _width) in enumerate(sheet.heads):
        page.write_string(at, place, gettext(words), formats["head"])
    for row in sheet.rows:
        at += 1
        for place, value in enumerate(row):
            _cell(page, formats, (at, place), value)
    for line in sheet.foot:
        at += 2
        page.write_string(at, 0, line)


def _banner() -> tuple[str, ...]:
    return (gettext(BANNER),) if settings.YILIAN_DEMO else ()


def _cell(page: Any, formats: dict[str, Any], at: tuple[int, int], value: Any) -> None:
    if isinstance(value, Decimal):
        page.write_number(*at, float(value), formats["money"])
    elif isinstance(value, datetime):
        page.write_datetime(*at, timezone.localtime(value), formats["day"])
    elif isinstance(value, date):
        page.write_datetime(*at, value, formats["day"])
    elif isinstance(value, int):
        page.write_number(*at, value, formats["text"])
    elif isinstance(value, str | Text):
        page.write_string(*at, said(value), formats["text"])
    else:
        page.write_blank(*at, None, formats["text"])
