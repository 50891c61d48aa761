"""Codes of institutions, with their check characters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yilian.kernel.codes import (
    CodeWrong,
    InsuranceCodeKind,
    check_credit_code,
    check_insurance_code,
    check_organisation_code,
    check_practice_licence,
    credit_check_character,
    organisation_check_character,
)

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
first17 = st.builds(
    lambda head, area, tail: f"{head}{area:06d}{tail}",
    st.text(ALPHABET, min_size=2, max_size=2),
    st.integers(0, 999999),
    st.text(ALPHABET, min_size=9, max_size=9),
)


@pytest.mark.parametrize("code", ["12640000455001237K", "12640104MB1A23457C"])
def test_credit_codes_pass(code: str) -> None:
    assert check_credit_code(code.lower() + " ") == code


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("12640000455001237L", "校验码"),
        ("12640000455001237", "18 位"),
        ("1264000045500I237K", "18 位"),
        ("", "18 位"),
        ("１２６４００００４５５００１２３７٧", "18 位"),
    ],
)
def test_wrong_credit_codes_are_refused(code: str, words: str) -> None:
    with pytest.raises(CodeWrong) as refused:
        check_credit_code(code)
    assert words in str(refused.value)


@given(first17)
def test_a_code_built_by_the_rule_passes(first: str) -> None:
    assert check_credit_code(first + credit_check_character(first))


@given(first17, st.integers(0, 16), st.integers(1, 9))
def test_one_mistyped_character_is_caught(first: str, at: int, by: int) -> None:
    code = first + credit_check_character(first)
    wrong = ALPHABET[(ALPHABET.index(code[at]) + by) % 31]
    with pytest.raises(CodeWrong):
        check_credit_code(code[:at] + wrong + code[at + 1 :])


def test_a_sum_that_is_a_multiple_of_31_has_check_0() -> None:
    assert credit_check_character("0" * 17) == "0"


def test_organisation_codes() -> None:
    assert check_organisation_code("45500123-7") == "455001237"
    assert organisation_check_character("45500123") == "7"
    with pytest.raises(CodeWrong, match="校验码"):
        check_organisation_code("455001238")
    with pytest.raises(CodeWrong, match="8 位"):
        check_organisation_code("4550012")


def test_a_practice_licence_number_has_five_parts() -> None:
    licence = check_practice_licence("45500123-7640104 11A1001")
    assert licence.organisation == "455001237"
    assert licence.area == "640104"
    assert licence.economic_type == "11"
    assert licence.institution_class == "A100"
    assert licence.management_class == "1"
    with pytest.raises(CodeWrong, match="22 位"):
        check_practice_licence("45500123764010411A100")


@pytest.mark.parametrize(
    ("kind", "right", "wrong"),
    [
        (InsuranceCodeKind.HOSPITAL, "h64010400001", "P64010400001"),
        (InsuranceCodeKind.PHARMACY, "P64010400001", "P6401040001"),
        (InsuranceCodeKind.PHYSICIAN, "D640104000001", "D64010400001"),
        (InsuranceCodeKind.NURSE, "N640104000001", "N64010400000A"),
    ],
)
def test_insurance_codes(kind: InsuranceCodeKind, right: str, wrong: str) -> None:
    assert check_insurance_code(kind, right) == right.upper()
    with pytest.raises(CodeWrong):
        check_insurance_code(kind, wrong)
