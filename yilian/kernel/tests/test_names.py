"""Names as they are typed, shown masked, and found by pinyin."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yilian.kernel.names import (
    NameWrong,
    clean_name,
    is_chinese,
    mask_name,
    name_as_received,
    pinyin_of,
    pinyin_prefix,
    sort_key,
)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("张明", "张明"),
        ("\u3000张 明 ", "张明"),
        ("马・艾力", "马·艾力"),
        ("马•艾力", "马·艾力"),
        ("马‧艾力", "马·艾力"),
        ("马.艾力", "马·艾力"),
        ("马 · 艾力", "马·艾力"),
        ("马．艾力", "马·艾力"),
        ("𠮷田", "𠮷田"),
        ("张\U00031350", "张\U00031350"),
        ("徐〇", "徐〇"),
        ("⽅明", "方明"),
        ("张\u200b明", "张明"),
        ("葛\U000e0100明", "葛明"),
        ("John  Smith", "John Smith"),
        ("Ｊｏｈｎ Smith", "John Smith"),
        ("O’Brien", "O'Brien"),
        ("Jose\u0301", "José"),
        ("J. Smith", "J. Smith"),
        ("Иван Петров", "Иван Петров"),
        ("艾" * 50, "艾" * 50),
    ],
)
def test_a_name_is_kept_in_one_form(typed: str, kept: str) -> None:
    assert clean_name(typed) == kept


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "请填写姓名"),
        (" \u3000\u200b", "请填写姓名"),
        ("张", "至少两个字"),
        ("张3", "数字"),
        ("张３", "数字"),
        ("张Ⅲ", "数字"),
        ("张\x00明", "控制字符"),
        ("张\x1b明", "控制字符"),
        ("\u202e张明", "控制字符"),
        ("\ue000明", "国标字符"),
        ("张😀", "表情"),
        ("<b>张</b>", "<、>"),
        ("张明；", "只能有文字"),
        ('张"明', "只能有文字"),
        ("'--", "没有文字"),
        ("·张明", "间隔号"),
        ("马··艾力", "间隔号"),
        ("Z" + "\u0308" * 8 + "o", "附加符号"),
        ("艾" * 51, "最多 50"),
        ("a" * 101, "最多 100"),
        ("艾" * 1_000_000, "最多 100"),
    ],
)
def test_what_is_no_name_is_refused_with_words(typed: str, words: str) -> None:
    with pytest.raises(NameWrong) as refused:
        clean_name(typed)
    assert words in str(refused.value)


@given(st.text(max_size=60))
def test_cleaning_twice_changes_nothing_more(typed: str) -> None:
    try:
        kept = clean_name(typed)
    except NameWrong:
        return
    assert clean_name(kept) == kept
    assert "<" not in kept
    assert "\x00" not in kept


def test_names_from_other_systems_keep_digits_but_lose_what_does_harm() -> None:
    assert name_as_received("Jeffrey123  Smith456\x00") == "Jeffrey123 Smith456"
    with pytest.raises(NameWrong):
        name_as_received("\x00 \n")
    with pytest.raises(NameWrong):
        name_as_received("a" * 101)


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("张明", "张*"),
        ("张晓明", "张*明"),
        ("欧阳娜娜", "欧**娜"),
        ("马·艾力", "马·**"),
        ("阿卜杜拉·买买提", "阿***·***"),
        ("John Smith", "J*** S***"),
        ("𠮷田", "𠮷*"),
        ("", ""),
    ],
)
def test_masking(name: str, masked: str) -> None:
    assert mask_name(name) == masked


@given(st.text(alphabet="张王李明·艾力娜", min_size=2, max_size=12))
def test_masking_always_hides_something(name: str) -> None:
    assert mask_name(name) != name or set(name) <= {"·"} or len(name.strip("·")) < 2


@pytest.mark.parametrize(
    ("name", "full", "initials"),
    [
        ("张三丰", "zhangsanfeng", "zsf"),
        ("单田芳", "shantianfang", "stf"),
        ("解晓东", "xiexiaodong", "xxd"),
        ("仇英", "qiuying", "qy"),
        ("曾国藩", "zengguofan", "zgf"),
        ("查良镛", "zhaliangyong", "zly"),
        ("区小明", "ouxiaoming", "oxm"),
        ("盖晓明", "gexiaoming", "gxm"),
        ("朴明", "piaoming", "pm"),
        ("翟明", "zhaiming", "zm"),
        ("尉迟恭", "yuchigong", "ycg"),
        ("尉明", "weiming", "wm"),
        ("万俟明", "moqiming", "mqm"),
        ("单于明", "chanyuming", "cym"),
        ("乐正明", "yuezhengming", "yzm"),
        ("欧阳明", "ouyangming", "oym"),
        ("吕布", "lvbu", "lb"),
        ("马·艾力", "maaili", "mal"),
        ("阿卜杜拉·买买提", "abudulamaimaiti", "abdlmmt"),
        ("José Smith", "josesmith", "js"),
        ("", "", ""),
    ],
)
def test_pinyin_reads_surnames_as_people_do(
    name: str, full: str, initials: str
) -> None:
    assert pinyin_of(name) == (full, initials)


@given(st.text(max_size=30))
def test_pinyin_keys_are_plain_letters(name: str) -> None:
    key = pinyin_of(name)
    assert all("a" <= letter <= "z" for letter in key.full + key.initials)
    assert len(key.initials) <= len(key.full)


def test_names_stand_in_the_order_of_their_reading() -> None:
    names = ["周明", "单明", "安明", "曾明", "张明", "张敏"]
    assert sorted(names, key=sort_key) == [
        "安明",
        "单明",
        "曾明",
        "张敏",
        "张明",
        "周明",
    ]


def test_characters_without_reading_stand_last() -> None:
    assert sort_key("\U0002ebff明") > sort_key("周明")


def test_pinyin_that_is_typed_becomes_a_prefix() -> None:
    assert pinyin_prefix("Zhang San") == "zhangsan"
    assert pinyin_prefix("lü") == "lv"
    assert pinyin_prefix("张") is None
    assert pinyin_prefix("%") is None
    assert pinyin_prefix("") is None


def test_a_name_is_chinese_with_its_dot_and_rare_characters() -> None:
    assert is_chinese("马·艾力")
    assert is_chinese("𠮷田")
    assert not is_chinese("John")
