"""Vector tiles (Mapbox Vector Tile 2, Web Mercator) of areas, duty areas, roads, components and open cases.

What is shown, thinned, simplified or counted together at which zoom stands at the head of each layer's query
(`gis/sql/tile_*.sql`) and in `docs/map.md`.
"""

from __future__ import annotations

from datetime import date
from hashlib import blake2b
from typing import LiteralString

from gis.db import ReadTx, value
from gis.problems import NotFound
from gis.queries import query

__all__ = ["DEEPEST", "LAYERS", "edition_of", "tag", "tile"]

LAYERS = ("area", "duty", "road", "component", "case")
DEEPEST = 22
# Whatever changes the ground publishes an edition or counts the city up.
EDITION: LiteralString = "SELECT (SELECT version FROM city) || '.' || (SELECT max(id) FROM edition)"


def tile(tx: ReadTx, layer: str, place: tuple[int, int, int], *, on: date) -> bytes:
    """One tile of one layer, which bears its name, as the city was `on` that day; empty where that zoom shows nothing.

    `place`: zoom, column, row. The transaction's row security decides which cases are in it, which are always today's.
    Raises NotFound for a layer or tile that is none.
    """
    z, x, y = place
    _there(layer, z, x, y)
    return bytes(value(tx, query(f"tile_{layer}"), z=z, x=x, y=y, on=on))


def edition_of(tx: ReadTx) -> str:
    """What the ground is drawn from: another word as soon as anything of it has changed. Costs two index look-ups."""
    return str(value(tx, EDITION))


def tag(layer: str, place: tuple[int, int, int], *seen: object) -> str:
    """The tile's ETag: the same as long as `seen`, all that its content depends on, is the same.

    The layer's own query counts as seen, so that a new version of this program draws anew. Raises NotFound as `tile`.
    """
    z, x, y = place
    _there(layer, z, x, y)
    text = repr((place, query(f"tile_{layer}"), *map(str, seen)))
    return f'"{blake2b(text.encode(), digest_size=12).hexdigest()}"'


def _there(layer: str, z: int, x: int, y: int) -> None:
    if layer not in LAYERS or not 0 <= z <= DEEPEST or not (0 <= x < 2**z and 0 <= y < 2**z):
        raise NotFound("There is no such tile", zh="没有这块地图")
