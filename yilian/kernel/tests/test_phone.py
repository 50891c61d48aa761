"""Telephone numbers as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yilian.kernel.phone import (
    Phone,
    PhoneKind,
    PhoneWrong,
    check_mobile,
    check_phone,
    mask_phone,
    tel_link,
)


@pytest.mark.parametrize(
    ("typed", "kind", "value"),
    [
        ("13812345678", PhoneKind.MOBILE, "13812345678"),
        ("138 1234 5678", PhoneKind.MOBILE, "13812345678"),
        ("+86-138-1234-5678", PhoneKind.MOBILE, "13812345678"),
        ("008613812345678", PhoneKind.MOBILE, "13812345678"),
        ("8613812345678", PhoneKind.MOBILE, "13812345678"),
        ("１３８１２３４５６７８", PhoneKind.MOBILE, "13812345678"),
        ("0951-6012345", PhoneKind.LANDLINE, "0951-6012345"),
        ("09516012345", PhoneKind.LANDLINE, "0951-6012345"),
        ("(0955)7012345转801", PhoneKind.LANDLINE, "0955-7012345-801"),
        ("+86 951 6012345", PhoneKind.LANDLINE, "0951-6012345"),
        ("010—62345678", PhoneKind.LANDLINE, "010-62345678"),
        ("0571-87654321", PhoneKind.LANDLINE, "0571-87654321"),
        ("400-601-2345", PhoneKind.SERVICE, "4006012345"),
        ("120", PhoneKind.SERVICE, "120"),
        ("12320", PhoneKind.SERVICE, "12320"),
        ("+1 (555) 123-4567", PhoneKind.FOREIGN, "+15551234567"),
    ],
)
def test_a_number_is_kept_in_one_form(typed: str, kind: PhoneKind, value: str) -> None:
    assert check_phone(typed) == Phone(kind, value)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "请填写电话号码"),
        ("\u3000", "请填写电话号码"),
        ("6012345", "区号"),
        ("1381234567", "11 位"),
        ("138123456789", "11 位"),
        ("12812345678", "11 位"),
        ("0951-601234", "电话号码不正确"),
        ("13812345678\x00", "只能由数字"),
        ("138%", "只能由数字"),
        ("٠١٣٨", "只能由数字"),
        ("1" * 41, "过长"),
    ],
)
def test_what_cannot_be_dialled_is_refused(typed: str, words: str) -> None:
    with pytest.raises(PhoneWrong) as refused:
        check_phone(typed)
    assert words in str(refused.value)


def test_a_message_needs_a_mobile_number() -> None:
    assert check_mobile("+8613812345678") == "13812345678"
    with pytest.raises(PhoneWrong):
        check_mobile("0951-6012345")


@given(st.text(alphabet="0123456789+-() 转x", max_size=45))
def test_checking_twice_changes_nothing_more(typed: str) -> None:
    try:
        phone = check_phone(typed)
    except PhoneWrong:
        return
    assert check_phone(phone.value) == phone


@pytest.mark.parametrize(
    ("value", "masked"),
    [
        ("13812345678", "138****5678"),
        ("0951-6012345", "0951-****345"),
        ("0951-6012345-801", "0951-****345"),
        ("+15551234567", "*********567"),
    ],
)
def test_masking(value: str, masked: str) -> None:
    assert mask_phone(value) == masked


def test_a_number_on_a_page_dials() -> None:
    assert tel_link(check_phone("13812345678")) == "tel:+8613812345678"
    assert tel_link(check_phone("0951-6012345-801")) == "tel:+869516012345;ext=801"
    assert tel_link(check_phone("120")) == "tel:120"
