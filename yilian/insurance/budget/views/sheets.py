"""A workbook in official form: title, number, unit, ruled cells, signatures."""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
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
_OPTIONS: Final = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
_WIDE, _NARROW = 44, 18
_LEAST_WIDTH = 4


@dataclass(frozen=True, slots=True)
class Table:
    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[Any]]


def table(title: str, heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> Table:
    return Table(title, heads, list(rows))


def sheet(
    file_name: str,
    tables: Iterable[Table],
    *,
    title: str,
    number: str,
    signs: Sequence[str] = (),
) -> HttpResponse:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, _OPTIONS) as book:
        pen = _Pen(book)
        for one in tables:
            pen.write(one, title, number, signs)
    response = HttpResponse(buffer.getvalue(), content_type=TYPE)
    response["Content-Disposition"] = f'attachment; filename="{file_name}.xlsx"'
    response["Cache-Control"] = "no-store"
    return response


class _Pen:
    def __init__(self, book: Any) -> None:
        ruled = {"border": 1, "valign": "top", "text_wrap": True}
        self._book = book
        self._title = book.add_format(
            {"bold": True, "font_size": 16, "align": "center"}
        )
        self._note = book.add_format({"font_color": "#444444"})
        self._head = book.add_format({**ruled, "bold": True, "align": "center"})
        self._text = book.add_format(ruled)
        self._money = book.add_format({**ruled, "num_format": "#,##0.00"})
        self._number = book.add_format({**ruled, "num_format": "#,##0.####"})

    def write(self, one: Table, title: str, number: str, signs: Sequence[str]) -> None:
        page = self._book.add_worksheet(gettext(one.title)[:31])
        page.set_paper(9)
        page.fit_to_pages(1, 0)
        last = max(len(one.heads), _LEAST_WIDTH) - 1
        page.set_column(0, 0, _WIDE)
        page.set_column(1, last, _NARROW)
        page.merge_range(0, 0, 0, last, f"{title} {gettext(one.title)}", self._title)
        page.write_string(1, 0, self._about(number), self._note)
        page.write_row(2, 0, [gettext(head) for head in one.heads], self._head)
        at = 3
        for row in one.rows:
            for column, value in enumerate(row):
                self._cell(page, at, column, value, one.heads[column])
            at += 1
        self._foot(page, at + 1, signs)

    def _about(self, number: str) -> str:
        today = timezone.localdate().isoformat()
        words = gettext(_("编号 {number} · 单位：元 · 导出日期 {day}"))
        return words.format(number=number, day=today)

    def _cell(self, page: Any, row: int, column: int, value: Any, head: str) -> None:
        if isinstance(value, Decimal | int) and not isinstance(value, bool):
            is_money = _("元") in head
            page.write_number(
                row, column, value, self._money if is_money else self._number
            )
        elif isinstance(value, date):
            page.write_string(row, column, value.isoformat(), self._text)
        else:
            words = said(value) if isinstance(value, str | Text) else ""
            page.write_string(row, column, words, self._text)

    def _foot(self, page: Any, row: int, signs: Sequence[str]) -> None:
        for column, name in enumerate(signs):
            page.write_string(row, column, f"{gettext(name)}：")
        if settings.YILIAN_DEMO:
            page.write_string(row + 1, 0, gettext(BANNER), self._note)
