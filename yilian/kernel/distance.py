"""How far it is, and roughly how long it takes by road, 距离与路程.

A place is (longitude, latitude) in degrees. Coordinates of Chinese maps (GCJ-02) lie
some hundred metres beside those of GPS (WGS 84), which does not matter here. The
travel time is a rule of thumb for ranking destinations, no navigation: roads are
1.35 times as long as the straight line, the first 10 km of them go at 30 km/h, the
rest at 60 km/h, and 5 minutes are spent on getting in and out.
"""

from math import asin, ceil, cos, isfinite, radians, sin, sqrt
from typing import Final

Place = tuple[float, float]

EARTH_RADIUS_KM: Final = 6371.0088
ROAD_FACTOR: Final = 1.35
SLOW_KM: Final = 10.0
SLOW_KM_PER_MINUTE: Final = 30 / 60
FAST_KM_PER_MINUTE: Final = 60 / 60
FIXED_MINUTES: Final = 5.0

_MAX_LONGITUDE: Final = 180
_MAX_LATITUDE: Final = 90


def great_circle_km(one: Place, other: Place) -> float:
    """Along the surface of the earth (haversine)."""
    _require_place(one)
    _require_place(other)
    (lon1, lat1), (lon2, lat2) = (map(radians, place) for place in (one, other))
    half_chord_squared = (
        sin((lat2 - lat1) / 2) ** 2
        + cos(lat1) * cos(lat2) * sin((lon2 - lon1) / 2) ** 2
    )
    return 2 * EARTH_RADIUS_KM * asin(sqrt(min(1.0, half_chord_squared)))


def road_minutes(straight_km: float) -> int:
    """Whole minutes, rounded up; 0 for the place itself."""
    if straight_km <= 0:
        return 0
    road_km = straight_km * ROAD_FACTOR
    slow_km = min(road_km, SLOW_KM)
    fast_km = road_km - slow_km
    driving = slow_km / SLOW_KM_PER_MINUTE + fast_km / FAST_KM_PER_MINUTE
    return ceil(FIXED_MINUTES + driving)


def travel_minutes(one: Place, other: Place) -> int:
    return road_minutes(great_circle_km(one, other))


def _require_place(place: Place) -> None:
    longitude, latitude = place
    if not (isfinite(longitude) and isfinite(latitude)):
        raise ValueError("a place has two finite coordinates")
    if abs(longitude) > _MAX_LONGITUDE or abs(latitude) > _MAX_LATITUDE:
        raise ValueError("a place is (longitude, latitude) in degrees")
