"""What somebody typed for a value, and how a value stands in a table or a field.

85% · 0.85      a ratio
1,500 · 1500元  an amount; 不限 or nothing where there is no limit
0: 60%          one band a line
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from yilian.insurance.policy.rules.leaves import NO_LIMIT, Band, Leaf
from yilian.insurance.policy.rules.naming import code_of, name_of
from yilian.kernel.errors import DomainError
from yilian.kernel.money import parse_yuan
from yilian.kernel.text import _
from yilian.kernel.width import half_width

UNLIMITED: Final = _("不限")
_RATIOS: Final = frozenset({"ratio", "factor"})
_WORD_BREAKS: Final = "、，,；;\n"
_MOST_DIGITS: Final = 9
_NONE: Final = frozenset({"", UNLIMITED, NO_LIMIT, "-", "—"})


def typed(leaf: Leaf, text: str) -> Any:
    """As a file would hold it; what is no value stays as it is, for `leaf.read` to
    refuse in words."""
    plain = half_width(text).strip()
    read = _TYPED.get(leaf.name)
    return read(plain) if read else plain


def shown(leaf: Leaf, value: Any) -> Any:
    """In a table: 85%, 1,500.00, 不限. A tuple is a list of words or of bands."""
    if value is None:
        return UNLIMITED
    if leaf.name in _RATIOS:
        return percent(value)
    if leaf.name.startswith("money"):
        return f"{value:,.2f}"
    if leaf.name == "bands":
        return tuple(_band_shown(band) for band in value)
    if leaf.name == "flag":
        return _("是") if value else _("否")
    return value


def in_field(leaf: Leaf, value: Any) -> str:
    """In an input, so that `typed` reads the same value back."""
    if value is None:
        return UNLIMITED
    said = _IN_FIELD.get(leaf.name)
    return said(value) if said else str(value)


def percent(ratio: Decimal) -> str:
    return f"{(ratio * 100).normalize():f}%"


def _ratio(text: str) -> str:
    if not text.endswith("%"):
        return text
    number = text.removesuffix("%").strip()
    is_number = number.replace(".", "", 1).isdigit() and number.isascii()
    return str(Decimal(number).scaleb(-2)) if is_number else text


def _money(text: str) -> str:
    try:
        return str(parse_yuan(text))
    except DomainError:
        return text


def _words(text: str) -> list[str]:
    for sign in _WORD_BREAKS:
        text = text.replace(sign, " ")
    return [code_of(word) for word in text.split()]


def _band(line: str) -> dict[str, str]:
    start, _colon, ratio = line.partition(":")
    return {"from": _start(start.strip()), "ratio": _ratio(ratio.strip())}


def _start(text: str) -> str:
    """Amounts, or shares of an amount: 5%."""
    return _ratio(text) if text.endswith("%") else _money(text)


def _band_shown(band: Band) -> tuple[str, str]:
    start = (
        percent(band.start) if 0 < band.start < 1 else f"{band.start.normalize():,f}"
    )
    return start, percent(band.ratio)


def _bands(text: str) -> list[dict[str, str]]:
    return [_band(line) for line in text.splitlines() if line.strip()]


def _flag(text: str) -> bool | str:
    return text == "true" if text in {"true", "false"} else text


def _whole(text: str) -> int | str:
    is_number = text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS
    return int(text) if is_number else text


def _money_or_none(text: str) -> str:
    return NO_LIMIT if text in _NONE else _money(text)


def _plain_money(amount: Decimal) -> str:
    return f"{amount.normalize():,f}"


_TYPED: Final[Mapping[str, Callable[[str], Any]]] = {
    "bands": _bands,
    "words": _words,
    "flag": _flag,
    "whole": _whole,
    "ratio": _ratio,
    "factor": _ratio,
    "money": _money,
    "money_or_none": _money_or_none,
}
_IN_FIELD: Final[Mapping[str, Callable[[Any], str]]] = {
    "ratio": percent,
    "factor": percent,
    "money": _plain_money,
    "money_or_none": _plain_money,
    "bands": lambda value: "\n".join(": ".join(_band_shown(band)) for band in value),
    "words": lambda value: "、".join(str(name_of(word)) for word in value),
    "flag": lambda value: "true" if value else "false",
}
