"""Vector tiles (Mapbox Vector Tile 2, Web Mercator) of areas, roads, components and open cases."""

from __future__ import annotations

from gis.db import ReadTx, value
from gis.problems import NotFound
from gis.queries import query

__all__ = ["DEEPEST", "LAYERS", "tile"]

LAYERS = ("area", "road", "component", "case")
DEEPEST = 22


def tile(tx: ReadTx, layer: str, z: int, x: int, y: int) -> bytes:
    """One tile of one layer, which bears its name; empty where nothing is shown at that zoom.

    The transaction's row security decides which cases are in it. Raises NotFound for a layer or tile that is none.
    """
    if layer not in LAYERS or not 0 <= z <= DEEPEST or not (0 <= x < 2**z and 0 <= y < 2**z):
        raise NotFound("There is no such tile", zh="没有这块地图")
    return bytes(value(tx, query(f"tile_{layer}"), z=z, x=x, y=y, on=tx.now.date()))
