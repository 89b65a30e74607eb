"""Where cities lie, and how far apart: the great circle between their centres. Source of the places: public geography, to a hundredth of a degree."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import asin, cos, radians, sin, sqrt

from instruments import data

EARTH_KM = 6371.0


@dataclass(frozen=True, slots=True)
class Place:
    """A point on the earth, in degrees."""

    latitude: float
    longitude: float


@cache
def _places() -> dict[str, Place]:
    return {row["code"]: Place(row["latitude"], row["longitude"]) for row in data.read("city_places.json")}


def place_of(city: str) -> Place | None:
    """Give a city's centre by its code; None for a city that an administrator has added, whose place is not known."""
    return _places().get(city)


def distance_km(one: Place, other: Place) -> float:
    """Give the length of the great circle between two places (haversine formula), in kilometres.

    Example: Taiyuan (37.87 N, 112.55 E) to Datong (40.08 N, 113.30 E) is 254 km.
    """
    north, east = radians(other.latitude - one.latitude), radians(other.longitude - one.longitude)
    half = sin(north / 2) ** 2 + cos(radians(one.latitude)) * cos(radians(other.latitude)) * sin(east / 2) ** 2
    return 2 * EARTH_KM * asin(sqrt(half))


def between_cities(one: str, other: str) -> float | None:
    """Give the distance between two cities by their codes; 0 within one, None where a place is not known."""
    if one and one == other:
        return 0.0
    here, there = place_of(one), place_of(other)
    return distance_km(here, there) if here and there else None
