import json
from collections import Counter
from pathlib import Path

import pytest

from yilian.demo.world import places

SHARED = Path(__file__).parents[4] / "shared/data/divisions"
DIVISIONS = SHARED / "ningxia_divisions_china-division-2.7.0.json"


@pytest.mark.parametrize(
    ("level", "count"),
    [("region", 1), ("city", 5), ("county", 22), ("township", 259), ("village", 2912)],
)
def test_the_region_has_all_its_divisions(level: str, count: int) -> None:
    assert len(places.of_level(level)) == count


def test_every_place_lies_in_the_one_its_code_begins_with() -> None:
    for found in places.places().values():
        if found.parent:
            assert found.code.startswith(found.parent)
            assert found.parent in places.places()


def test_only_invented_points_are_marked_as_approximate() -> None:
    marks = {(found.level, found.is_approximate) for found in places.places().values()}
    assert marks == {
        ("region", False),
        ("city", False),
        ("county", False),
        ("township", True),
        ("village", True),
    }


def test_points_lie_in_or_beside_ningxia() -> None:
    for found in places.places().values():
        assert 104 < found.longitude < 108
        assert 35 < found.latitude < 40


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("640121104205", "宁夏回族自治区银川市永宁县闽宁镇原隆村"),
        ("640121001001", "宁夏回族自治区银川市永宁县团结西路街道建设社区"),
        ("640205100200", "宁夏回族自治区石嘴山市惠农区红果子镇马家湾村"),
    ],
)
def test_an_address_reads_as_people_write_it(code: str, name: str) -> None:
    assert places.full_name(code) == name


def test_no_village_is_named_twice_in_a_township() -> None:
    named = Counter((found.parent, found.short_name) for found in places.villages())
    assert max(named.values()) == 1


@pytest.mark.skipif(not DIVISIONS.exists(), reason="no third-party division list here")
def test_codes_and_names_are_those_of_the_source() -> None:
    source = json.loads(DIVISIONS.read_text(encoding="utf-8"))
    rows = (row for level in source.values() for row in level)
    named = {row["code"]: row["name"] for row in rows}
    ours = {found.code: found.name for found in places.places().values()}
    assert {code: name for code, name in ours.items() if code != "64"} == named
