"""Straight pieces of lines and rings, to measure many points against at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy
import shapely
from numpy.typing import NDArray

from gis.crs import metres_per_degree

__all__ = ["Points", "Segments", "Touch"]

Floats = NDArray[numpy.float64]
Ints = NDArray[numpy.intp]


class Points(NamedTuple):
    """Points in stored degrees, with the metres of a degree at each."""

    lon: Floats
    lat: Floats
    kx: Floats
    ky: Floats

    @classmethod
    def of(cls, lon: Sequence[float] | Floats, lat: Sequence[float] | Floats) -> Points:
        """The series of `gis.crs.metres_per_degree`, over arrays."""
        x, y = numpy.asarray(lon, dtype=float), numpy.asarray(lat, dtype=float)
        phi = numpy.radians(y)
        east = 111_412.84 * numpy.cos(phi) - 93.5 * numpy.cos(3 * phi) + 0.118 * numpy.cos(5 * phi)
        north = 111_132.92 - 559.82 * numpy.cos(2 * phi) + 1.175 * numpy.cos(4 * phi) - 0.0023 * numpy.cos(6 * phi)
        return cls(x, y, numpy.maximum(east, 1.0), north)


class Touch(NamedTuple):
    """Pairs of a point and a line within reach: positions of both, whole millimetres, metres east and north."""

    point: Ints
    line: Ints
    mm: NDArray[numpy.int64]
    dx: Floats
    dy: Floats

    def take(self, which: Ints) -> Touch:
        """Some of the pairs, in that order."""
        return Touch(self.point[which], self.line[which], self.mm[which], self.dx[which], self.dy[which])


class Segments:
    """Lines (degrees) cut into straight pieces, in an index. `reach_m`: the farthest that `near` is asked for."""

    def __init__(self, lines: Sequence[Any], reach_m: float) -> None:
        shapes = numpy.array(lines, dtype=object)
        parts, owner = shapely.get_parts(shapes, return_index=True)
        coordinates, part = shapely.get_coordinates(parts, return_index=True)
        inner = part[1:] == part[:-1]
        self.start, self.end = coordinates[:-1][inner], coordinates[1:][inner]
        self.line: Ints = owner[part[1:][inner]]
        self.reach_mm = round(reach_m * 1000)
        low, high = numpy.minimum(self.start, self.end), numpy.maximum(self.start, self.end)
        kx, ky = metres_per_degree(float(numpy.abs(coordinates[:, 1]).max(initial=0.0)))
        by = 1.001 * (reach_m + 0.001) / numpy.array([kx, ky])
        self.index = shapely.STRtree(shapely.box(*(low - by).T, *(high + by).T))

    def near(self, points: Points) -> Touch:
        """Each pair once, with the nearest place of the line."""
        point, piece = self.index.query(shapely.points(points.lon, points.lat))
        at = (points.lon[point], points.lat[point], points.kx[point], points.ky[point])
        dx, dy = _nearest(self.start[piece], self.end[piece], *at)
        mm = numpy.rint(numpy.hypot(dx, dy) * 1000).astype(numpy.int64)
        kept = numpy.flatnonzero(mm <= self.reach_mm)
        found = Touch(point, self.line[piece], mm, dx, dy).take(kept)
        return first_of(found, found.line, found.mm)


def first_of(touch: Touch, group: Ints, *then: NDArray[Any]) -> Touch:
    """Of the pairs with one point and one `group` the first by the keys `then`."""
    order = numpy.lexsort((*reversed(then), group, touch.point))
    point, grouped = touch.point[order], group[order]
    fresh = numpy.ones(len(order), dtype=bool)
    fresh[1:] = (point[1:] != point[:-1]) | (grouped[1:] != grouped[:-1])
    return touch.take(order[fresh])


def _nearest(start: Floats, end: Floats, lon: Floats, lat: Floats, kx: Floats, ky: Floats) -> tuple[Floats, Floats]:
    """From each point to the nearest place of its piece, metres east and north."""
    ax, ay = (start[:, 0] - lon) * kx, (start[:, 1] - lat) * ky
    ux, uy = (end[:, 0] - start[:, 0]) * kx, (end[:, 1] - start[:, 1]) * ky
    square = ux * ux + uy * uy
    along = -(ax * ux + ay * uy) / numpy.where(square > 0, square, 1.0)
    along = numpy.clip(along, 0.0, 1.0)
    return ax + along * ux, ay + along * uy
