"""A price list as CSV: each line is read alone, and what is wrong is said by line.

    code,kind,name,specification,unit,price,catalog_class,first_self_pay_rate,
    payment_standard,starts_on,source

Headings may also be the Chinese names of the columns; kinds and classes too.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from yilian.insurance.policy.rules.leaves import RATIO, Wrong
from yilian.insurance.policy.rules.prices import (
    CATALOG_CLASS_NAMES,
    PRICE_KIND_NAMES,
    CatalogClass,
    PriceKind,
    Wanted,
)
from yilian.insurance.policy.rules.typing_in import typed
from yilian.kernel.errors import DomainError, Invalid
from yilian.kernel.money import parse_yuan
from yilian.kernel.safe_text import clean_line
from yilian.kernel.text import Text, _
from yilian.kernel.width import compact

COLUMNS: Final[Mapping[str, str]] = {
    "code": _("编码"),
    "kind": _("类别"),
    "name": _("名称"),
    "specification": _("规格"),
    "unit": _("计价单位"),
    "price": _("价格"),
    "catalog_class": _("目录类别"),
    "first_self_pay_rate": _("先行自付比例"),
    "payment_standard": _("支付标准"),
    "starts_on": _("生效日期"),
    "source": _("依据"),
}
ALSO: Final = {"单位": "unit"}  # headings that lists have besides
NEEDED: Final = ("code", "kind", "name", "unit", "price", "starts_on", "source")
LARGEST: Final = 20_000_000
_KINDS: Final = {name: kind for kind, name in PRICE_KIND_NAMES.items()}
_CLASSES: Final = {name: known for known, name in CATALOG_CLASS_NAMES.items()} | {
    "甲": CatalogClass.A,
    "乙": CatalogClass.B,
    "丙": CatalogClass.C,
    "丙类": CatalogClass.C,
}
_FIRST: Final = date(1990, 1, 1)
_LAST: Final = date(2100, 1, 1)
_FORMULA: Final = frozenset("=+-@\t")
_MOST: Final = {"code": 32, "name": 120, "specification": 80, "unit": 20, "source": 200}


@dataclass(frozen=True, slots=True)
class BadLine:
    """`column`: "" where the whole line is meant."""

    number: int
    code: str
    column: str
    words: str | Text


@dataclass(frozen=True, slots=True)
class GoodLine:
    number: int
    wanted: Wanted


class LineWrong(ValueError):
    """What is wrong with one cell."""

    def __init__(self, column: str, words: str | Text) -> None:
        self.column, self.words = column, words
        super().__init__(column)


def read_prices(content: bytes) -> Iterator[GoodLine | BadLine]:
    """Raises `Invalid` where the file as a whole cannot be read."""
    reader = csv.DictReader(io.StringIO(_text(content)), strict=True)
    names = _headings(reader)
    try:
        for raw in reader:
            yield _line(
                reader.line_num, {names[k]: v for k, v in raw.items() if k in names}
            )
    except csv.Error:
        yield BadLine(
            reader.line_num, "", "", _("这一行的引号或分隔符不对，其后的行没有读取。")
        )


def _text(content: bytes) -> str:
    if len(content) > LARGEST:
        raise Invalid(_("文件超过 20 MB，请分成几个文件。"))
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise Invalid(_("文件不是 CSV 文本。请另存为 CSV（UTF-8）后再导入。"))


def _headings(reader: "csv.DictReader[str]") -> dict[str, str]:
    known = {name: name for name in COLUMNS} | {v: k for k, v in COLUMNS.items()}
    known |= ALSO
    try:
        given = reader.fieldnames or ()
    except csv.Error:
        given = ()
    names = {raw: known[raw.strip()] for raw in given if raw.strip() in known}
    missing = [COLUMNS[name] for name in NEEDED if name not in names.values()]
    if missing:
        raise Invalid(_("第一行缺少这些列：{columns}。"), columns=missing)
    return names


def _line(number: int, raw: Mapping[str, str | None]) -> GoodLine | BadLine:
    told = {name: _bare(value or "") for name, value in raw.items()}
    code = told["code"][: _MOST["code"]]
    try:
        return GoodLine(number, _wanted(told))
    except LineWrong as wrong:
        return BadLine(number, code, wrong.column, wrong.words)


def _bare(cell: str) -> str:
    """Without the sign that keeps a spreadsheet from running it as a formula."""
    text = cell.strip()
    return text[1:] if text[:1] == "'" and text[1:2] in _FORMULA else text


def wanted_of(told: Mapping[str, str]) -> Wanted:
    """One price as typed into a form; raises `Invalid` at its column."""
    try:
        return _wanted({name: value.strip() for name, value in told.items()})
    except LineWrong as wrong:
        raise Invalid(fields={wrong.column: wrong.words}) from None


def _wanted(told: Mapping[str, str]) -> Wanted:
    known = _class(told.get("catalog_class", ""))
    rate = _rate(told.get("first_self_pay_rate", ""))
    if rate is not None and known is not CatalogClass.B:
        raise LineWrong("first_self_pay_rate", _("只有乙类项目有先行自付比例。"))
    standard = told.get("payment_standard", "")
    return Wanted(
        code=code_of(told["code"]),
        kind=_kind(told["kind"]),
        name=_words("name", told["name"]),
        specification=_words("specification", told.get("specification", "")),
        unit=_words("unit", told["unit"]),
        price=_amount("price", told["price"]),
        catalog_class=known,
        first_self_pay_rate=rate,
        payment_standard=_amount("payment_standard", standard) if standard else None,
        starts_on=_day(told["starts_on"]),
        source=_words("source", told["source"]),
    )


def code_of(text: str) -> str:
    """Letters, digits, dots and lines, as catalogues number their items."""
    code = compact(text).upper()
    is_code = code.isascii() and code.replace("-", "").replace(".", "").isalnum()
    if not is_code or len(code) > _MOST["code"]:
        raise LineWrong("code", _("编码由字母、数字、点和横线组成，最多 32 位。"))
    return code


def _kind(text: str) -> PriceKind:
    found = _KINDS.get(text) or next((k for k in PriceKind if k == text), None)
    if found is None:
        names = list(PRICE_KIND_NAMES.values())
        raise LineWrong("kind", Text(_("类别应为：{names}"), {"names": names}))
    return found


def _class(text: str) -> CatalogClass:
    if not text:
        return CatalogClass.C
    found = _CLASSES.get(text) or next((c for c in CatalogClass if c == text), None)
    if found is None:
        raise LineWrong("catalog_class", _("目录类别应为甲、乙或丙。"))
    return found


def _rate(text: str) -> Decimal | None:
    if not text:
        return None
    try:
        rate: Decimal = RATIO.read(typed(RATIO, text))
    except Wrong as wrong:
        raise LineWrong("first_self_pay_rate", wrong.text) from None
    return rate


def _amount(column: str, text: str) -> Decimal:
    try:
        return parse_yuan(text)
    except DomainError as wrong:
        raise LineWrong(column, wrong.text) from None


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text.replace("/", "-"))
    except ValueError:
        raise LineWrong("starts_on", _("生效日期应写作 2026-01-01。")) from None
    if not _FIRST <= day <= _LAST:
        raise LineWrong("starts_on", _("生效日期不在合理的范围内。"))
    return day


def _words(column: str, text: str) -> str:
    try:
        line = clean_line(text, max_length=_MOST[column])
    except DomainError as wrong:
        raise LineWrong(column, wrong.text) from None
    if column in NEEDED and not line:
        raise LineWrong(column, _("此项必填。"))
    return line
