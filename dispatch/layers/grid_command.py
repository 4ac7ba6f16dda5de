"""`wangge grid draw`: unit grids cut along a community's streets and numbered, as one change set."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry

from dispatch.command import Command
from dispatch.layers.drawing import grids_of, redrawn
from dispatch.layers.publish import city_of, draft, look, put_in_force
from dispatch.layers.second import author_of
from dispatch.layers.telling import patiently, tell
from gis.changes.sets import Change, Op
from gis.crs import DATUMS
from gis.db import ReadTx, read, write
from gis.drawing.outline import GRID_M2
from gis.problems import FormIncomplete
from gis.sheet import read_sheet

__all__ = ["command"]


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "what", nargs="+", metavar="COMMUNITY|FILE", help="a community's code, or a map file of outlines"
    )
    parser.add_argument("--target", type=float, default=GRID_M2, metavar="M2", help="area of a grid (default: 10000)")
    parser.add_argument("--datum", choices=DATUMS, help="of a FILE's positions")
    parser.add_argument("--code", default="code", metavar="FIELD", help="the field of a FILE with the community's code")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the grids as GeoJSON, and change nothing")
    parser.add_argument("--draft", action="store_true", help="keep them as a draft, for the map")
    parser.add_argument("--reason", default="grids drawn anew", help="why")
    parser.add_argument("--by", metavar="LOGIN", help="who does it; asks for the password")
    parser.add_argument("--json", action="store_true", help="the set with its faults as GeoJSON")


def _run(asked: Namespace) -> int:
    """0 in force, written, or nothing new; 1 held or at fault."""
    with read(heavy=True) as tx:
        patiently(tx)
        changes = list(_numbered(change for code, shape in _outlines(asked) for change in _of(tx, asked, code, shape)))
    counts = Counter(change.op.value for change in changes)
    sys.stderr.write(f"{counts['add']} grids drawn, {counts['end']} ended\n")
    if asked.out:
        asked.out.write_text(json.dumps(_collection(changes), ensure_ascii=False), encoding="utf-8")
    if not changes or asked.out:
        return 0
    try:
        return _propose(asked, changes)
    except FormIncomplete as problem:
        sys.stderr.write(f"wangge grid draw: {problem}\n")
        return 1


def _propose(asked: Namespace, changes: list[Change]) -> int:
    with write() as tx:
        patiently(tx)
        by = author_of(tx, asked.by)
        finest, _ = grids_of(city_of(tx))
        number = draft(tx, finest, changes, by=by, reason=asked.reason, source="drawn along the roads in force")
        done = look(tx, number) if asked.draft else put_in_force(tx, number, by=by)
    return tell(done, as_json=asked.json)


def _of(tx: ReadTx, asked: Namespace, code: str, shape: BaseGeometry | None) -> list[Change]:
    return redrawn(tx, city_of(tx), code, outline=shape, target=asked.target)


def _outlines(asked: Namespace) -> Iterator[tuple[str, BaseGeometry | None]]:
    for word in asked.what:
        path = Path(word)
        if not path.suffix or not path.is_file():
            yield word, None
            continue
        for row in read_sheet(path, datum=asked.datum).rows:
            if asked.code not in row.values or row.geom is None:
                raise FormIncomplete(
                    f"{path.name}, row {row.no}: no shape, or no field {asked.code} with a community's code",
                    zh=f"{path.name} 第 {row.no} 行：缺少图形或字段 {asked.code}",
                )
            yield row.values[asked.code], row.geom


def _numbered(changes: Iterator[Change]) -> Iterator[Change]:
    for no, change in enumerate(changes, start=1):
        yield replace(change, no=no)


def _collection(changes: list[Change]) -> dict[str, object]:
    drawn = [change for change in changes if change.op is Op.ADD and change.geom is not None]
    features = [
        {"type": "Feature", "properties": {"code": one.code, **one.said}, "geometry": mapping(one.geom)}
        for one in drawn
    ]
    return {"type": "FeatureCollection", "features": features}


command = Command(
    name="draw",
    help="cut a community along its streets into unit grids of about 10,000 m² and number them",
    add_arguments=_add_arguments,
    run=_run,
    description="Cuts along streets and blocks, gives the road space to the nearest block, merges slivers, and numbers "
    "the grids west to east, north to south. Grids in force end by date, their numbers are never used again.",
)
