"""Money in yuan, exact to the fen; never a float, 金额."""

import re
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from yilian.kernel.errors import Invalid
from yilian.kernel.text import _
from yilian.kernel.width import compact


class AmountWrong(Invalid):
    code = "amount-wrong"


FEN: Final = Decimal("0.01")
ZERO: Final = Decimal("0.00")
MAX_YUAN: Final = Decimal("999999999999.99")  # decimal(14, 2)

# Sums over many bills are kept in whole fen, ratios in millionths: exact and fast.
Fen = int
Millionths = int
MILLION: Final = 1_000_000

_SHAPE: Final = re.compile(
    r"(?P<sign>-?)(?P<yuan>\d+|\d{1,3}(?:,\d{3})+)(?:\.(?P<fen>\d+))?", re.ASCII
)
_DIGITS_OF_FEN: Final = 2
_MAX_TYPED: Final = 40


def round_fen(amount: Decimal) -> Decimal:
    """Half up, away from zero: 0.005 → 0.01, -0.005 → -0.01."""
    _require_exact(amount)
    return amount.quantize(FEN, ROUND_HALF_UP)


def yuan(amount: Decimal | int | str) -> Decimal:
    """An amount in a program, with two places; refuses what is not exact to the fen."""
    if isinstance(amount, float | bool):
        raise TypeError("money is never a float")
    value = Decimal(amount)
    _require_exact(value)
    rounded = value.quantize(FEN, ROUND_HALF_UP)
    if rounded != value:
        raise ValueError("an amount has at most two places")
    return rounded


def to_fen(amount: Decimal) -> Fen:
    """Refuses what is not exact to the fen."""
    return int(yuan(amount) * 100)


def from_fen(fen: Fen) -> Decimal:
    return Decimal(fen).scaleb(-2)


def to_millionths(ratio: Decimal) -> Millionths:
    """0.85 → 850 000; refuses a seventh place."""
    _require_exact(ratio)
    scaled = ratio * MILLION
    if scaled != int(scaled):
        raise ValueError("a ratio has at most six places")
    return int(scaled)


def share(fen: Fen, ratio: Millionths) -> Fen:
    """A part of an amount not below zero, rounded half up."""
    return (fen * ratio + 500_000) // MILLION


def plain_yuan(fen: Fen) -> str:
    """1234.50, for files and interfaces."""
    if fen < 0:
        return f"-{plain_yuan(-fen)}"
    return f"{fen // 100}.{fen % 100:02d}"


def parse_yuan(raw: str) -> Decimal:
    """An amount as people type it: 1,234.5, ￥1234.50, 1234元; not below zero."""
    amount = parse_signed_yuan(raw)
    if amount < 0:
        raise AmountWrong(_("金额不能为负数。"))
    return amount


def parse_signed_yuan(raw: str) -> Decimal:
    """As `parse_yuan`, for corrections that may be negative."""
    match = _SHAPE.fullmatch(_bare(raw))
    if match is None:
        raise AmountWrong(_("金额应为数字，如 1234.50。"))
    fen = match["fen"] or ""
    if len(fen) > _DIGITS_OF_FEN:
        raise AmountWrong(_("金额最多两位小数（精确到分）。"))
    amount = Decimal(f"{match['yuan'].replace(',', '')}.{fen or '0'}").quantize(FEN)
    if amount > MAX_YUAN:
        raise AmountWrong(_("金额过大，请检查是否多输了数字。"))
    return -amount if match["sign"] and amount else amount


def fmt(amount: Decimal) -> str:
    """1,234.50, for tables whose heading says 元."""
    return f"{round_fen(amount):,.2f}"


def fmt_yuan(amount: Decimal) -> str:
    """¥1,234.50, −¥3.00."""
    sign = "−" if round_fen(amount) < 0 else ""
    return f"{sign}¥{fmt(abs(amount))}"


def _bare(raw: str) -> str:
    if len(raw) > _MAX_TYPED:
        raise AmountWrong(_("金额过大，请检查是否多输了数字。"))
    typed = compact(raw).replace("，", ",").replace("−", "-")
    bare = re.sub(r"^(-?)[¥￥]", r"\1", typed.removesuffix("元"))
    if not bare:
        raise AmountWrong(_("请填写金额。"))
    return bare


def _require_exact(amount: Decimal) -> None:
    if not isinstance(amount, Decimal):
        raise TypeError("money is a Decimal")
    if not amount.is_finite():
        raise ValueError("money is a finite number")
