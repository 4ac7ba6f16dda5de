"""All layers in force held against each other: gaps, overlaps, slivers, strays across a border, things on no grid."""

from __future__ import annotations

from collections.abc import Iterator
from typing import LiteralString

import shapely
from shapely.geometry.base import BaseGeometry

from dispatch.layers.publish import city_of
from gis.changes.layer import layers_of
from gis.changes.standing import everything
from gis.db import ReadTx, dicts
from gis.plane import Plane
from gis.topology import ROUNDING_M, Fault, Piece, coverage_faults

__all__ = ["survey"]

LOOK_M = 10.0  # half the width of the square drawn around a thing, so that there is something to look at
MOST_THINGS = 10_000
# A degree is 111 km: the rounding is taken in degrees of latitude, a little wide to the east.
OFF_GRID: LiteralString = """
    SELECT c.code, ST_X(c.geom) AS lon, ST_Y(c.geom) AS lat FROM component c
     WHERE c.valid_to IS NULL
       AND NOT EXISTS (SELECT FROM area a WHERE a.finest = 1 AND a.valid_to IS NULL
                          AND ST_DWithin(a.geom, c.geom, %(rounding)s / 111000.0))
     ORDER BY c.code LIMIT %(most)s
"""
ON_TWO: LiteralString = """
    SELECT c.code, ST_X(c.geom) AS lon, ST_Y(c.geom) AS lat, string_agg(a.code, ', ' ORDER BY a.code) AS grids
      FROM component c JOIN area a ON a.finest = 1 AND a.valid_to IS NULL AND ST_Contains(a.geom, c.geom)
     WHERE c.valid_to IS NULL GROUP BY c.code, c.geom HAVING count(*) > 1 ORDER BY c.code LIMIT %(most)s
"""


def survey(tx: ReadTx) -> list[Fault]:
    """Every fault of what is in force, from the top level down, each with a polygon; components last."""
    document = city_of(tx)
    plane = Plane(*document["centre"])
    rounding = float(document.get("check", {}).get("sliver_m", ROUNDING_M))
    found: list[Fault] = []
    parents: dict[str, BaseGeometry] = {}
    for layer in (layer for layer in layers_of(document).values() if layer.is_area):
        rows = everything(tx, layer)
        pieces = [Piece(code=code, parent=row.said["parent"], shape=row.geom) for code, row in rows.items()]
        found += coverage_faults(layer.key, pieces, parents, plane, rounding=rounding)
        parents = {piece.code: piece.shape for piece in pieces if piece.shape.is_valid}
    return [*found, *_things(tx, plane, rounding)]


def _things(tx: ReadTx, plane: Plane, rounding: float) -> Iterator[Fault]:
    for row in dicts(tx, OFF_GRID, rounding=rounding, most=MOST_THINGS):
        yield _thing("no_grid", (row["code"],), (row["lon"], row["lat"]), plane)
    for row in dicts(tx, ON_TWO, most=MOST_THINGS):
        yield _thing("two_grids", (row["code"], row["grids"]), (row["lon"], row["lat"]), plane)


def _thing(kind: str, codes: tuple[str, ...], at: tuple[float, float], plane: Plane) -> Fault:
    square = plane.degrees(plane.metres(shapely.Point(at)).buffer(LOOK_M, cap_style="square"))
    return Fault(kind=kind, level="components", codes=codes, shape=square)
