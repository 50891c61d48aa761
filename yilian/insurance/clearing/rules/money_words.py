"""Amounts in formal Chinese numerals, as vouchers demand, 大写金额."""

from decimal import Decimal
from typing import Final

from yilian.kernel.money import to_fen

_DIGITS: Final = "零壹贰叁肆伍陆柒捌玖"
_PLACES: Final = ("", "拾", "佰", "仟")
_GROUPS: Final = ("", "万", "亿", "万亿")
_GROUP: Final = 10_000


def in_words(amount: Decimal) -> str:
    """1 204.50 → 壹仟贰佰零肆元伍角整."""
    yuan, rest = divmod(to_fen(amount), 100)
    jiao, fen = divmod(rest, 10)
    words = f"{_whole(yuan)}元" if yuan or not rest else ""
    if not rest:
        return f"{words}整"
    if jiao:
        words += f"{_DIGITS[jiao]}角"
    elif yuan:
        words += _DIGITS[0]
    return words + (f"{_DIGITS[fen]}分" if fen else "整")


def _whole(number: int) -> str:
    if number == 0:
        return _DIGITS[0]
    groups: list[int] = []
    while number:
        number, group = divmod(number, _GROUP)
        groups.append(group)
    words, owes_zero = "", False
    for place in range(len(groups) - 1, -1, -1):
        group = groups[place]
        if group == 0:
            owes_zero = bool(words)
            continue
        if words and (owes_zero or group < _GROUP // 10):
            words += _DIGITS[0]
        words += _four(group) + _GROUPS[place]
        owes_zero = False
    return words


def _four(number: int) -> str:
    words, owes_zero = "", False
    for place in (3, 2, 1, 0):
        digit = number // 10**place % 10
        if digit == 0:
            owes_zero = bool(words)
            continue
        words += (_DIGITS[0] if owes_zero else "") + _DIGITS[digit] + _PLACES[place]
        owes_zero = False
    return words
