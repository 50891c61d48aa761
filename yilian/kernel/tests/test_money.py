"""Yuan and fen."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yilian.kernel import money
from yilian.kernel.money import (
    AmountWrong,
    fmt,
    fmt_yuan,
    parse_signed_yuan,
    parse_yuan,
    round_fen,
    yuan,
)

amounts = st.decimals(0, Decimal("999999999999.99"), places=2)


@pytest.mark.parametrize(
    ("exact", "rounded"),
    [
        ("283.3475", "283.35"),
        ("462.8625", "462.86"),
        ("0.005", "0.01"),
        ("-0.005", "-0.01"),
        ("1", "1.00"),
    ],
)
def test_half_a_fen_goes_up(exact: str, rounded: str) -> None:
    assert str(round_fen(Decimal(exact))) == rounded


@pytest.mark.parametrize(
    ("typed", "amount"),
    [
        ("1234.5", "1234.50"),
        ("1,234.50", "1234.50"),
        ("￥1,234", "1234.00"),
        ("¥0", "0.00"),
        ("１２．５元", "12.50"),
        (" 12 ", "12.00"),
    ],
)
def test_amounts_as_people_type_them(typed: str, amount: str) -> None:
    assert str(parse_yuan(typed)) == amount


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "请填写"),
        ("元", "请填写"),
        ("12.345", "两位小数"),
        ("-1", "负数"),
        ("NaN", "应为数字"),
        ("Infinity", "应为数字"),
        ("1e5", "应为数字"),
        ("1,23", "应为数字"),
        ("12.", "应为数字"),
        ("٣", "应为数字"),
        ("1000000000000", "过大"),
        ("9" * 10_000, "过大"),
    ],
)
def test_what_is_no_amount_is_refused(typed: str, words: str) -> None:
    with pytest.raises(AmountWrong) as refused:
        parse_yuan(typed)
    assert words in str(refused.value)


def test_corrections_may_be_negative() -> None:
    assert parse_signed_yuan("-170.00") == Decimal("-170.00")
    assert str(parse_signed_yuan("-0")) == "0.00"


def test_programs_cannot_make_money_of_floats() -> None:
    assert str(yuan("1.5")) == "1.50"
    with pytest.raises(TypeError):
        yuan(1.5)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        round_fen(1.5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="two places"):
        yuan("1.505")
    with pytest.raises(ValueError, match="finite"):
        yuan("NaN")


@given(amounts)
def test_what_is_shown_can_be_typed_again(amount: Decimal) -> None:
    assert parse_yuan(fmt(amount)) == amount
    assert parse_yuan(fmt_yuan(amount)) == amount
    assert parse_signed_yuan(fmt_yuan(-amount)) == -amount


@given(st.decimals(-(10**9), 10**9, places=6))
def test_rounding_moves_by_half_a_fen_at_most(amount: Decimal) -> None:
    assert abs(round_fen(amount) - amount) <= Decimal("0.005")


@given(st.integers(-(10**14), 10**14))
def test_fen_and_yuan_are_the_same_amount(fen: int) -> None:
    assert money.to_fen(money.from_fen(fen)) == fen
    assert Decimal(money.plain_yuan(fen)) == money.from_fen(fen)


@pytest.mark.parametrize(
    ("fen", "ratio", "part"),
    [(33335, "0.85", 28335), (123430, "0.375", 46286), (1, "0.5", 1), (0, "1", 0)],
)
def test_a_share_is_rounded_half_up(fen: int, ratio: str, part: int) -> None:
    assert money.share(fen, money.to_millionths(Decimal(ratio))) == part


def test_a_ratio_finer_than_millionths_is_refused() -> None:
    with pytest.raises(ValueError, match="six places"):
        money.to_millionths(Decimal("0.1234567"))
