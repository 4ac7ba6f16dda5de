"""The datums positions come in, and the one they are stored in.

Stored are degrees of CGCS2000, which equals WGS-84 within decimetres. GCJ-02 (Chinese map services and telephones) and
BD-09 (Baidu) are shifted by 100 to 700 m, inside China only. The services' own points lie a constant half metre beside
the published formula; the constants below were measured on the points in tests/gis/data and take it out (to 0.1 m).
"""

from __future__ import annotations

from math import cos, radians

import prcoords

__all__ = ["DATUMS", "metres_per_degree", "to_map", "to_store"]

DATUMS = ("wgs84", "cgcs2000", "gcj02", "bd09")
SHIFTED = ("gcj02", "bd09")
LONS, LATS = (72.004, 137.8347), (0.8293, 55.8271)  # what the shifting services take for China
EAST_M, NORTH_M = 0.477, 0.468  # service minus formula, mean of 332 points; standard deviation 0.015 m each

Point = tuple[float, float]


def to_store(x: float, y: float, crs: str) -> Point:
    """Longitude and latitude (degrees) of datum `crs` → as stored. Raises ValueError for an unknown datum."""
    if not _is_shifted(x, y, crs):
        return x, y
    gcj = prcoords.bd_gcj_bored((y, x)) if crs == "bd09" else (y, x)
    lon, lat = _beside((gcj[1], gcj[0]), -1)
    found = prcoords.gcj_wgs_bored((lat, lon), check_china=False)
    return found.lon, found.lat


def to_map(lon: float, lat: float, crs: str) -> Point:
    """Stored longitude and latitude (degrees) → those of datum `crs`. Raises ValueError for an unknown datum."""
    if not _is_shifted(lon, lat, crs):
        return lon, lat
    found = prcoords.wgs_gcj((lat, lon), check_china=False)
    x, y = _beside((found.lon, found.lat), 1)
    if crs == "gcj02":
        return x, y
    found = prcoords.gcj_bd((y, x))
    return found.lon, found.lat


def metres_per_degree(lat: float) -> Point:
    """Length of a degree of longitude and of latitude at `lat`, metres on the ellipsoid (series to the centimetre)."""
    phi = radians(lat)
    east = 111_412.84 * cos(phi) - 93.5 * cos(3 * phi) + 0.118 * cos(5 * phi)
    north = 111_132.92 - 559.82 * cos(2 * phi) + 1.175 * cos(4 * phi) - 0.0023 * cos(6 * phi)
    return max(east, 1.0), north


def _is_shifted(x: float, y: float, crs: str) -> bool:
    if crs not in DATUMS:
        raise ValueError(f"datum {crs!r} is none of {', '.join(DATUMS)}")
    return crs in SHIFTED and LONS[0] <= x <= LONS[1] and LATS[0] <= y <= LATS[1]


def _beside(point: Point, times: int) -> Point:
    east, north = metres_per_degree(point[1])
    return point[0] + times * EAST_M / east, point[1] + times * NORTH_M / north
