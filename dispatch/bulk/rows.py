"""Rows of a file of points: what is asked, and what cannot be understood."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from math import isfinite
from operator import itemgetter
from typing import NamedTuple
from zoneinfo import ZoneInfo

from gis.crs import DATUMS, to_store

__all__ = ["Asked", "Columns", "Fault", "Line", "asked"]

Line = tuple[int, list[str]]  # number in the file, cells
KNOWN = ("id", "lon", "lat", "datum", "subclass", "street_name", "at", "metres")


class Fault(NamedTuple):
    """A row that was left out. `row`: its line in the file."""

    row: int
    id: str
    reason: str


class Asked(NamedTuple):
    """One question, its position in stored degrees; words that were not given are empty. `at`: the city's wall time."""

    row: int
    id: str
    lon: float
    lat: float
    subclass: str
    street: str
    at: datetime
    metres: str


@dataclass(frozen=True, slots=True)
class Columns:
    """Picks the known columns out of a row."""

    pick: Callable[[Sequence[str]], tuple[str, ...]]  # of the cells and one empty one at their end
    width: int

    @classmethod
    def of(cls, header: Sequence[str], needed: Sequence[str]) -> Columns:
        """Raises ValueError naming what is missing."""
        names = [name.strip().lower() for name in header]
        if missing := [name for name in needed if name not in names]:
            raise ValueError(f"column {', '.join(missing)} is missing; the header has {', '.join(names) or 'nothing'}")
        return cls(itemgetter(*(names.index(name) if name in names else len(names) for name in KNOWN)), len(names))


def asked(line: Line, columns: Columns, *, zone: ZoneInfo, now: datetime) -> Asked | Fault:
    """One row understood, or why not."""
    number, cells = line
    if len(cells) != columns.width:
        return Fault(number, cells[0] if cells else "", f"has {len(cells)} cells, not {columns.width}")
    id, x, y, datum, subclass, street, at, metres = columns.pick([*cells, ""])
    try:
        lon, lat = _position(x, y, datum.strip().lower() or "wgs84")
        when = _at(at.strip(), zone) if at.strip() else now
    except ValueError as wrong:
        return Fault(number, id, str(wrong))
    return Asked(number, id, lon, lat, subclass.strip(), street, when, metres)


def _position(x: str, y: str, datum: str) -> tuple[float, float]:
    if not x.strip() or not y.strip():
        raise ValueError("has no coordinates")
    try:
        lon, lat = float(x), float(y)
    except ValueError:
        raise ValueError(f"{x}, {y} are no coordinates") from None
    if not (isfinite(lon) and isfinite(lat)) or abs(lon) > 180 or abs(lat) >= 90:
        raise ValueError(f"{x}, {y} is no longitude and latitude")
    if lon == 0 and lat == 0:
        raise ValueError("0, 0 is where positions lie that nobody knows")
    if datum not in DATUMS:
        raise ValueError(f"datum {datum} is none of {', '.join(DATUMS)}")
    return to_store(lon, lat, datum) if datum not in DATUMS[:2] else (lon, lat)


@lru_cache(maxsize=100_000)
def _at(text: str, zone: ZoneInfo) -> datetime:
    """The city's wall time, given as such or as an instant with an offset."""
    try:
        at = datetime.fromisoformat(text)
        return at.replace(tzinfo=zone) if at.tzinfo is None else at.astimezone(zone)
    except (ValueError, OverflowError):
        raise ValueError(f"at {text} is no time: it wants 2026-06-08 09:00 or 2026-06-08T01:00:00Z") from None
