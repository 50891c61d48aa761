"""Title, what it is of, headings, rows, lines to sign: one writer for every module.

Cells are written as what they are: a text is never a formula, a link or a number, and
an amount of money is a number with two decimals. Rows are written as they come and are
not kept in memory.
"""

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
_LONGEST_TAB: Final = 31
_LEAST_COLUMNS: Final = 4  # that the title goes over
_YUAN: Final = _("元")  # in the heading of a column: it holds money
_PLACES: Final = 2  # of an amount of money under any other heading
_OPTIONS: Final = {
    "constant_memory": True,
    "remove_timezone": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
_CELL: Final = {"border": 1, "valign": "top"}
_FORMATS: Final[dict[str, dict[str, Any]]] = {
    "title": {"bold": True, "font_size": 16, "align": "center"},
    "head": {"bold": True, "border": 1, "align": "center", "text_wrap": True},
    "text": {**_CELL, "text_wrap": True},
    "money": {**_CELL, "num_format": "#,##0.00"},
    "number": {**_CELL, "num_format": "#,##0.####"},
    "count": _CELL,
    "day": {**_CELL, "num_format": "yyyy-mm-dd"},
    "moment": {**_CELL, "num_format": "yyyy-mm-dd hh:mm"},
}


@dataclass(frozen=True, slots=True)
class Sheet:
    """`about`: lines under the title; `foot`: lines under the rows (signatures);
    `tab`: where it is called otherwise than by its title, or has none."""

    title: str
    about: Sequence[str]
    heads: Sequence[tuple[str, int]]  # words and width
    rows: Iterable[Sequence[Any]]
    foot: Sequence[str] = ()
    tab: str = ""


def workbook(file_name: str, sheets: Iterable[Sheet]) -> HttpResponse:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, _OPTIONS) as book:
        formats = {name: book.add_format(how) for name, how in _FORMATS.items()}
        for sheet in sheets:
            tab = gettext(sheet.tab or sheet.title)[:_LONGEST_TAB]
            _write(book.add_worksheet(tab), formats, sheet)
    response = HttpResponse(buffer.getvalue(), content_type=TYPE)
    response["Content-Disposition"] = f'attachment; filename="{file_name}.xlsx"'
    response["Cache-Control"] = "no-store"
    return response


def signatures(*names: str) -> str:
    """One line for all who sign."""
    return "　　　　　　　　".join(f"{gettext(name)}：" for name in names)


def _write(page: Any, formats: dict[str, Any], sheet: Sheet) -> None:
    """From the top down: a row once left cannot be gone back to."""
    page.set_landscape()
    page.set_paper(_A4)
    page.fit_to_pages(1, 0)
    for place, (_words, width) in enumerate(sheet.heads):
        page.set_column(place, place, width)
    at = _top(page, formats, sheet)
    page.repeat_rows(at)
    page.freeze_panes(at + 1, 0)
    for place, (words, _width) in enumerate(sheet.heads):
        page.write_string(at, place, gettext(words), formats["head"])
    money = [_YUAN in words for words, _width in sheet.heads]
    for row in sheet.rows:
        at += 1
        for place, (value, is_money) in enumerate(zip(row, money, strict=True)):
            _cell(page, formats, (at, place), value, is_money=is_money)
    for line in sheet.foot:
        at += 2
        page.write_string(at, 0, line)


def _top(page: Any, formats: dict[str, Any], sheet: Sheet) -> int:
    """What stands above the headings; the row they come in."""
    at = 0
    if sheet.title:
        last = max(len(sheet.heads), _LEAST_COLUMNS) - 1
        page.merge_range(0, 0, 0, last, gettext(sheet.title), formats["title"])
        at = 1
    for line in (*_banner(), *sheet.about):
        page.write_string(at, 0, line)
        at += 1
    return at


def _banner() -> tuple[str, ...]:
    return (gettext(BANNER),) if settings.YILIAN_DEMO else ()


def _cell(
    page: Any,
    formats: dict[str, Any],
    at: tuple[int, int],
    value: Any,
    *,
    is_money: bool,
) -> None:
    if isinstance(value, str | Text) and (words := said(value)):
        page.write_string(*at, words, formats["text"])
    elif isinstance(value, bool):
        page.write_string(*at, gettext(_("是") if value else _("否")), formats["text"])
    elif isinstance(value, int | Decimal):
        page.write_number(*at, value, formats[_kind(value, is_money=is_money)])
    elif isinstance(value, datetime):
        page.write_datetime(*at, timezone.localtime(value), formats["moment"])
    elif isinstance(value, date):
        page.write_datetime(*at, value, formats["day"])
    else:
        page.write_blank(*at, None, formats["text"])


def _kind(value: int | Decimal, *, is_money: bool) -> str:
    if is_money:
        return "money"
    if isinstance(value, int):
        return "count"
    return "money" if value.as_tuple().exponent == -_PLACES else "number"
