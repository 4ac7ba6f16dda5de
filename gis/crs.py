"""The datums positions come in, and the one they are stored in.

Stored are degrees of CGCS2000, which equals WGS-84 within decimetres. GCJ-02 (Chinese map services and telephones) and
BD-09 (Baidu) are shifted by 100 to 700 m, inside China only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import prcoords

__all__ = ["DATUMS", "to_map", "to_store"]

DATUMS = ("wgs84", "cgcs2000", "gcj02", "bd09")
LONS, LATS = (72.004, 137.8347), (0.8293, 55.8271)  # what the shifting services take for China

Shift = Callable[..., Any]
TO_STORE: dict[str, Shift] = {"gcj02": prcoords.gcj_wgs_bored, "bd09": prcoords.bd_wgs_bored}
TO_MAP: dict[str, Shift] = {"gcj02": prcoords.wgs_gcj, "bd09": prcoords.wgs_bd}


def to_store(x: float, y: float, crs: str) -> tuple[float, float]:
    """Longitude and latitude (degrees) of datum `crs` → as stored, to a centimetre. Raises ValueError for another datum."""
    return _shifted(x, y, crs, TO_STORE)


def to_map(lon: float, lat: float, crs: str) -> tuple[float, float]:
    """Stored longitude and latitude (degrees) → those of datum `crs`. Raises ValueError for another datum."""
    return _shifted(lon, lat, crs, TO_MAP)


def _shifted(x: float, y: float, crs: str, shifts: dict[str, Shift]) -> tuple[float, float]:
    if crs not in DATUMS:
        raise ValueError(f"datum {crs!r} is none of {', '.join(DATUMS)}")
    shift = shifts.get(crs)
    if shift is None or not (LONS[0] <= x <= LONS[1] and LATS[0] <= y <= LATS[1]):
        return x, y
    found = shift((y, x), check_china=False)
    return found.lon, found.lat
