"""Text from people, and what is not let in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yilian.kernel.safe_text import (
    TextWrong,
    clean_line,
    clean_text,
    escape_like,
    is_blank,
    required_text,
)


def test_edges_are_trimmed_and_line_ends_made_one() -> None:
    assert clean_text("\u3000 第一行\r\n\t第二行\r \ufeff", max_length=20) == (
        "第一行\n\t第二行"
    )


@pytest.mark.parametrize(
    "bad",
    ["\x00", "a\x00b", "a\x07b", "a\x7fb", "a\x9bb", "a\ud800b", "a\u202eb", "a\uffff"],
)
def test_characters_that_do_harm_are_refused(bad: str) -> None:
    with pytest.raises(TextWrong, match="控制字符"):
        clean_text(bad, max_length=20)


def test_a_reason_of_513_characters_is_refused_with_the_count() -> None:
    assert clean_text("转" * 512, max_length=512)
    with pytest.raises(TextWrong) as refused:
        clean_text("转" * 513, max_length=512)
    assert str(refused.value) == "内容过长：最多 512 个字，现有 513 个，请删去 1 个。"


@pytest.mark.parametrize("harmless", ["<b>'; DROP", "%_", "😀", "马·艾力", "𠮷"])
def test_what_only_looks_dangerous_is_text(harmless: str) -> None:
    assert clean_text(harmless, max_length=20) == harmless


@pytest.mark.parametrize("blank", ["", " ", "\u3000", "\u200b\ufeff", "\n\t \u00a0"])
def test_blank_in_every_width(blank: str) -> None:
    assert is_blank(blank)
    assert clean_text(blank, max_length=5) == ""
    with pytest.raises(TextWrong, match="必填"):
        required_text(blank, max_length=5)


def test_a_line_has_no_line_ends() -> None:
    assert clean_line(" 高血压\n\n  患者 ", max_length=20) == "高血压 患者"


def test_wildcards_mean_themselves() -> None:
    assert escape_like(r"50%_\x") == r"50\%\_\\x"


@given(st.text(max_size=40))
def test_cleaning_twice_changes_nothing_more(raw: str) -> None:
    try:
        kept = clean_text(raw, max_length=40)
    except TextWrong:
        return
    assert clean_text(kept, max_length=40) == kept
    assert kept.encode().decode() == kept
    assert "\x00" not in kept


@given(st.text(max_size=20).filter(is_blank))
def test_what_is_blank_is_kept_as_nothing(raw: str) -> None:
    assert clean_text(raw, max_length=20) == ""


def test_ten_million_spaces_between_two_words_are_refused_at_once() -> None:
    with pytest.raises(TextWrong, match="过长"):
        clean_text("a" + " " * 10_000_000 + "b", max_length=500)
