"""Dates of every precision, what a resource is found by, and how it is told."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import fhirkit
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yilian.kernel.canonical import canonical_json, parse_object
from yilian.record import fhir
from yilian.record.rules.indexing import index, table
from yilian.record.rules.moments import NEVER, is_possible, span_of
from yilian.record.rules.readable import readable
from yilian.record.rules.text import keep
from yilian.record.rules.trend import HEIGHT, WIDTH, trend

HERE = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("said", "start", "end"),
    [
        ("2024", "2024-01-01T00:00", "2025-01-01T00:00"),
        ("2024-02", "2024-02-01T00:00", "2024-03-01T00:00"),
        ("2024-12", "2024-12-01T00:00", "2025-01-01T00:00"),
        ("2024-02-29", "2024-02-29T00:00", "2024-03-01T00:00"),
        ("2024-02-29T08:30", "2024-02-29T08:30", "2024-02-29T08:31"),
        ("2024-02-29T00:30:00Z", "2024-02-29T08:30:00", "2024-02-29T08:30:01"),
    ],
)
def test_a_date_is_a_span_of_its_precision(said: str, start: str, end: str) -> None:
    span = span_of(said)
    assert span.start == datetime.fromisoformat(start).replace(tzinfo=HERE)
    assert span.end == datetime.fromisoformat(end).replace(tzinfo=HERE)


@pytest.mark.parametrize(
    "said",
    ["2023-02-29", "2024-13", "2024-00", "2024-01-32", "2024-1-1", "", "yesterday",
     "2024-01-01T25:00:00Z", "0000", "９９９９"],
)  # fmt: skip
def test_what_stands_in_no_calendar_is_never(said: str) -> None:
    assert not is_possible(said)
    assert span_of(said) == NEVER


def test_a_period_may_be_open() -> None:
    span = span_of({"start": "2024-01-01"})
    assert span.start is not None
    assert span.end is None


@given(st.text(max_size=30))
def test_any_text_is_a_span_or_never(said: str) -> None:
    assert (span_of(said) == NEVER) is not is_possible(said)


def test_every_type_of_the_table_is_a_type_of_fhir() -> None:
    assert set(table()) - {"any"} <= set(fhirkit.RESOURCE_TYPES)


def test_a_resource_is_found_by_its_codes_references_and_names() -> None:
    found = index(
        {
            "resourceType": "Organization",
            "id": "1",
            "identifier": [
                {"system": "urn:a", "value": "7"},
                {"system": "urn:b", "value": "{{identity:x}}"},
            ],
            "active": True,
            "partOf": {"reference": "Organization/2/_history/3"},
            "name": "宁夏 Yin Chuan",
        }
    )
    assert found.tokens == [
        "identifier=7", "identifier=urn:a|7", "active=true", "active=|true",
    ]  # fmt: skip
    assert found.references == ["partof=Organization/2"]
    assert {"name=宁", "name=宁夏", "name=yin", "name=宁夏 yin c"} <= set(found.strings)
    assert "name=夏" not in found.strings


ODD = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["code", "coding", "reference", "value", "system", "text"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)
NAMES = ["code", "status", "subject", "period", "identifier", "name", "component",
         "class", "clinicalStatus", "valueQuantity", "category"]  # fmt: skip


@given(
    st.sampled_from(sorted(set(table()) - {"any"})),
    st.dictionaries(st.sampled_from(NAMES), ODD, max_size=5),
)
def test_odd_shapes_are_indexed_and_told_without_a_crash(
    type_name: str, elements: dict[str, Any]
) -> None:
    resource = {"resourceType": type_name, "id": "x", **elements}
    found = index(resource)
    assert all("=" in token for token in found.tokens)
    assert isinstance(readable(resource), list)


@given(st.dictionaries(st.text(min_size=1, max_size=4), ODD, max_size=4))
def test_the_text_kept_says_what_was_received(elements: dict[str, Any]) -> None:
    resource = {"resourceType": "Basic", "id": "x", **elements} | {
        "resourceType": "Basic",
        "id": "x",
    }
    resource.pop("meta", None)
    if "\0" in canonical_json(resource) or "\\u0000" in canonical_json(resource):
        return
    kept = keep(resource)
    text = f'{kept.before}"versionId":"1"{kept.after}'
    assert parse_object(text) == resource | {"meta": {"versionId": "1"}}
    turned = dict(reversed(resource.items()))
    assert keep(turned).said == kept.said


def test_a_line_of_values_stays_in_its_picture() -> None:
    at = [datetime(2026, month, 1, tzinfo=HERE) for month in (1, 2, 5)]
    drawn = trend(list(zip(at, map(Decimal, (4, 9, 6)), strict=True)), Decimal(5))
    assert drawn is not None
    for x, y in drawn.dots:
        assert 0 <= x <= WIDTH
        assert 0 <= y <= HEIGHT
    assert trend([(at[0], Decimal(1))]) is None
    same = trend([(at[0], Decimal(1)), (at[0], Decimal(1))])
    assert same is not None


@pytest.mark.parametrize(
    ("concept", "words"),
    [
        ({"text": "Hypertension", "coding": [{"display": "高血压"}]}, "高血压"),
        ({"text": "Hypertension", "coding": [{"display": "HTN"}]}, "Hypertension"),
        ({"coding": [{"code": "I10"}]}, "I10"),
        ({}, ""),
        (None, ""),
    ],
)
def test_chinese_words_come_first(concept: Any, words: str) -> None:
    assert fhir.words_of(concept) == words


@pytest.mark.parametrize(
    ("value", "codes", "flag"),
    [(7, [], "high"), (3, [], "low"), (5, [], ""), (5, ["H"], "high"), (7, ["N"], "")],
)
def test_a_value_is_flagged_by_the_laboratory_else_by_its_range(
    value: int, codes: list[str], flag: str
) -> None:
    body = {
        "resourceType": "Observation",
        "id": "1",
        "code": {"text": "钾"},
        "valueQuantity": {"value": value, "unit": "mmol/L"},
        "interpretation": [{"coding": [{"code": code}]} for code in codes],
        "referenceRange": [{"low": {"value": 4}, "high": {"value": 6}}],
    }
    (result,) = fhir.results(body)
    assert (result.flag, result.range_words) == (flag, "4–6")


def test_moments_are_told_in_the_time_of_ningxia() -> None:
    body = {
        "resourceType": "Encounter",
        "id": "1",
        "status": "finished",
        "period": {"start": "2024-02-28T20:30:00Z"},
        "class": {"system": "urn:x", "code": "AMB"},
    }
    told = dict(readable(body))
    assert told["起止时间"].startswith("2024-02-29 04:30")
    assert told["状态"] == "已结束"
    assert told["就诊类型"] == "AMB"
