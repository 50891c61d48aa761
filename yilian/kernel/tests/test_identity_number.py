"""What a desk is told about a number it typed."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yilian.kernel.identity_number import (
    KIND_NAMES,
    Checked,
    IdentityKind,
    IdentityNumberWrong,
    check,
    contradictions,
    mask_identity,
    swap_candidates,
    swapped_hint,
    temporary_number,
    ws364_code,
)
from yilian.kernel.resident_id import check_character
from yilian.kernel.sex import Sex

TODAY = date(2026, 3, 2)
K = IdentityKind


def with_check(first17: str) -> str:
    return first17 + check_character(first17)


def refusal(kind: IdentityKind, raw: str) -> str:
    with pytest.raises(IdentityNumberWrong) as refused:
        check(kind, raw, today=TODAY)
    return str(refused.value)


def test_an_id_card_tells_birth_date_sex_and_area() -> None:
    assert check(K.ID_CARD, "640104194901010029", today=TODAY) == Checked(
        kind=K.ID_CARD,
        value="640104194901010029",
        born_on=date(1949, 1, 1),
        sex=Sex.FEMALE,
        area="640104",
    )


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param("34052419800101001x", id="小写 x"),
        pytest.param(" 340524 19800101 001X ", id="空格"),
        pytest.param("３４０５２４１９８００１０１００１Ｘ", id="全角"),
        pytest.param("34052419800101001×", id="乘号代替 X"),
        pytest.param("340524\u3000198001010\u200b01X\ufeff", id="全角空格与不可见字符"),
    ],
)
def test_ways_of_typing_lead_to_one_number(typed: str) -> None:
    assert check(K.ID_CARD, typed, today=TODAY).value == "34052419800101001X"


def test_fifteen_digits_are_upgraded_and_this_is_kept() -> None:
    checked = check(K.ID_CARD, "640104490101002", today=TODAY)
    assert checked.value == "640104194901010029"
    assert checked.was_upgraded
    assert len(checked.warnings) == 1


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        pytest.param("", "请填写证件号码", id="空"),
        pytest.param(" \u3000\u200b", "请填写证件号码", id="只有空格"),
        pytest.param("64010419490101002", "现在是 17 位", id="少一位"),
        pytest.param("6401041949010100299", "现在是 19 位", id="多一位"),
        pytest.param("64010419490101OO29", "只能是数字", id="字母 O 当零"),
        pytest.param("X40104194901010029", "只能是数字", id="X 在别处"),
        pytest.param("040104194901010029", "首位不为 0", id="以零开头"),
        pytest.param("64010419490101\x000029", "", id="NUL"),
        pytest.param("340524198001010011", "校验码", id="校验码不符"),
        pytest.param("640104194902300029", "不存在", id="2 月 30 日"),
        pytest.param(with_check("64010419001301002"), "不存在", id="13 月"),
        pytest.param(with_check("64010418491231002"), "早于 1850 年", id="1849 年"),
        pytest.param(with_check("64010420260303002"), "在今天之后", id="明天出生"),
        pytest.param("640104490230002", "不存在", id="老号码 2 月 30 日"),
        pytest.param("9" * 10_000_000, "过长", id="一千万位"),
        pytest.param("911840199001010122", "外国人永久居留身份证", id="证件类型不对"),
        pytest.param("810000199408230021", "港澳台居民居住证", id="居住证当身份证"),
    ],
)
def test_an_id_card_is_refused_with_the_reason(typed: str, words: str) -> None:
    assert words in refusal(K.ID_CARD, typed)


def test_born_today_is_possible() -> None:
    number = with_check("64010420260302002")
    assert check(K.ID_CARD, number, today=TODAY).born_on == TODAY


@given(st.integers(0, 9), st.integers(0, 10**17))
def test_no_refusal_carries_the_number(last: int, first: int) -> None:
    typed = f"{first:017d}{last}"
    said = ""
    try:
        check(K.ID_CARD, typed, today=TODAY)
    except IdentityNumberWrong as wrong:
        said = str(wrong) + repr(wrong)
    assert typed not in said
    assert typed[6:14] not in said


def test_two_swapped_digits_raise_a_hint() -> None:
    assert swapped_hint("640104194901100029")
    assert "640104194901010029" in swap_candidates("640104194901100029")
    assert "有两位数字可能输反了" in refusal(K.ID_CARD, "640104194901100029")


def test_a_right_number_raises_no_hint() -> None:
    assert not swapped_hint("640104194901010029")
    assert not swapped_hint("no number at all")


@pytest.mark.parametrize(
    ("area", "known"),
    [
        ("640104", True),
        ("642221", True),  # abolished, still in people's numbers
        ("340524", True),
        ("640999", False),
        ("990000", None),
        ("170101", False),
    ],
)
def test_an_unknown_area_only_warns(area: str, known: bool | None) -> None:
    number = with_check(f"{area}19800101001")
    if known is None:
        assert "外国人" in refusal(K.ID_CARD, number)
        return
    warnings = check(K.ID_CARD, number, today=TODAY).warnings
    assert any("行政区划" in words for words in warnings) is not known


def test_an_age_that_nobody_reaches_only_warns() -> None:
    checked = check(K.ID_CARD, with_check("64010418990101002"), today=TODAY)
    assert any("120" in words for words in checked.warnings)


@pytest.mark.parametrize("number", ["810000199408230021", "830000199201300022"])
def test_residence_permits_of_hong_kong_macao_and_taiwan_pass(number: str) -> None:
    checked = check(K.HMT_RESIDENCE, number, today=TODAY)
    assert checked.born_on is not None
    assert checked.warnings == ()


def test_a_residence_permit_starts_with_its_region() -> None:
    assert "810000" in refusal(K.HMT_RESIDENCE, "640104194901010029")


def test_foreigners_have_new_numbers_with_a_birth_date_and_old_ones_without() -> None:
    new = check(K.FOREIGNER_RESIDENCE, "911840199001010122", today=TODAY)
    old = check(K.FOREIGNER_RESIDENCE, "usa110190010101", today=TODAY)
    assert (new.born_on, new.area) == (date(1990, 1, 1), "11")
    assert (old.value, old.born_on) == ("USA110190010101", None)
    assert "校验码" in refusal(K.FOREIGNER_RESIDENCE, "911840199001010123")
    assert "9 开头" in refusal(K.FOREIGNER_RESIDENCE, "640104194901010029")
    assert "3 位字母" in refusal(K.FOREIGNER_RESIDENCE, "123456789012345")


@pytest.mark.parametrize(
    ("kind", "right", "wrong"),
    [
        (K.HOUSEHOLD_BOOK, "640104001", "户口<b>"),
        (K.PASSPORT, "e12345678", "E1"),
        (K.OFFICER_CARD, "军字第0000001号", "军"),
        (K.HKM_PERMIT, "H12345678", "T12345678"),
        (K.HKM_PERMIT, "M1234567801", "M123456780"),
        (K.TAIWAN_PERMIT, "12345678", "1234567"),
        (K.BIRTH_CERTIFICATE, "p640000001", "640000001P"),
        (K.INSURANCE_NUMBER, "64000000001234567", "64-1"),
        (K.OTHER, "Z-1/2", "<script>"),
        (K.MEDICAL_RECORD_NUMBER, "a1b2-c3d4", "'; DROP TABLE"),
    ],
)
def test_other_documents_have_their_shapes(
    kind: IdentityKind, right: str, wrong: str
) -> None:
    assert check(kind, right, today=TODAY).value
    assert refusal(kind, wrong)


def test_foreign_record_numbers_keep_their_small_letters() -> None:
    number = "8a1e6c2f-0b7d-4b9e-9f00-aB3c"
    checked = check(K.MEDICAL_RECORD_NUMBER, number, today=TODAY)
    assert checked.value == number


def test_a_temporary_number_carries_institution_day_and_serial() -> None:
    number = temporary_number("nx001", TODAY, 7)
    assert number == "TNX001202603020007"
    assert check(K.TEMPORARY, number, today=TODAY).value == number
    assert "不存在" in refusal(K.TEMPORARY, "TNX001202602300007")
    assert "之后" in refusal(
        K.TEMPORARY, temporary_number("NX001", TODAY + timedelta(1), 7)
    )
    assert "机构代码" in refusal(K.TEMPORARY, "T1")
    with pytest.raises(ValueError, match="serial"):
        temporary_number("NX001", TODAY, 10_000)


def test_entered_facts_are_held_against_the_number() -> None:
    checked = check(K.ID_CARD, "640104194901010029", today=TODAY)
    agreed = contradictions(checked, born_on=date(1949, 1, 1), sex=Sex.FEMALE)
    assert agreed == {}
    found = contradictions(checked, born_on=date(1949, 1, 2), sex=Sex.MALE)
    assert set(found) == {"born_on", "sex"}
    unsaid = contradictions(checked, born_on=None, sex=Sex.UNKNOWN)
    assert unsaid == {}
    passport = check(K.PASSPORT, "E12345678", today=TODAY)
    assert contradictions(passport, born_on=TODAY, sex=Sex.MALE) == {}


@pytest.mark.parametrize(
    ("value", "masked"),
    [
        ("640104194901010029", "640104********0029"),
        ("E12345678", "E1*****78"),
        ("12345678", "12****78"),
        ("abc", "***"),
        ("", ""),
    ],
)
def test_masking(value: str, masked: str) -> None:
    assert mask_identity(value) == masked


@given(st.text(min_size=1, max_size=64).filter(lambda text: "*" not in text))
def test_masking_keeps_the_length_and_hides_at_least_four_in_nine(value: str) -> None:
    masked = mask_identity(value)
    assert len(masked) == len(value)
    assert masked.count("*") >= len(value) * 4 // 9


def test_every_kind_has_a_name_and_a_code() -> None:
    assert set(KIND_NAMES) == set(IdentityKind)
    assert ws364_code(K.ID_CARD) == "01"
    assert ws364_code(K.HKM_PERMIT) == "06"
    assert ws364_code(K.TEMPORARY) == "99"
