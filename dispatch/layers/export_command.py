"""`wangge layers export`: a layer as of a day as a map file, in any datum; taken in again it changes nothing."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from dispatch.audit.trail import Kind, record
from dispatch.layers.publish import city_of
from dispatch.layers.second import author_of
from dispatch.layers.telling import patiently
from gis.changes.layer import Layer, layer_of
from gis.changes.standing import Standing, as_of
from gis.crs import DATUMS
from gis.db import write
from gis.mapfile import write_map
from gis.problems import NotFound

__all__ = ["add_export_arguments", "run_export"]

NOT_WRITTEN = ("trims",)  # rows of a file of their own (road_trims.csv); an import leaves them as they are


def add_export_arguments(parser: ArgumentParser) -> None:
    """`wangge layers export`"""
    parser.add_argument("layer", help="key of a level of area, roads, components or duty_grids")
    parser.add_argument("file", type=Path, metavar="FILE", help=".shp, .gpkg, .geojson or .csv; must not be there yet")
    parser.add_argument("--on", type=date.fromisoformat, metavar="YYYY-MM-DD", help="as of that day (default: today)")
    parser.add_argument("--datum", choices=DATUMS, default="wgs84", help="of the positions (wgs84)")
    parser.add_argument("--by", metavar="LOGIN", help="who does it; asks for the password")


def run_export(asked: Namespace) -> int:
    """0. Raises NotFound where nothing was in force that day."""
    with write() as tx:
        patiently(tx)
        by, document = author_of(tx, asked.by), city_of(tx)
        layer = layer_of(document, asked.layer)
        day = asked.on or tx.now.astimezone(ZoneInfo(str(document["time_zone"]))).date()
        rows = as_of(tx, layer, day)
        if not rows:
            raise NotFound(f"Of {layer.key} nothing was in force on {day}", zh=f"{day} 没有现行的 {layer.key}")
        detail = {"did": "export", "rows": len(rows), "on": day.isoformat(), "datum": asked.datum}
        record(tx, Kind.LAYERS, person_id=by.person_id, whence=by.whence, object=f"layer:{layer.key}", detail=detail)
        # Within the transaction: what could not be written was not exported.
        write_map(asked.file, _columns(layer, rows), [row.geom for row in rows], datum=asked.datum)
    sys.stderr.write(f"  {asked.file.name}: {len(rows)} rows of {layer.key} as of {day}, {asked.datum}\n")
    return 0


def _columns(layer: Layer, rows: Sequence[Standing]) -> dict[str, list[str]]:
    """Each column as text, as an import reads it."""
    names = [name for name in layer.columns if name not in NOT_WRITTEN]
    return {"code": [row.code for row in rows]} | {name: [_text(row.said[name]) for row in rows] for name in names}


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ";".join(value)
    return "" if value is None else str(value)
