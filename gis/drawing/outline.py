"""Cells that fill an outline exactly, in the order in which they are numbered. All in metres on a plane."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy
import shapely
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

from gis.drawing.blocks import Street, blocks, tile

__all__ = ["GRID_M2", "OPEN_M2", "draw", "in_rows", "target_of"]

GRID_M2, OPEN_GRID_M2 = 10_000.0, 16_000.0
OPEN_M2 = 300_000.0  # a block this large without a street in it is open ground: park, water, works
SPECK_M2, TOUCH_M, MILLIMETRE = 1e-4, 0.01, 0.001
BAND_M = 100.0  # areas whose middles lie in one band of this height are one row of the numbering
NEAR_M = 30.0  # a street this close outside still shapes the edge


def draw(outline: BaseGeometry, streets: Sequence[Street], *, target: float = GRID_M2) -> list[Polygon]:
    """The outline cut along its streets and blocks into grids of about the target area, west to east, north to south.

    They fill the outline to its corners, so that the grids of the neighbours fit: what is left open, or shared by two,
    is narrower than a centimetre.
    """
    found: list[Polygon] = []
    for part in shapely.get_parts(outline):
        near = [street for street in streets if street.line.dwithin(part, NEAR_M)]
        cells = tile(blocks(part, near, []), target_of(target))
        found += _fitted([cell.shape for cell in cells], part)
    return [found[number] for number in in_rows(found)]


def in_rows(shapes: Sequence[BaseGeometry]) -> list[int]:
    """Their numbers as one reads: from west to east within a row, the rows from north to south."""
    if not shapes:
        return []
    middles = shapely.get_coordinates(shapely.centroid(numpy.array(shapes, dtype=object)))
    top = float(middles[:, 1].max())
    return sorted(range(len(shapes)), key=lambda number: (int((top - middles[number, 1]) / BAND_M), middles[number, 0]))


def target_of(target: float) -> Callable[[Polygon], float]:
    """The area of a grid in a block: larger on open ground."""
    return lambda block: target * OPEN_GRID_M2 / GRID_M2 if block.area > OPEN_M2 else target


def _fitted(cells: Sequence[Polygon], outline: Polygon) -> list[Polygon]:
    """Cells drawn on a lattice of a decimetre, cut at the outline, with what they leave of it given to the nearest."""
    inside = [part for cell in cells if (part := _largest(cell.intersection(outline))) is not None]
    if not inside:
        return [outline]
    for crumb in shapely.get_parts(outline.difference(shapely.union_all(inside))):
        if crumb.area < SPECK_M2:
            continue
        edges = shapely.intersection(shapely.boundary(numpy.array(inside, dtype=object)), crumb.buffer(TOUCH_M))
        best = int(shapely.length(edges).argmax())
        inside[best] = _largest(inside[best].union(crumb)) or inside[best]
    # On a lattice of a millimetre no corner is so near another edge that a change of units could fold it over.
    return [part for cell in inside if (part := _largest(shapely.set_precision(cell, MILLIMETRE))) is not None]


def _largest(cell: BaseGeometry) -> Polygon | None:
    """The ground of a cell; cut at a crooked outline it may fall apart, and its lesser parts go to their neighbours."""
    parts = [part for part in shapely.get_parts(cell) if isinstance(part, Polygon)]
    return max(parts, key=lambda part: part.area, default=None)
