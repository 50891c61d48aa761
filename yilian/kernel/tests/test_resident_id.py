"""The arithmetic of GB 11643: what it must always catch."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yilian.kernel import resident_id
from yilian.kernel.sex import Sex

births = st.dates(date(1850, 1, 1), date(2099, 12, 31))


@st.composite
def numbers(draw: st.DrawFn) -> str:
    area = draw(st.integers(110000, 659999))
    order = draw(st.integers(0, 999))
    first17 = f"{area}{draw(births):%Y%m%d}{order:03d}"
    return first17 + resident_id.check_character(first17)


@pytest.mark.parametrize(
    "number", ["640104194901010029", "640122198507311238", "34052419800101001X"]
)
def test_numbers_of_the_standard_are_valid(number: str) -> None:
    assert resident_id.is_valid(number)


@pytest.mark.parametrize(
    "number",
    [
        pytest.param("340524198001010011", id="校验码不符"),
        pytest.param("640104194902300029", id="2 月 30 日"),
        pytest.param("34052419800101001x", id="小写 x 须先换成大写"),
        pytest.param("64010419490101002", id="少一位"),
        pytest.param("٦٤٠١٠٤١٩٤٩٠١٠١٠٠٢٩", id="其他文字的数字"),
        pytest.param("", id="空"),
    ],
)
def test_other_numbers_are_not(number: str) -> None:
    assert not resident_id.is_valid(number)


@given(numbers())
def test_a_number_built_by_the_rule_is_valid(number: str) -> None:
    assert resident_id.is_valid(number)


@given(numbers(), st.integers(0, 16), st.integers(1, 9))
def test_one_mistyped_digit_is_always_caught(number: str, at: int, by: int) -> None:
    wrong = str((int(number[at]) + by) % 10)
    assert not resident_id.is_valid(number[:at] + wrong + number[at + 1 :])


@given(numbers(), st.integers(0, 16))
def test_two_neighbours_that_change_places_are_caught_and_found_again(
    number: str, at: int
) -> None:
    swapped = number[:at] + number[at + 1] + number[at] + number[at + 2 :]
    if swapped == number:
        return
    assert not resident_id.is_valid(swapped)
    assert number in resident_id.one_swap_away(swapped)


@given(numbers())
def test_a_valid_number_is_never_one_swap_from_another(number: str) -> None:
    assert resident_id.one_swap_away(number) == frozenset()


@given(numbers())
def test_odd_orders_are_men(number: str) -> None:
    expected = Sex.MALE if number[16] in "13579" else Sex.FEMALE
    assert resident_id.sex(number) is expected


def test_an_old_number_gains_its_century_and_check_character() -> None:
    assert resident_id.upgrade("640104490101002") == "640104194901010029"


def test_orders_of_centenarians_mean_the_century_before() -> None:
    assert resident_id.upgrade("640104990101997")[6:10] == "1899"
