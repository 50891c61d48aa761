"""Distances between places in Ningxia, and laws of distance."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yilian.kernel.distance import (
    Place,
    great_circle_km,
    road_minutes,
    travel_minutes,
)

YINCHUAN = (106.2309, 38.4872)
GUYUAN = (106.2426, 36.0159)
places = st.tuples(st.floats(-180, 180), st.floats(-90, 90))


def test_yinchuan_lies_275_km_from_guyuan() -> None:
    assert great_circle_km(YINCHUAN, GUYUAN) == pytest.approx(274.8, abs=1)
    assert 300 < travel_minutes(YINCHUAN, GUYUAN) < 420


@given(places)
def test_a_place_is_at_no_distance_from_itself(place: Place) -> None:
    assert great_circle_km(place, place) == 0
    assert travel_minutes(place, place) == 0


@given(places, places)
def test_there_is_as_far_as_back_and_never_beyond_half_the_earth(
    one: Place, other: Place
) -> None:
    there = great_circle_km(one, other)
    assert there == pytest.approx(great_circle_km(other, one))
    assert 0 <= there <= 20_016


@given(places, places, places)
def test_no_detour_is_shorter(one: Place, over: Place, other: Place) -> None:
    detour = great_circle_km(one, over) + great_circle_km(over, other)
    assert great_circle_km(one, other) <= detour + 1e-3


@given(st.floats(0, 500), st.floats(0, 500))
def test_farther_never_takes_less_time(km: float, more: float) -> None:
    assert road_minutes(km) <= road_minutes(km + more)


@pytest.mark.parametrize("wrong", [(38.5, 106.2), (float("nan"), 38.0), (181.0, 0.0)])
def test_places_that_are_not_on_earth_are_refused(wrong: Place) -> None:
    with pytest.raises(ValueError, match="place"):
        great_circle_km(wrong, YINCHUAN)
