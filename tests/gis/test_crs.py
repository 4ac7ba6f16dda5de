"""Positions in the shifted Chinese datums, against points that the map services themselves gave."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from math import hypot
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis.crs import DATUMS, metres_per_degree, to_map, to_store

POINTS = Path(__file__).parent / "data" / "shifted_points.csv.gz"
CHINA = {"lon": st.floats(74, 134), "lat": st.floats(4, 53)}


def metres(one: tuple[float, float], other: tuple[float, float]) -> float:
    east, north = metres_per_degree(one[1])
    return hypot((one[0] - other[0]) * east, (one[1] - other[1]) * north)


def points() -> Iterator[dict[str, tuple[float, float]]]:
    with gzip.open(POINTS, "rt", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            yield {
                datum: (float(row[f"{short}_lon"]), float(row[f"{short}_lat"]))
                for datum, short in (("wgs84", "wgs"), ("gcj02", "gcj"), ("bd09", "bd"))
            }


@pytest.mark.parametrize("datum", ["gcj02", "bd09"])
def test_a_shifted_point_comes_back_within_a_decimetre(datum: str) -> None:
    found = [metres(to_store(*point[datum], datum), point["wgs84"]) for point in points()]
    assert len(found) == 332
    assert max(found) < 0.1


@pytest.mark.parametrize("datum", ["gcj02", "bd09"])
def test_a_stored_point_lies_on_the_services_map_within_a_decimetre(datum: str) -> None:
    assert max(metres(to_map(*point["wgs84"], datum), point[datum]) for point in points()) < 0.1


@pytest.mark.parametrize("datum", ["gcj02", "bd09"])
@given(**CHINA)
def test_there_and_back_is_the_same_place(datum: str, lon: float, lat: float) -> None:
    assert metres(to_store(*to_map(lon, lat, datum), datum), (lon, lat)) < 0.1


@pytest.mark.parametrize("datum", DATUMS)
def test_outside_china_nothing_is_shifted(datum: str) -> None:
    assert to_store(-71.06, 42.36, datum) == to_map(-71.06, 42.36, datum) == (-71.06, 42.36)


@pytest.mark.parametrize("datum", ["wgs84", "cgcs2000"])
def test_the_stored_datums_are_left_as_they_are(datum: str) -> None:
    assert to_store(114.02, 22.535, datum) == (114.02, 22.535)


def test_a_datum_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="mars"):
        to_store(114.0, 22.5, "mars")
