"""The tiny town, loaded, and strokes on it: squares of a hundredth of a degree's tenth, about 100 m."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from shapely import Point, box
from shapely.geometry.base import BaseGeometry

from dispatch.layers.publish import Author, city_of, draft
from gis.changes.layer import layer_of
from gis.changes.sets import Change, Op
from gis.changes.standing import Standing, by_code, everything
from gis.db import ReadTx, Tx

LI, WANG = Author("li"), Author("wang")
EAST = "440001001001"  # the community whose four grids the tests redraw
LAMP = {"category": "C0135", "name": "路灯", "supervisor": "utilities", "owner": "utilities", "maintainer": "crew"}


def square(column: float, row: float, width: float = 1, height: float = 1) -> BaseGeometry:
    """In units of 0.001 degrees from the town's south-west corner."""
    west, south = 114 + column / 1000, 22.5 + row / 1000
    return box(west, south, west + width / 1000, south + height / 1000)


def area(code: str, shape: BaseGeometry, parent: str, *, no: int = 1, op: Op = Op.ADD, name: str = "新网格") -> Change:
    said: dict[str, Any] = {"name": name, "name_en": "", "parent": parent, "area_class": 2, "land_use": "mixed"}
    return Change(no=no, op=op, code=code, said=said | {"is_local": False}, geom=shape)


def lamp(code: str, x: float, y: float, *, no: int = 1, op: Op = Op.ADD, **said: str) -> Change:
    told = LAMP | {"state": "intact", "accuracy": "A"} | said
    return Change(no=no, op=op, code=code, said=told, geom=Point(114 + x / 1000, 22.5 + y / 1000))


def proposed(tx: Tx, key: str, *changes: Change, by: Author = LI, days: int = 0, reason: str = "测绘更新") -> int:
    """A draft, in force so many days from today."""
    day: date | None = today(tx) + timedelta(days=days) if days else None
    layer = layer_of(city_of(tx), key)
    return draft(tx, layer, changes, by=by, reason=reason, source="survey 2026", in_force=day)


def today(tx: ReadTx) -> date:
    """The day it is in the town."""
    return tx.now.astimezone(ZoneInfo("Asia/Shanghai")).date()


def ended(code: str, no: int = 1) -> Change:
    return Change(no=no, op=Op.END, code=code)


def says(tx: ReadTx, key: str) -> dict[str, Any]:
    """All that a layer says, ids left out."""
    return {code: (row.said, row.geom.wkb_hex) for code, row in everything(tx, layer_of(city_of(tx), key)).items()}


def row(tx: ReadTx, key: str, code: str) -> Standing:
    return by_code(tx, layer_of(city_of(tx), key), [code])[code]
