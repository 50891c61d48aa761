"""JSON in and out without losing a digit."""

import copy
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yilian.kernel.canonical import (
    JsonWrong,
    Number,
    canonical_json,
    dump_json,
    is_unchanged,
    parse_json,
    parse_object,
    without_server_facts,
)

storable = st.text(
    st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=8
)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.decimals(allow_nan=False, allow_infinity=False, places=3)
    | storable
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(storable, inner, max_size=4)
    ),
    max_leaves=20,
)


@pytest.mark.parametrize(
    "text",
    [
        '{"value":1.50,"unit":"mg"}',
        '{"b":1,"a":2}',
        "[0.0000001,1e5,1E+5,-0,-0.0,100,1.0e-10]",
        '{"name":"马·艾力","note":"第一行\\n第二行","quote":"\\""}',
        "[]",
        "{}",
        "null",
        "[true,false,null,[[]],{}]",
        "123456789012345678901234567890.12",
    ],
)
def test_what_was_received_is_written_as_it_came(text: str) -> None:
    assert dump_json(parse_json(text)) == text


@given(values)
def test_our_own_values_come_back(value: Any) -> None:
    text = dump_json(value)
    assert dump_json(parse_json(text)) == text
    assert parse_json(text) == value
    json.loads(text)


def test_a_number_is_a_decimal_that_calculates() -> None:
    price = parse_json("1.50")
    assert price == Decimal("1.5")
    assert price + 1 == Decimal("2.50")
    assert str(copy.deepcopy(parse_json("1e-7"))) == "1e-7"
    assert isinstance(copy.copy(price), Number)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "第 1 行第 1 个字符"),
        ('{"a":1,}', "不是合法的 JSON"),
        ('{"a":1}x', "不是合法的 JSON"),
        ("\ufeff{}", "不是合法的 JSON"),
        ('{"a":1,"a":2}', "重复的名称"),
        ('[{"b":{"c":1,"c":1}}]', "重复的名称"),
        ("NaN", "NaN"),
        ("[-Infinity]", "NaN"),
        ('"a\x00b"', "不是合法的 JSON"),
        ('"a\\u0000b"', "不能保存的字符"),
        ('{"a\\u0000":1}', "不能保存的字符"),
        ('"张\\u0000"', "不能保存的字符"),
        ('"\\ud800"', "不能保存的字符"),
        ("9" * 65, "过长的数字"),
        ("0." + "9" * 70, "过长的数字"),
        ("9" * 10_000, "过长的数字"),
        ("[" * 65 + "]" * 65, "嵌套过深"),
        ('{"a":' * 65 + "1" + "}" * 65, "嵌套过深"),
        ("[" * 200_000, "嵌套过深"),
    ],
)
def test_what_cannot_be_kept_is_refused(text: str, words: str) -> None:
    with pytest.raises(JsonWrong) as refused:
        parse_json(text)
    assert words in str(refused.value)


def test_64_levels_are_allowed() -> None:
    assert parse_json("[" * 64 + "]" * 64)


def test_a_pair_of_surrogates_is_one_character() -> None:
    assert parse_json('"\\ud842\\udfb7"') == "𠮷"


def test_a_resource_is_an_object() -> None:
    assert parse_object('{"resourceType":"Patient"}') == {"resourceType": "Patient"}
    with pytest.raises(JsonWrong, match="对象"):
        parse_object("[]")


@pytest.mark.parametrize("value", [1.5, float("nan"), Decimal("NaN"), {1, 2}, b"x"])
def test_values_without_exact_text_are_not_written(value: object) -> None:
    with pytest.raises(TypeError):
        dump_json({"value": value})


STORED = (
    '{"resourceType":"Observation","id":"x","meta":{"versionId":"3",'
    '"lastUpdated":"2026-03-02T01:00:00Z"},"valueQuantity":{"value":1.50}}'
)


@pytest.mark.parametrize(
    ("received", "unchanged"),
    [
        ('{"resourceType":"Observation","valueQuantity":{"value":1.50}}', True),
        ('{"valueQuantity":{"value":1.50},"resourceType":"Observation"}', True),
        ('{"id":"y","resourceType":"Observation","meta":{},'
         '"valueQuantity":{"value":1.50}}', True),
        ('{"resourceType":"Observation","valueQuantity":{"value":1.5}}', False),
        ('{"resourceType":"Observation","valueQuantity":{"value":"1.50"}}', False),
        ('{"resourceType":"Observation","meta":{"profile":["p"]},'
         '"valueQuantity":{"value":1.50}}', False),
        ('{"resourceType":"Observation","valueQuantity":{"id":"z","value":1.50}}',
         False),
    ],
)  # fmt: skip
def test_unchanged_but_for_what_the_server_sets(received: str, unchanged: bool) -> None:
    assert is_unchanged(STORED, received) is unchanged
    assert is_unchanged(received, STORED) is unchanged


def test_true_is_not_one() -> None:
    assert not is_unchanged('{"a":true}', '{"a":1}')


def test_the_resource_itself_is_left_alone() -> None:
    resource = parse_object(STORED)
    without_server_facts(resource)
    assert dump_json(resource) == STORED


@given(st.dictionaries(storable, scalars, max_size=6), st.randoms())
def test_the_order_of_names_says_nothing(resource: dict[str, Any], random: Any) -> None:
    names = list(resource)
    random.shuffle(names)
    shuffled = {name: resource[name] for name in names}
    assert canonical_json(shuffled) == canonical_json(resource)


def test_brackets_side_by_side_are_not_depth() -> None:
    text = "[" + ",".join(["[]"] * 500) + "]"
    assert dump_json(parse_json(text)) == text


def test_half_a_pair_that_was_decoded_carelessly_is_refused() -> None:
    with pytest.raises(JsonWrong):
        parse_json('"\ud800"')


def test_a_written_backslash_u_is_no_escape() -> None:
    assert parse_json(r'"\\u0000"') == r"\u0000"
