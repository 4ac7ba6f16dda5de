"""Stretches of a road that are no road for duty (road_trims.csv): checked, and cut out of its line."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Any

import numpy
import shapely
from numpy.typing import NDArray
from shapely.geometry import LineString, MultiLineString
from shapely.ops import substring

from dispatch.cityfile.faults import Faults
from dispatch.cityfile.rows import CityFiles, RoadTrimRow
from gis.crs import metres_per_degree

__all__ = ["FILE", "check_trims", "counting", "trims_by_road"]

FILE = "road_trims.csv"


def check_trims(city: CityFiles, faults: Faults) -> None:
    """Each row names a road, a stretch that lies on it, and why."""
    roads = {row.code: row.geom for row in city.roads}
    for row in city.road_trims:
        line = roads.get(row.road)
        if line is None:
            faults.error(FILE, row.row, f"unknown road {row.road}")
            continue
        length = _flat(line).length
        start, end = row.from_m or 0.0, length if row.to_m is None else row.to_m
        if start >= end or start > length:
            faults.error(FILE, row.row, f"from {start:g} to {end:g} m is no stretch of {row.road}, {length:.0f} m long")


def trims_by_road(city: CityFiles) -> dict[str, list[RoadTrimRow]]:
    """The rows of each road's code, in the order of the file."""
    found: dict[str, list[RoadTrimRow]] = {}
    for row in city.road_trims:
        found.setdefault(row.road, []).append(row)
    return found


def counting(line: LineString, trims: Sequence[RoadTrimRow]) -> MultiLineString | None:
    """What the rows leave of a line (degrees); empty where they leave nothing, None where there is no row."""
    if not trims:
        return None
    flat = _flat(line)
    left = [(0.0, flat.length)]
    for trim in trims:
        out = (trim.from_m or 0.0, inf if trim.to_m is None else trim.to_m)
        left = [part for kept in left for part in _without(kept, out)]
    kx, ky = metres_per_degree(line.coords[0][1])
    scale = numpy.array([kx, ky])

    def degrees(metres: NDArray[Any]) -> NDArray[Any]:
        found: NDArray[Any] = metres / scale
        return found

    return MultiLineString([shapely.transform(substring(flat, start, end), degrees) for start, end in left])


def _without(kept: tuple[float, float], out: tuple[float, float]) -> list[tuple[float, float]]:
    parts = [(kept[0], min(kept[1], out[0])), (max(kept[0], out[1]), kept[1])]
    return [(start, end) for start, end in parts if start < end]


def _flat(line: LineString) -> LineString:
    """In metres, on a plane scaled at the line's first point."""
    scale = numpy.array(metres_per_degree(line.coords[0][1]))
    return shapely.transform(line, lambda degrees: degrees * scale)
