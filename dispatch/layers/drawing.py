"""Unit grids drawn anew in a community: cut along its streets, numbered on from the highest number that ever was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

import numpy
import shapely
from shapely.geometry.base import BaseGeometry

from gis.changes.layer import Layer, layers_of
from gis.changes.sets import Change, Op
from gis.changes.standing import Standing, around, by_code, under
from gis.db import ReadTx, value
from gis.drawing.outline import draw
from gis.plane import Plane
from gis.problems import FormIncomplete, NotFound

__all__ = ["grids_of", "redrawn"]

SAME = 0.999  # a new grid that covers an old one to this part is the old one, and keeps its number
MOST = 999  # numbers of three digits
HIGHEST: LiteralString = """
    SELECT coalesce(max(right(code, 3)::int), 0) FROM area
     WHERE level = %(level)s AND left(code, -3) = %(parent)s AND code ~ '[0-9]{3}$'
"""


@dataclass(frozen=True, slots=True)
class _Street:
    line: BaseGeometry
    rank: int


def grids_of(document: Mapping[str, Any]) -> tuple[Layer, Layer]:
    """The finest level and the one above it, which is cut. Raises NotFound for a city of one level."""
    areas = [layer for layer in layers_of(document).values() if layer.is_area]
    if len(areas) < 2:
        raise NotFound("This city has one level of area: there is nothing to cut", zh="本市只有一级区域，无从划分")
    return areas[-1], areas[-2]


def redrawn(
    tx: ReadTx, document: Mapping[str, Any], code: str, *, outline: BaseGeometry | None = None, target: float
) -> list[Change]:
    """What makes the grids of a community those that are drawn in it: old ones end, new ones take the next numbers.

    `outline`: degrees, in the place of the community's own. Raises NotFound, and FormIncomplete if numbers run out.
    """
    finest, above = grids_of(document)
    community = by_code(tx, above, [code]).get(code)
    if community is None:
        raise NotFound(f"There is no {above.key} {code}", zh=f"没有 {above.key} {code}")
    shape = community.geom if outline is None else outline
    plane = Plane(*shape.centroid.coords[0])
    cells = draw(plane.metres(shape), _streets(tx, document, shape, plane), target=target)
    old = under(tx, finest, [code])
    kept, fresh = _sorted_out(cells, old, plane)
    first = value(tx, HIGHEST, level=finest.key, parent=code) + 1
    if first + len(fresh) - 1 > MOST:
        raise FormIncomplete(
            f"{code} has no numbers left: {len(fresh)} grids from {first} run over {MOST}",
            zh=f"{code} 编号已用尽：从 {first} 起的 {len(fresh)} 个网格超过 {MOST}",
        )
    added = [
        Change(
            no=number,
            op=Op.ADD,
            code=f"{code}{number:03d}",
            said=_said(number, community, _under(cell, old, plane)),
            geom=plane.degrees(cell),
        )
        for number, cell in enumerate(fresh, start=first)
    ]
    gone = sorted(old.keys() - kept)
    return [*added, *(Change(no=first + len(fresh) + n, op=Op.END, code=one) for n, one in enumerate(gone))]


def _streets(tx: ReadTx, document: Mapping[str, Any], shape: BaseGeometry, plane: Plane) -> list[_Street]:
    layer = layers_of(document)["roads"]
    ranks = {key: int(entry["rank"]) for key, entry in document.get("road_classes", {}).items()}
    near = around(tx, layer, [shape])
    return [
        _Street(plane.metres(road.geom), ranks.get(road.said["class"], max(ranks.values()))) for road in near.values()
    ]


def _sorted_out(
    cells: Sequence[BaseGeometry], old: Mapping[str, Standing], plane: Plane
) -> tuple[set[str], list[BaseGeometry]]:
    """Codes of the grids that are drawn again as they are, and the cells that are new."""
    kept = set()
    fresh = []
    flat = {code: plane.metres(row.geom) for code, row in old.items()}
    for cell in cells:
        same = next((code for code, shape in flat.items() if _covers(cell, shape)), None)
        if same is None:
            fresh.append(cell)
        else:
            kept.add(same)
    return kept, fresh


def _covers(cell: BaseGeometry, other: BaseGeometry) -> bool:
    if not cell.intersects(other):
        return False
    return bool(cell.intersection(other).area >= SAME * cell.union(other).area)


def _under(cell: BaseGeometry, old: Mapping[str, Standing], plane: Plane) -> dict[str, Any]:
    """What the old grid said that most of the new one lies on."""
    if not old:
        return {}
    rows = list(old.values())
    shared = shapely.area(shapely.intersection(plane.metres(numpy.array([r.geom for r in rows], dtype=object)), cell))
    best = int(shared.argmax())
    return rows[best].said if shared[best] > 0 else {}


def _said(number: int, community: Standing, below: Mapping[str, Any]) -> dict[str, Any]:
    name = community.said["name"].removesuffix("社区").removesuffix("村")
    name_en = community.said["name_en"].removesuffix(" Community")
    return {
        "name": f"{name}{number}号网格",
        "name_en": f"{name_en} grid {number}" if name_en else "",
        "parent": community.code,
        "area_class": below.get("area_class", community.said["area_class"]),
        "land_use": below.get("land_use", ""),
        "is_local": community.said["is_local"],
    }
