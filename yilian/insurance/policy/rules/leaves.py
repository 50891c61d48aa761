"""What one value may be: an amount, a ratio, a choice…, and how it is read.

A reader takes what a file, a page or the database holds (never a float) and gives
the value; `Wrong` says in words what is not right with it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from yilian.kernel.money import MAX_YUAN
from yilian.kernel.text import Text, _

NO_LIMIT: Final = "none"
RATIO_PLACES: Final = 4
# A ratio times a factor must stay exact to six places (see settlement's arithmetic).
FACTOR_PLACES: Final = 2
MONEY_PLACES: Final = 2
_MAX_DAYS: Final = 3660


class Wrong(ValueError):
    """Not a value of this kind; the text says why."""

    def __init__(self, template: str, **values: object) -> None:
        self.text = Text(template, values)
        super().__init__(template)


@dataclass(frozen=True, slots=True)
class Band:
    """From here on, this ratio holds: 分段."""

    start: Decimal
    ratio: Decimal


@dataclass(frozen=True, slots=True)
class Leaf:
    name: str
    read: Callable[[Any], Any]
    options: tuple[str, ...] = ()


def money(raw: Any) -> Decimal:
    return _number(raw, MONEY_PLACES, MAX_YUAN)


def money_or_none(raw: Any) -> Decimal | None:
    return None if raw is None or raw == NO_LIMIT else money(raw)


def ratio(raw: Any) -> Decimal:
    value = _number(raw, RATIO_PLACES, MAX_YUAN)
    if value > 1:
        raise Wrong(_("比例不能大于 1（100%）：{raw}"), raw=raw)
    return value


def factor(raw: Any) -> Decimal:
    value = ratio(raw)
    if _places(value) > FACTOR_PLACES:
        raise Wrong(_("系数最多 {places} 位小数：{raw}"), places=FACTOR_PLACES, raw=raw)
    return value


def whole(raw: Any) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int):
        raise Wrong(_("应为整数：{raw}"), raw=raw)
    if not 0 <= raw <= _MAX_DAYS:
        raise Wrong(_("应在 0 到 {most} 之间：{raw}"), most=_MAX_DAYS, raw=raw)
    return raw


def flag(raw: Any) -> bool:
    if not isinstance(raw, bool):
        raise Wrong(_("应为 true 或 false：{raw}"), raw=raw)
    return raw


def choice(*options: str) -> Callable[[Any], str]:
    def read(raw: Any) -> str:
        if raw not in options:
            raise Wrong(
                _("应为其中之一：{options}；而不是 {raw}"),
                options="、".join(options),
                raw=raw,
            )
        return str(raw)

    return read


def one_of(*options: str) -> Leaf:
    return Leaf("choice", choice(*options), options)


def words(raw: Any) -> tuple[str, ...]:
    if not isinstance(raw, list | tuple) or not all(isinstance(w, str) for w in raw):
        raise Wrong(_("应为文字的列表：{raw}"), raw=raw)
    return tuple(raw)


def bands(raw: Any) -> tuple[Band, ...]:
    """Ascending, beginning at 0, so that every amount lies in one band."""
    if not isinstance(raw, list | tuple) or not raw:
        raise Wrong(_("应为分段的列表"))
    read = tuple(_band(row) for row in raw)
    starts = [band.start for band in read]
    if starts[0] != 0 or starts != sorted(set(starts)):
        raise Wrong(_("各段起点须从 0 开始，逐段增大"))
    return read


MONEY: Final = Leaf("money", money)
MONEY_OR_NONE: Final = Leaf("money_or_none", money_or_none)
RATIO: Final = Leaf("ratio", ratio)
FACTOR: Final = Leaf("factor", factor)
WHOLE: Final = Leaf("whole", whole)
FLAG: Final = Leaf("flag", flag)
WORDS: Final = Leaf("words", words)
BANDS: Final = Leaf("bands", bands)


def plain(value: Any) -> Any:
    """The value as a file or JSON would hold it; `Leaf.read` reads it back."""
    if value is None:
        return NO_LIMIT
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, tuple):
        return [plain(part) for part in value]
    if isinstance(value, Band):
        return {"from": str(value.start), "ratio": str(value.ratio)}
    if isinstance(value, Mapping):
        return {name: plain(part) for name, part in value.items()}
    return value


def _band(row: Any) -> Band:
    if isinstance(row, Band):
        return row
    if not isinstance(row, Mapping) or set(row) != {"from", "ratio"}:
        raise Wrong(_("每段应写明 from 和 ratio：{raw}"), raw=row)
    return Band(money(row["from"]), ratio(row["ratio"]))


def _number(raw: Any, places: int, most: Decimal) -> Decimal:
    if isinstance(raw, bool | float) or not isinstance(raw, str | int | Decimal):
        raise Wrong(_('应写成带引号的数字，如 "0.85"：{raw}'), raw=raw)
    try:
        value = Decimal(raw)
    except InvalidOperation:
        raise Wrong(_("不是数字：{raw}"), raw=raw) from None
    if not value.is_finite() or not 0 <= value <= most:
        raise Wrong(_("不能为负数，也不能过大：{raw}"), raw=raw)
    if _places(value) > places:
        raise Wrong(_("最多 {places} 位小数：{raw}"), places=places, raw=raw)
    return value


def _places(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
