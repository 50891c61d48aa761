"""Spreadsheets as they are opened: cells of their kind, headings that stay in sight."""

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.http import HttpResponse

from yilian.foundation.sheets.writing import Sheet, signatures, workbook

HEADS = (("项目", 20), ("金额（元）", 14), ("备注", 30), ("日期", 12))


@pytest.fixture(autouse=True)
def _in_earnest(settings: Any) -> None:
    """No banner above the headings."""
    settings.YILIAN_DEMO = False


def _made(rows: Iterable[Sequence[Any]], **more: Any) -> HttpResponse:
    return workbook("test", [Sheet("对账单", ["共一行"], HEADS, rows, **more)])


def _part(answer: HttpResponse, name: str = "xl/worksheets/sheet1.xml") -> str:
    with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
        return book.read(name).decode()


def _cell(answer: HttpResponse, place: str) -> str:
    found = re.search(rf'<c r="{place}"[^>]*?(?:/>|>.*?</c>)', _part(answer))
    assert found is not None
    return str(found[0])


def _format_of(answer: HttpResponse, place: str) -> str:
    """The number format of a cell, by its style."""
    style = re.search(r's="(\d+)"', _cell(answer, place))
    assert style
    styles = _part(answer, "xl/styles.xml")
    uses = re.findall(r"<xf [^>]*>", styles.split("<cellXfs")[1])
    code = re.search(r'numFmtId="(\d+)"', uses[int(style[1])])
    assert code
    own = dict(re.findall(r'numFmtId="(\d+)" formatCode="([^"]*)"', styles))
    return str(own.get(code[1], code[1]))


@pytest.mark.parametrize("text", ["=1+1", "+8613900000000", "-2", "@SUM(A1)", "007"])
def test_a_text_is_a_text_whatever_it_looks_like(text: str) -> None:
    cell = _cell(_made([[text, None, text, None]]), "A4")
    assert 't="inlineStr"' in cell
    assert f">{text}<" in cell
    assert "<f>" not in _part(_made([[text, None, text, None]]))


@pytest.mark.parametrize(
    ("value", "written"),
    [(Decimal("1204.50"), "1204.50"), (Decimal(0), "0"), (-3, "-3")],
)
def test_money_is_a_number_with_two_decimals(value: Any, written: str) -> None:
    answer = _made([["药费", value, "", None]])
    assert f"<v>{written}</v>" in _cell(answer, "B4")
    assert _format_of(answer, "B4") in ("#,##0.00", "4")  # 4: the same, built in


def test_under_other_headings_a_number_shows_what_it_is() -> None:
    answer = _made([[Decimal("12.00"), None, Decimal("0.1250"), 2026]])
    assert _format_of(answer, "A4") in ("#,##0.00", "4")
    assert _format_of(answer, "C4") == "#,##0.####"
    assert _format_of(answer, "D4") == "0"  # a year has no thousands


def test_days_and_moments_are_dates_of_this_place() -> None:
    late = datetime(2026, 3, 1, 17, 30, tzinfo=UTC)  # already the next day here
    answer = _made([[late, None, None, date(2026, 3, 1)]])
    assert "<v>46083.0625" in _cell(answer, "A4")  # 2 March, half past one
    assert _format_of(answer, "A4") == "yyyy-mm-dd hh:mm"
    assert "<v>46082</v>" in _cell(answer, "D4")
    assert _format_of(answer, "D4") == "yyyy-mm-dd"


def test_yes_and_no_are_words_and_nothing_is_an_empty_cell() -> None:
    answer = _made([[True, None, False, None]])
    assert ">是<" in _cell(answer, "A4")
    assert ">否<" in _cell(answer, "C4")
    assert "<v>" not in _cell(answer, "B4")


def test_the_headings_stay_in_sight_and_come_on_every_page() -> None:
    answer = _made([["", None, "", None]])
    assert re.search(r'<pane ySplit="3"[^>]*state="frozen"', _part(answer))
    assert "$3:$3" in _part(answer, "xl/workbook.xml")


def test_a_demo_says_so_on_every_sheet(settings: Any) -> None:
    settings.YILIAN_DEMO = True
    assert "演示数据" in _cell(_made([]), "A2")
    settings.YILIAN_DEMO = False
    assert "演示数据" not in _part(_made([]))


def test_without_a_title_its_lines_come_first_and_the_tab_says_what_it_is() -> None:
    rows = [["药费", Decimal(1), "", None]]
    answer = workbook("test", [Sheet("", ["共一行"], HEADS, rows, tab="明细")])
    found = [
        re.sub("<[^>]*>", "", _cell(answer, place)) for place in ("A1", "A2", "A3")
    ]
    assert found == ["共一行", "项目", "药费"]
    assert 'name="明细"' in _part(answer, "xl/workbook.xml")
    assert re.search(r'<pane ySplit="2"[^>]*state="frozen"', _part(answer))


def test_rows_are_written_as_they_come() -> None:
    """Asked for one by one, and not gathered first."""
    asked: list[int] = []

    def rows() -> Iterator[list[Any]]:
        for number in range(3):
            asked.append(number)
            yield [f"第{number}行", Decimal(number), "", None]

    sheet = Sheet("明细", [], HEADS, rows(), foot=[signatures("经办人", "复核人")])
    assert not asked
    text = _part(workbook("rows", [sheet]))
    assert asked == [0, 1, 2]
    places = [text.index(word) for word in ("第0行", "第1行", "第2行", "经办人：")]
    assert places == sorted(places)


def test_a_row_of_another_length_than_its_headings_is_an_error() -> None:
    with pytest.raises(ValueError, match="zip"):
        _made([["药费", Decimal(1)]])


def test_a_file_is_not_kept_by_those_who_pass_it_on() -> None:
    answer = _made([])
    assert answer["Cache-Control"] == "no-store"
    assert answer["Content-Disposition"] == 'attachment; filename="test.xlsx"'
