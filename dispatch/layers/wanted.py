"""Rows of a map file → what a layer is to say, each cell read; what cannot be read is a fault with its row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from dispatch.cityfile.cells import Cells
from dispatch.cityfile.faults import Faults
from dispatch.layers.duty import walkers_of
from gis.changes.layer import Layer
from gis.changes.standing import Standing
from gis.db import ReadTx, dicts
from gis.problems import FormIncomplete
from gis.sheet import Sheet, SheetRow

__all__ = ["Known", "Wanted", "known_of", "renamed", "wanted_of"]

CLASSES = range(1, 4)
STATES = ("intact", "damaged", "lost", "disused", "removed")
GRADES = ("", "A", "B", "C")
SHAPES = {2: "an area", 1: "one line", 0: "a point"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One row: its number in the file, and the layer's columns. `code` empty where the file gives none."""

    no: int
    code: str
    said: dict[str, Any]
    geom: BaseGeometry


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What cells may name: codes of the level above, road classes, categories, units, inspectors."""

    parents: frozenset[str]
    road_classes: frozenset[str]
    categories: frozenset[str]
    units: frozenset[str]
    inspectors: frozenset[str]


def known_of(tx: ReadTx, layer: Layer, document: Mapping[str, Any], categories: Sequence[str]) -> Known:
    """What is in force now."""
    parents = dicts(tx, "SELECT code FROM area WHERE level = %(above)s AND valid_to IS NULL", above=layer.above)
    units = dicts(tx, "SELECT unit_id AS id FROM unit_entry WHERE valid_to IS NULL")
    return Known(
        parents=frozenset(row["code"] for row in parents),
        road_classes=frozenset(document.get("road_classes", {})),
        categories=frozenset(categories),
        units=frozenset(row["id"] for row in units),
        inspectors=frozenset(walkers_of(tx)),
    )


def renamed(sheet: Sheet, columns: Sequence[str], mapping: Mapping[str, str]) -> dict[str, str]:
    """Field of the file → our column: as asked, and where a field bears a column's name, however written.

    Raises FormIncomplete if a mapping names a field or a column that there is not.
    """
    ours = (*columns, "code")
    wrong = {field: "the file has no such field" for field in mapping if field not in sheet.fields}
    wrong |= {column: f"the layer has only {', '.join(ours)}" for column in mapping.values() if column not in ours}
    if wrong:
        first, reason = next(iter(wrong.items()))
        raise FormIncomplete(f"--map {first}: {reason}", zh=f"--map {first}:{reason}", fields=wrong)
    same = {field: field.lower() for field in sheet.fields if field.lower() in ours}
    taken = set(mapping.values())
    return {field: column for field, column in same.items() if column not in taken} | dict(mapping)


def wanted_of(
    sheet: Sheet, layer: Layer, mapping: Mapping[str, str], there: Mapping[str, Standing], known: Known
) -> tuple[list[Wanted], Faults]:
    """Every row that can be read, and the faults. A column that the file has not stays what it is in force."""
    faults = Faults()
    fields = renamed(sheet, layer.columns, mapping)
    found = []
    for row in sheet.rows:
        values = {column: row.values[field] for field, column in fields.items()}
        cells = Cells(sheet.path.name, row.no, values, faults)
        code = cells.text("code") if layer.kind == "components" else cells.needed("code")
        old = there.get(code)
        said = (dict(old.said) if old else _blank(layer)) | READERS[layer.kind](cells, known, layer, code)
        geom = _shape(cells, row, layer)
        _need(cells, said, layer)
        if cells.good and geom is not None:
            found.append(Wanted(no=row.no, code=code, said=said, geom=geom))
    return found, faults


def _blank(layer: Layer) -> dict[str, Any]:
    blank: dict[str, Any] = dict.fromkeys(layer.columns, "")
    special: dict[str, Any] = {"area_class": None, "is_local": False, "trims": None, "state": "intact"}
    special |= {"grids": [], "inspectors": []}
    return blank | {column: value for column, value in special.items() if column in blank}


def _area(cells: Cells, known: Known, layer: Layer, code: str) -> dict[str, Any]:
    said: dict[str, Any] = {name: cells.text(name) for name in ("name", "name_en", "land_use") if name in cells.values}
    if "area_class" in cells.values:
        said["area_class"] = cells.whole_or_none("area_class", CLASSES)
    if "is_local" in cells.values:
        said["is_local"] = cells.truth("is_local")
    parent = cells.text("parent")
    if not parent and layer.prefix:
        parent = next((above for above in known.parents if code.startswith(above)), "")
    return said | ({"parent": parent} if parent else {})


def _road(cells: Cells, known: Known, layer: Layer, code: str) -> dict[str, Any]:
    said = {name: cells.text(name) for name in ("name", "name_en", "class") if name in cells.values}
    if "class" in said and said["class"] not in known.road_classes:
        cells.fault(f"unknown road class {said['class']}")
    return said


def _component(cells: Cells, known: Known, layer: Layer, code: str) -> dict[str, Any]:
    said = {name: cells.text(name) for name in layer.columns if name in cells.values}
    for column in ("supervisor", "owner", "maintainer"):
        if said.get(column) and said[column] not in known.units:
            cells.fault(f"unknown unit {said[column]}")
    for column, allowed in (("state", STATES), ("accuracy", GRADES)):
        if said.get(column, "") not in (*allowed, ""):
            cells.fault(f"{column} is {said[column]}: it wants one of {', '.join(allowed)}")
    if "category" in said and said["category"] not in known.categories:
        cells.fault(f"unknown category {said['category']}")
    return {name: value for name, value in said.items() if value or name != "state"}


def _duty(cells: Cells, known: Known, layer: Layer, code: str) -> dict[str, Any]:
    """Its unit grids are those in its outline, whatever the file says of them."""
    said: dict[str, Any] = {"name": cells.text("name")} if "name" in cells.values else {}
    if "inspectors" in cells.values:
        said["inspectors"] = sorted(cells.several("inspectors"))
        for login in said["inspectors"]:
            if login not in known.inspectors:
                cells.fault(f"unknown inspector {login}")
    return said


READERS = {"areas": _area, "roads": _road, "components": _component, "duty_grids": _duty}
NEEDED = {"areas": ("name",), "roads": ("class",), "components": ("category",), "duty_grids": ("name",)}


def _need(cells: Cells, said: Mapping[str, Any], layer: Layer) -> None:
    needed = (*NEEDED[layer.kind], *(("parent",) if layer.above else ()))
    for name in needed:
        if not said[name] and cells.good:
            cells.fault(f"{name} is empty")


def _shape(cells: Cells, row: SheetRow, layer: Layer) -> BaseGeometry | None:
    geom = row.geom
    if geom is None or geom.is_empty:
        cells.fault("it has no position that can be read")
        return None
    dimension = {"roads": 1, "components": 0}.get(layer.kind, 2)
    parts = shapely.get_parts(geom)
    single = parts[0] if len(parts) == 1 else geom
    fits = shapely.get_dimensions(geom) == dimension and (len(parts) == 1 or dimension == 2)
    if not fits:
        cells.fault(f"its shape is a {geom.geom_type}: it wants {SHAPES[dimension]}")
    elif not geom.is_valid:
        cells.fault(f"invalid shape: {shapely.is_valid_reason(geom)}")
    return single
