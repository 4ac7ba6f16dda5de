"""Strokes drawn on the map → change sets: read and bounded here, checked and put in force by `dispatch.layers.publish`.

A zone may be drawn on several levels at once: a set for each, from the top down, all in one transaction or none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, LiteralString

import shapely
from shapely.errors import ShapelyError
from shapely.geometry import box, mapping, shape
from shapely.geometry.base import BaseGeometry

from dispatch.cases.books import books
from dispatch.layers.census import with_codes
from dispatch.layers.duty import laid_out, walkers_of
from dispatch.layers.publish import Author, Checked, city_of, draft, look, put_in_force
from gis.changes.layer import Layer, layer_of, layers_of
from gis.changes.sets import Change, Op, State
from gis.changes.standing import Standing, around, by_code
from gis.db import ReadTx, Tx, one, value
from gis.problems import FormIncomplete, NotAllowed, wrong
from gis.topology import Fault

__all__ = ["Outcome", "Stroke", "Suggestion", "carry_out", "rows_in", "suggestion"]

MOST_CORNERS = 20_000  # of one shape
# Degrees a window may span: of what stands close only a neighbourhood is handed out.
SPAN = {"components": 0.03, "roads": 0.1, "finest": 0.05, "duty_grids": 0.1, "areas": 2.0}
DIGITS = re.compile(r"\^\\d\{(\d+)\}\$")
WORD = 200  # characters of one column


@dataclass(frozen=True, slots=True, kw_only=True)
class Stroke:
    """One row as the map sends it. `said`: the columns that were filled in; `geometry`: GeoJSON, degrees as stored."""

    op: Op
    code: str
    said: Mapping[str, Any] = field(default_factory=dict)
    geometry: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of the sets, in their order. `faults` of the first that has errors: those after it were not tried."""

    checked: tuple[Checked, ...] = ()
    faults: tuple[Fault, ...] = ()

    @property
    def sound(self) -> bool:
        """Whether nothing keeps them out."""
        return not any(not fault.warning for fault in self.faults)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """For an area drawn around a place: what it lies in, and the next code; empty where the layout is not digits."""

    parent: str
    parent_name: str
    code: str


def rows_in(tx: ReadTx, layer: Layer, window: tuple[float, float, float, float]) -> dict[str, Any]:
    """The layer's rows that meet a window (west, south, east, north in degrees), as GeoJSON to be drawn on.

    Raises FormIncomplete for a window too wide.
    """
    west, south, east, north = window
    most = SPAN["finest" if layer.is_finest else layer.kind]
    if not (0 < east - west <= most and 0 < north - south <= most):
        raise FormIncomplete(
            "Come closer to draw on this layer", zh="请放大后再编辑此图层", fields={"window": "too wide"}
        )
    found = around(tx, layer, [box(west, south, east, north)])
    return {"type": "FeatureCollection", "features": [_feature(row) for row in found.values()]}


def _feature(row: Standing) -> dict[str, Any]:
    parts = shapely.get_parts(row.geom)
    geom = parts[0] if len(parts) == 1 else row.geom
    return {"type": "Feature", "id": row.code, "properties": {"code": row.code, "said": row.said},
            "geometry": mapping(geom)}  # fmt: skip


OVER: LiteralString = """
    SELECT code AS parent, name AS parent_name, '' AS code FROM area
     WHERE level = %(level)s AND valid_to IS NULL
       AND ST_Intersects(geom, ST_SetSRID(ST_MakePoint(%(lon)s, %(lat)s), 4490)) ORDER BY code LIMIT 1
"""
# Codes of areas that are no more count: none is ever used again.
LAST: LiteralString = """
    SELECT max(code COLLATE "C") FROM area
     WHERE level = %(level)s AND code LIKE %(parent)s || '%%' AND code ~ '^[0-9]+$' AND length(code) = %(length)s
"""


# The numbers of one city begin alike; the highest that ever was is counted on, its length kept.
LAST_TOUR: LiteralString = """
    SELECT code FROM duty_grid WHERE code ~ '^[^0-9]*[0-9]+$' ORDER BY length(code) DESC, code COLLATE "C" DESC LIMIT 1
"""


def suggestion(tx: ReadTx, layer: Layer, lon: float, lat: float) -> Suggestion:
    """What an area drawn around a place would be called."""
    if layer.kind == "duty_grids":
        return Suggestion(parent="", parent_name="", code=_counted_on(value(tx, LAST_TOUR) or ""))
    over = one(tx, Suggestion, OVER, level=layer.above, lon=lon, lat=lat) if layer.above else None
    parent = over.parent if over else ""
    return Suggestion(parent=parent, parent_name=over.parent_name if over else "", code=_next_code(tx, layer, parent))


def _next_code(tx: ReadTx, layer: Layer, parent: str) -> str:
    digits = DIGITS.fullmatch(layer.code)
    if digits is None or (layer.above and not parent):
        return ""
    length = int(digits.group(1))
    last = value(tx, LAST, level=layer.key, parent=parent if layer.prefix else "", length=length)
    return str(int(last) + 1).zfill(length) if last else parent + "1".zfill(length - len(parent))


def _counted_on(code: str) -> str:
    """The next of numbers like DG079: DG080."""
    digits = code[len(code.rstrip("0123456789")) :]
    return code.removesuffix(digits) + str(int(digits) + 1).zfill(len(digits)) if digits else ""


