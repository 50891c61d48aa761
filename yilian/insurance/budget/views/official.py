"""Tables of one paper under its number, one beside the other, with lines to sign."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext

from yilian.foundation.sheets.writing import Sheet, signatures, workbook
from yilian.kernel.text import _

_WIDE: Final = 44  # the first column, which says of what the row is
_NARROW: Final = 18


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
    words = gettext(_("编号 {number} · 单位：元 · 导出日期 {day}"))
    about = words.format(number=number, day=timezone.localdate().isoformat())
    return workbook(
        file_name,
        [
            Sheet(
                title=f"{title} {gettext(one.title)}",
                about=[about],
                heads=_with_widths(one.heads),
                rows=one.rows,
                foot=[signatures(*signs)] if signs else [],
                tab=one.title,
            )
            for one in tables
        ],
    )


def _with_widths(heads: Sequence[str]) -> list[tuple[str, int]]:
    first, *others = heads
    return [(first, _WIDE), *((words, _NARROW) for words in others)]
