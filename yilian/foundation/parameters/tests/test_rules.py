"""Which value is in force, where and when."""

from datetime import date
from decimal import Decimal

import pytest

from yilian.foundation.parameters import rules
from yilian.foundation.parameters.rules import Key, Released
from yilian.kernel.dated import Dated, NoValueInForce

DAYS = Key("t.days", "时限", Dated({date(2018, 1, 1): 3, date(2026, 1, 1): 2}), None)


@pytest.mark.parametrize(
    ("released", "day", "area", "expected"),
    [
        pytest.param([], date(2020, 5, 1), "64", 3, id="the default"),
        pytest.param([], date(2026, 1, 1), "64", 2, id="the default's later value"),
        pytest.param([("64", 2020, 5)], date(2021, 1, 1), "64", 5, id="released"),
        pytest.param([("64", 2020, 5)], date(2019, 1, 1), "64", 3, id="not yet"),
        pytest.param(
            [("64", 2020, 5)], date(2026, 2, 1), "64", 2, id="the latest start wins"
        ),
        pytest.param(
            [("64", 2026, 9)], date(2026, 2, 1), "64", 9, id="before the default"
        ),
        pytest.param(
            [("64", 2020, 5), ("6402", 2020, 7)],
            date(2021, 1, 1),
            "640202",
            7,
            id="the nearer area wins",
        ),
        pytest.param(
            [("6402", 2020, 7)], date(2021, 1, 1), "640106", 3, id="another city"
        ),
        pytest.param(
            [("6402", 2022, 7)], date(2021, 1, 1), "640202", 3, id="city: not yet"
        ),
    ],
)
def test_value_in_force(
    released: list[tuple[str, int, int]], day: date, area: str, expected: int
) -> None:
    rows = [Released(code, date(year, 1, 1), value) for code, year, value in released]
    assert rules.in_force(DAYS, rows, day, area) == expected


def test_before_the_first_value_there_is_none() -> None:
    with pytest.raises(NoValueInForce):
        rules.in_force(DAYS, [], date(2017, 1, 1), "64")


def test_money_is_kept_as_text_and_read_as_decimal() -> None:
    key = Key(
        "t.yuan", "限额", Dated({date(2018, 1, 1): Decimal(1)}), None, read=Decimal
    )
    rows = [Released("64", date(2020, 1, 1), "0.10")]
    assert rules.in_force(key, rows, date(2020, 1, 1), "64") == Decimal("0.10")


def test_two_keys_cannot_have_one_name() -> None:
    rules.register(DAYS)
    assert rules.register(DAYS) is DAYS
    other = Key(DAYS.name, "别的", DAYS.default, None)
    with pytest.raises(ValueError, match=r"t\.days"):
        rules.register(other)
