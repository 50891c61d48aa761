"""The pictures show what happened: the right rung, the right lane, the right place."""

import csv
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yilian.interfaces.web import drawing, pictures
from yilian.interfaces.web.gallery import CountyReading, Shown, ShownMove
from yilian.kernel.tier import Tier

START, END = date(2026, 1, 1), date(2027, 1, 1)


def stay(tier: Tier, start: date, end: date | None = None) -> Shown:
    return Shown("住院", tier, start, end)


@pytest.mark.parametrize(
    ("source", "target", "words"),
    [
        (Tier.PRIMARY, Tier.SECONDARY, "乡到县"),
        (Tier.TERTIARY, Tier.PRIMARY, "市到乡"),
        (Tier.SECONDARY, Tier.SECONDARY, "县到县"),
    ],
)
def test_the_ladder_marks_the_rung_left_and_the_rung_reached(
    source: Tier, target: Tier, words: str
) -> None:
    drawn = pictures.ladder(source, target)
    assert {rung.tier for rung in drawn.rungs if rung.is_on} == {source, target}
    assert drawn.words == words


def test_a_way_up_bends_over_the_rungs_and_a_way_down_under_them() -> None:
    def bend(source: Tier, target: Tier) -> float:
        drawn = pictures.ladder(source, target).path
        return float(drawn.split("Q")[1].split()[1])

    for low, high in combinations(Tier, 2):
        assert bend(low, high) < 24 < bend(high, low)


def test_a_rung_can_be_called_by_its_house() -> None:
    drawn = pictures.ladder(Tier.PRIMARY, Tier.SECONDARY, {Tier.PRIMARY: "社区"})
    assert drawn.words == "社区到县"


days = st.integers(-400, 800).map(lambda n: START + timedelta(days=n))


@given(tier=st.sampled_from(Tier), start=days, length=st.none() | st.integers(0, 900))
def test_every_stay_that_is_drawn_lies_inside_the_picture(
    tier: Tier, start: date, length: int | None
) -> None:
    end = None if length is None else start + timedelta(days=length)
    for bar in pictures.lanes([stay(tier, start, end)], [], START, END).bars:
        assert 0 <= bar.x <= bar.x + bar.width <= pictures.LANES_WIDTH
        assert bar.is_dot == (end is None)


def test_what_lies_outside_the_period_is_not_drawn() -> None:
    before = stay(Tier.VILLAGE, date(2025, 12, 31))
    first = stay(Tier.VILLAGE, START)
    after = stay(Tier.VILLAGE, END)
    through = stay(Tier.TERTIARY, date(2025, 6, 1), date(2027, 6, 1))
    drawn = pictures.lanes([before, first, after, through], [], START, END).bars
    assert len(drawn) == 2


def test_a_higher_tier_lies_higher() -> None:
    tops = [
        pictures.lanes([stay(tier, START)], [], START, END).bars[0].y for tier in Tier
    ]
    assert tops == sorted(tops, reverse=True)


def test_a_move_ends_where_the_next_stay_begins() -> None:
    reached = date(2026, 5, 1)
    move = ShownMove(Tier.PRIMARY, Tier.SECONDARY, date(2026, 4, 20), reached, "上转")
    drawn = pictures.lanes([stay(Tier.SECONDARY, reached, END)], [move], START, END)
    assert drawn.bends[0].path.endswith(f" {drawn.bars[0].x} {drawn.bars[0].y}")


@given(months=st.integers(1, 300))
def test_there_are_never_more_month_names_than_fit(months: int) -> None:
    end = START + timedelta(days=30 * months)
    ticks = pictures.lanes([], [], START, end).ticks
    assert len(ticks) <= 13
    assert all(tick.x < pictures.LANES_WIDTH for tick in ticks)


def test_what_people_wrote_on_a_time_line_stays_text() -> None:
    bad = '<script>alert(1)</script>" onx="'
    stays = [
        Shown(bad, Tier.PRIMARY, START, href=bad),
        Shown(bad, Tier.PRIMARY, START, END, href=bad),
    ]
    moves = [ShownMove(Tier.PRIMARY, Tier.SECONDARY, START, START, bad)]
    drawn = drawing.lanes(stays, moves, START, END, START, label=bad)
    assert "<script" not in drawn
    assert '" onx="' not in drawn
    assert drawn.count("<a ") == drawn.count("</a>") == 2


def test_the_year_is_named_where_it_begins() -> None:
    ticks = pictures.lanes([], [], date(2025, 11, 1), date(2026, 4, 1)).ticks
    assert [tick.label for tick in ticks][:3] == ["11月", "12月", "2026年"]


def test_the_tile_map_has_all_counties_each_in_a_place_of_its_own() -> None:
    places = {(column, row) for column, row, _name in pictures.COUNTY_TILES.values()}
    assert len(pictures.COUNTY_TILES) == len(places) == 22


# Roughly where the seats of some counties lie: degrees east, degrees north.
SEATS = """\
640205,106.78,39.24
640221,106.52,38.91
640121,106.25,38.28
640323,107.41,37.78
640502,105.17,37.52
640521,105.69,37.49
640324,105.90,36.95
640422,105.73,35.96
640425,106.63,35.86
640424,106.33,35.50
"""


def pairs() -> Iterator[tuple[list[str], list[str]]]:
    return combinations(csv.reader(SEATS.splitlines()), 2)


@pytest.mark.parametrize(("one", "other"), list(pairs()), ids=lambda row: row[0])
def test_tiles_lie_to_each_other_roughly_as_the_counties_do(
    one: list[str], other: list[str]
) -> None:
    column, row, _name = pictures.COUNTY_TILES[one[0]]
    other_column, other_row, _other = pictures.COUNTY_TILES[other[0]]
    if float(one[2]) - float(other[2]) > 0.5:
        assert row < other_row
    if float(one[1]) - float(other[1]) > 0.5:
        assert column >= other_column


@pytest.mark.parametrize(
    ("gap", "band"),
    [
        (None, "none"),
        (-4, "met"),
        (0, "met"),
        (0.1, "near"),
        (10, "near"),
        (10.1, "far"),
    ],
)
def test_a_county_is_coloured_by_its_gap(gap: float | None, band: str) -> None:
    assert pictures.band(None if gap is None else Decimal(str(gap))) == band


def test_a_county_without_a_reading_stays_blank() -> None:
    tiles = pictures.tile_map({"640121": CountyReading("91 %", Decimal(-1))})
    assert [tile.code for tile in tiles if tile.band != "none"] == ["640121"]


def test_the_code_is_a_picture_without_style_of_its_own() -> None:
    drawn = pictures.qr_svg("ZZ-2026-640121-000317")
    assert drawn.startswith("<svg")
    assert "style=" not in drawn
