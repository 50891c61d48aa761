"""Areas by code."""

import json
from pathlib import Path

import pytest

from yilian.kernel.areas import (
    LENGTHS,
    AreaLevel,
    is_known_county,
    level_of,
    lies_in,
    parent,
    prefix,
    short,
)

VILLAGE = "640104001001"
DIVISIONS = (
    Path(__file__).parents[4]
    / "shared/data/divisions/ningxia_divisions_china-division-2.7.0.json"
)


@pytest.mark.parametrize(
    ("code", "level"),
    [
        ("64", AreaLevel.PROVINCE),
        ("6401", AreaLevel.CITY),
        ("640104", AreaLevel.COUNTY),
        ("640104001", AreaLevel.TOWNSHIP),
        (VILLAGE, AreaLevel.VILLAGE),
        ("640", None),
        ("64010A", None),
        ("", None),
    ],
)
def test_the_length_says_the_level(code: str, level: AreaLevel | None) -> None:
    assert level_of(code) is level


def test_a_village_lies_in_each_wider_area() -> None:
    chain = [VILLAGE]
    while (wider := parent(chain[-1])) is not None:
        chain.append(wider)
    assert chain == [VILLAGE, "640104001", "640104", "6401", "64"]
    assert [prefix(VILLAGE, level) for level in LENGTHS] == chain[::-1]
    assert lies_in(VILLAGE, "6401")
    assert not lies_in(VILLAGE, "6402")


def test_a_county_has_no_village() -> None:
    assert prefix("640104", AreaLevel.VILLAGE) is None


@pytest.mark.parametrize(
    ("filled", "code"),
    [
        ("640000000000", "64"),
        ("640100", "6401"),
        ("640104000000", "640104"),
        ("640104001000", "640104001"),
        (VILLAGE, VILLAGE),
    ],
)
def test_filling_zeros_are_dropped(filled: str, code: str) -> None:
    assert short(filled) == code


@pytest.mark.skipif(not DIVISIONS.exists(), reason="the divisions are not here")
def test_every_county_of_ningxia_is_known() -> None:
    divisions = json.loads(DIVISIONS.read_text(encoding="utf-8"))
    counties = [area["code"] for area in divisions["areas"]]
    assert len(counties) == 22
    assert all(is_known_county(code) for code in counties)