def carry_out(
    tx: Tx, sets: Sequence[tuple[str, Sequence[Stroke]]], *, by: Author, reason: str, source: str, in_force: date | None
) -> Outcome:
    """Each layer's strokes as one set, checked and put in force (or held for a second person) in turn.

    Stops at the first with errors; the caller then rolls back. Raises FormIncomplete, Conflict, NotAllowed, NotFound.
    """
    document = city_of(tx)
    done: list[Checked] = []
    warnings: list[Fault] = []
    for key, strokes in sets:
        layer = layer_of(document, key)
        changes = _changes(tx, layer, strokes)
        if layer.kind == "duty_grids":
            changes = laid_out(tx, layers_of(document), changes)
            if not changes:
                raise wrong("geometry", "No unit grid changes its duty grid by this", "没有单元网格因此改变责任网格")
        number = draft(tx, layer, changes, by=by, reason=reason, source=source, in_force=in_force)
        found = look(tx, number)
        if found.errors:
            return Outcome(checked=tuple(done), faults=tuple(found.faults))
        done.append(put_in_force(tx, number, by=by))
        warnings += found.faults
        if done[-1].set.state is State.HELD and len(sets) > 1:
            raise NotAllowed(
                "One of these levels wants a second person: draw the levels one by one",
                zh="其中一级变更须经另一人复核，请逐级绘制",
                state=State.HELD.value,
                allowed=[],
            )
    return Outcome(checked=tuple(done), faults=tuple(_still(tx, document, warnings)))


def _still(tx: ReadTx, document: Mapping[str, Any], warnings: Sequence[Fault]) -> list[Fault]:
    """Warnings that the sets after them have not settled: an area that is divided by now is not empty any more."""
    levels = layers_of(document)
    left = []
    for fault in warnings:
        below = levels.get(fault.level)
        filled = (
            fault.kind == "empty"
            and below is not None
            and any(row.said["parent"] == fault.codes[0] for row in around(tx, below, [fault.shape]).values())
        )
        if not filled:
            left.append(fault)
    return left


def _changes(tx: ReadTx, layer: Layer, strokes: Sequence[Stroke]) -> list[Change]:
    there = by_code(tx, layer, [stroke.code for stroke in strokes])
    found = []
    for no, stroke in enumerate(strokes, start=1):
        if not stroke.code.strip() and not (layer.kind == "components" and layer.code):
            raise wrong("code", "A code is missing", "缺少编码")
        old = there.get(stroke.code)
        ends = stroke.op is Op.END
        found.append(
            Change(
                no=no,
                op=stroke.op,
                code=stroke.code.strip(),
                said={} if ends else _said(tx, layer, stroke.said, old),
                geom=None if ends else _geom(stroke.geometry, old),
            )
        )
    return with_codes(tx, found) if layer.kind == "components" else found


def _said(tx: ReadTx, layer: Layer, given: Mapping[str, Any], old: Standing | None) -> dict[str, Any]:
    """Every column of the layer: as filled in, else as it stands, else empty."""
    said: dict[str, Any] = {name: _column(name, given, old) for name in layer.columns}
    city = books(tx)
    if layer.kind == "roads" and said["class"] not in city.city.get("road_classes", {}):
        raise wrong("class", "There is no such class of road", "没有该道路等级")
    if layer.kind == "components":
        if said["category"] not in city.catalogue.categories:
            raise wrong("category", "No such category in the catalogue", "目录中没有该类别")
        for part in ("supervisor", "owner", "maintainer"):
            if said[part] and city.tree.get(said[part]) is None:
                raise wrong(part, f"There is no unit {said[part]}", f"没有单位 {said[part]}")
        said["state"] = said["state"] or "intact"
    if layer.kind == "duty_grids" and (unknown := set(said["inspectors"]) - walkers_of(tx).keys()):
        name = min(unknown)
        raise wrong("inspectors", f"There is no inspector {name}", f"没有监督员 {name}")
    return said


def _column(name: str, given: Mapping[str, Any], old: Standing | None) -> Any:
    before = old.said.get(name) if old is not None else None
    if name in ("trims", "grids"):
        return before or []
    if name == "inspectors":
        return sorted({str(login) for login in given.get(name, before) or ()})
    if name == "is_local":
        return bool(given.get(name, before))
    text = str(given[name] if given.get(name) is not None else "" if before is None else before).strip()
    if len(text) > WORD:
        raise wrong(name, f"At most {WORD} characters", f"最多 {WORD} 字")
    if name != "area_class":
        return text
    if text and not (text.isdecimal() and len(text) < 4):
        raise wrong(name, "This is not a number", "不是数字")
    return int(text) if text else None


def _geom(given: Mapping[str, Any] | None, old: Standing | None) -> BaseGeometry:
    if given is None:
        if old is None:
            raise wrong("geometry", "A shape is missing", "缺少图形")
        return old.geom
    try:
        geom = shape(given)
        corners = shapely.get_num_coordinates(geom)
        west, south, east, north = geom.bounds
    except (ShapelyError, ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
        raise wrong("geometry", "This is not a shape", "图形无法识别") from error
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90) or corners > MOST_CORNERS:
        raise wrong("geometry", "The shape lies off the earth or has too many corners", "图形超出范围或顶点过多")
    return shapely.force_2d(geom)
