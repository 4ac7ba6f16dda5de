"""Checks of areas, roads and components: codes, and what lies on, over or beside what."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from dispatch.cityfile.faults import Faults
from dispatch.cityfile.rows import AreaRow, CityFiles, ComponentRow
from dispatch.cityfile.trims import check_trims
from gis.plane import Plane
from gis.topology import ROUNDING_M, beyond, left_out, overlaps

__all__ = ["check_components", "check_places"]

ROADS, COMPONENTS = "roads.geojson", "components.csv"
Flat = Callable[[Any], Any]


def _file(level: str) -> str:
    return f"areas/{level}.geojson"


def _sliver(city: CityFiles) -> float:
    return float(city.document.get("check", {}).get("sliver_m", ROUNDING_M))


def check_places(city: CityFiles, faults: Faults) -> None:
    """Areas level by level from the top, then roads and the stretches taken off them."""
    flat = Plane(*city.document["centre"]).metres
    sliver = _sliver(city)
    above: dict[str, AreaRow] = {}
    for level in city.document["levels"]:
        rows = city.areas.get(level["key"], [])
        if not rows:
            faults.error(_file(level["key"]), None, "there is no area in the file")
        _check_codes(level, rows, above, faults)
        sound = _sound(rows, flat, faults)
        _check_overlaps(sound, sliver, faults)
        unsound = {row.parent for row in rows if not row.geom.is_valid}  # what they leave out nobody can say
        parents = {code: flat(row.geom) for code, row in above.items() if code not in unsound}
        _check_cover(sound, parents, sliver, faults)
        above = {row.code: row for row, _ in sound}
    _check_roads(city, faults)
    check_trims(city, faults)


def _check_codes(level: dict[str, Any], rows: Sequence[AreaRow], above: dict[str, AreaRow], faults: Faults) -> None:
    file, counts = _file(level["key"]), Counter(row.code for row in rows)
    for row in rows:
        if not re.search(level["code"], row.code):
            faults.error(file, row.row, f"code {row.code} breaks the layout {level['code']}")
        if counts[row.code] > 1:
            faults.error(file, row.row, f"code {row.code} is given twice")
        if row.parent and row.parent not in above:
            faults.error(file, row.row, f"unknown parent {row.parent}")
        elif above and not row.parent:
            faults.error(file, row.row, f"area {row.code} has no parent")
        elif level.get("prefix") and not row.code.startswith(row.parent):
            faults.error(file, row.row, f"code {row.code} does not begin with its parent's, {row.parent}")


def _sound(rows: Sequence[AreaRow], flat: Flat, faults: Faults) -> list[tuple[AreaRow, BaseGeometry]]:
    """The areas whose polygon is valid, with it in metres."""
    found = []
    for row in rows:
        if row.geom.is_valid:
            found.append((row, flat(row.geom)))
        else:
            faults.error(_file(row.level), row.row, f"invalid polygon: {shapely.is_valid_reason(row.geom)}")
    return found


def _check_overlaps(areas: Sequence[tuple[AreaRow, BaseGeometry]], sliver: float, faults: Faults) -> None:
    for i, j, part in overlaps([shape for _, shape in areas], sliver):
        row, other = areas[i][0], areas[j][0]
        faults.error(_file(row.level), row.row, f"{row.code} overlaps {other.code} by {part.area:.0f} m²")


def _check_cover(
    areas: Sequence[tuple[AreaRow, BaseGeometry]], parents: dict[str, BaseGeometry], sliver: float, faults: Faults
) -> None:
    """Children lie inside their parent and leave nothing of it out."""
    children: dict[str, list[BaseGeometry]] = {}
    for row, shape in areas:
        parent = parents.get(row.parent)
        if parent is None:
            continue
        children.setdefault(row.parent, []).append(shape)
        outside = beyond(shape, parent, sliver)
        if outside is not None:
            faults.error(
                _file(row.level), row.row, f"{row.code} lies outside its parent {row.parent} by {outside.area:.0f} m²"
            )
    level = areas[0][0].level if areas else ""
    for code, parent in parents.items():
        gap = left_out(parent, children.get(code, []), sliver)
        if gap is not None:
            faults.error(_file(level), None, f"{level} areas leave a gap of {gap.area:.0f} m² in {code}")


def _check_roads(city: CityFiles, faults: Faults) -> None:
    counts = Counter(row.code for row in city.roads)
    for row in city.roads:
        if counts[row.code] > 1:
            faults.error(ROADS, row.row, f"road code {row.code} is given twice")
        if row.road_class not in city.document["road_classes"]:
            faults.error(ROADS, row.row, f"unknown road class {row.road_class}")
        if not row.geom.is_valid:
            faults.error(ROADS, row.row, f"invalid line: {shapely.is_valid_reason(row.geom)}")


def check_components(city: CityFiles, faults: Faults) -> None:
    """Codes, categories, units, and the unit grid each stands on."""
    pattern = city.document.get("component_code", {}).get("pattern")
    categories = {row.code for row in city.categories}
    units = {row.id for row in city.units}
    counts = Counter(row.code for row in city.components)
    for row in city.components:
        if pattern and not re.search(pattern, row.code):
            faults.error(COMPONENTS, row.row, f"code {row.code} breaks the layout {pattern}")
        if counts[row.code] > 1:
            faults.error(COMPONENTS, row.row, f"component code {row.code} is given twice")
        if row.category not in categories:
            faults.error(COMPONENTS, row.row, f"unknown category {row.category}")
        for unit in {row.supervisor, row.owner, row.maintainer} - {""} - units:
            faults.error(COMPONENTS, row.row, f"unknown unit {unit}")
    if city.components and city.finest:
        _check_grids(city.components, city.finest, _Ground.of(city), faults)


class _Ground:
    """Which unit grids lie under which component. `inside`: in the interior; `near`: within a sliver of the edge."""

    def __init__(self, inside: dict[int, list[int]], near: set[tuple[int, int]]) -> None:
        self.inside = inside
        self.near = near

    @classmethod
    def of(cls, city: CityFiles) -> _Ground:
        flat = Plane(*city.document["centre"]).metres
        shapes = flat(shapely.make_valid(numpy.array([row.geom for row in city.finest], dtype=object)))
        places = numpy.array([[row.lon, row.lat] for row in city.components])
        points: NDArray[Any] = flat(shapely.points(places))
        tree = shapely.STRtree(shapes)
        inside: dict[int, list[int]] = {}
        for point, grid in zip(*tree.query(points, predicate="within"), strict=True):
            inside.setdefault(int(point), []).append(int(grid))
        near = tree.query(points, predicate="dwithin", distance=_sliver(city))
        return cls(inside, {(int(point), int(grid)) for point, grid in zip(*near, strict=True)})


def _check_grids(components: Sequence[ComponentRow], grids: Sequence[AreaRow], ground: _Ground, faults: Faults) -> None:
    number = {row.code: index for index, row in enumerate(grids)}
    touched = {point for point, _ in ground.near}
    for index, row in enumerate(components):
        under = ground.inside.get(index, [])
        named = number.get(row.grid)
        if len(under) > 1:
            codes = ", ".join(grids[grid].code for grid in under)
            faults.error(COMPONENTS, row.row, f"component {row.code} stands on two unit grids: {codes}")
        elif index not in touched:
            faults.error(COMPONENTS, row.row, f"component {row.code} stands on no unit grid")
        elif named is None:
            faults.error(COMPONENTS, row.row, f"unknown unit grid {row.grid}")
        elif (index, named) not in ground.near:
            stands = grids[under[0]].code if under else "another"
            faults.error(COMPONENTS, row.row, f"component {row.code} stands on {stands}, not on {row.grid}")
