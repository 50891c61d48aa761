"""Rows as a spreadsheet: the demo's banner first, then what was asked, then rows."""

import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

import xlsxwriter
from django.conf import settings
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext

from yilian.kernel.text import _

TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
BANNER: Final = _("演示数据：人员、数字和事件均为虚构")
_WIDTH: Final = 18
Part = tuple[str, Sequence[str], Iterable[Sequence[Any]]]


def sheet(file_name: str, parts: Iterable[Part], *, about: str) -> HttpResponse:
    """Each part (title, heads, rows) is a tab. Cells are written as what they are:
    a text that looks like a formula stays a text."""
    buffer = io.BytesIO()
    options = {
        "in_memory": True,
        "remove_timezone": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "default_date_format": "yyyy-mm-dd hh:mm",
    }
    with xlsxwriter.Workbook(buffer, options) as book:
        bold = book.add_format({"bold": True})
        for title, heads, rows in parts:
            page = book.add_worksheet(gettext(title)[:31])
            page.set_column(0, len(heads) - 1, _WIDTH)
            _write(page, bold, about, heads, rows)
    response = HttpResponse(buffer.getvalue(), content_type=TYPE)
    response["Content-Disposition"] = f'attachment; filename="{file_name}.xlsx"'
    response["Cache-Control"] = "no-store"
    return response


def _write(
    page: Any,
    bold: Any,
    about: str,
    heads: Sequence[str],
    rows: Iterable[Sequence[Any]],
) -> None:
    at = 0
    if settings.YILIAN_DEMO:
        page.write_string(at, 0, gettext(BANNER), bold)
        at += 1
    page.write_string(at, 0, about)
    page.write_row(at + 1, 0, [gettext(head) for head in heads], bold)
    for number, row in enumerate(rows, at + 2):
        page.write_row(number, 0, [_cell(value) for value in row])


def _cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return timezone.localtime(value)
    if isinstance(value, bool):
        return gettext(_("是")) if value else gettext(_("否"))
    if isinstance(value, str):
        return gettext(value) if value else ""
    return value
