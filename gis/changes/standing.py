"""What a layer says now: its rows as a change set would say them, the last known state with days to come included."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, LiteralString

import shapely
from shapely.geometry.base import BaseGeometry

from gis.changes.layer import Layer
from gis.db import ReadTx, dicts

__all__ = ["Standing", "around", "as_of", "by_code", "by_id", "everything", "under"]

AREA: LiteralString = """
    SELECT a.id, a.code, ST_AsBinary(a.geom) AS wkb,
           jsonb_build_object('name', a.name, 'name_en', a.name_en, 'parent', coalesce(p.code, ''),
             'area_class', a.area_class, 'land_use', a.land_use, 'is_local', a.is_local <> 0) AS said
      FROM area a LEFT JOIN area p ON p.id = a.parent_id
"""
ROAD: LiteralString = """
    SELECT a.id, a.code, ST_AsBinary(a.geom) AS wkb,
           jsonb_build_object('name', a.name, 'name_en', a.name_en, 'class', a.class, 'trims', a.trims) AS said
      FROM road a
"""
COMPONENT: LiteralString = """
    SELECT a.id, a.code, ST_AsBinary(a.geom) AS wkb,
           jsonb_build_object('category', a.category, 'name', a.name, 'supervisor', coalesce(a.supervisor, ''),
             'owner', coalesce(a.owner, ''), 'maintainer', coalesce(a.maintainer, ''),
             'state', a.state, 'accuracy', a.accuracy) AS said
      FROM component a
"""
# A duty grid is its unit grids: its shape is theirs joined, on the day asked for or, without one, the last known state.
DUTY_GRID: LiteralString = """
    SELECT a.id, a.code, ST_AsBinary(a.geom) AS wkb, a.said
      FROM (SELECT e.id, e.duty_grid AS code, e.valid_from, e.valid_to, u.geom,
                   jsonb_build_object('name', e.name, 'grids', coalesce(u.grids, '[]'),
                                      'inspectors', coalesce(w.inspectors, '[]')) AS said
              FROM duty_grid_entry e
              LEFT JOIN (SELECT m.duty_grid, jsonb_agg(m.grid ORDER BY m.grid COLLATE "C") AS grids,
                                ST_Multi(ST_Union(g.geom ORDER BY g.code COLLATE "C")) AS geom
                           FROM duty_grid_area m JOIN area g ON g.code = m.grid AND g.finest = 1
                          WHERE (m.valid_to IS NULL OR m.valid_to > %(day)s)
                            AND (%(day)s::date IS NULL OR m.valid_from <= %(day)s)
                            AND (g.valid_to IS NULL OR g.valid_to > %(day)s)
                            AND (%(day)s::date IS NULL OR g.valid_from <= %(day)s)
                          GROUP BY m.duty_grid) u USING (duty_grid)
              LEFT JOIN (SELECT d.duty_grid, jsonb_agg(p.login ORDER BY p.login COLLATE "C") AS inspectors
                           FROM person_duty_grid d JOIN person p ON p.id = d.person_id
                          WHERE (d.valid_to IS NULL OR d.valid_to > %(day)s)
                            AND (%(day)s::date IS NULL OR d.valid_from <= %(day)s)
                          GROUP BY d.duty_grid) w USING (duty_grid)) a
"""
SAME_DEGREES = 1e-8
SELECT: dict[str, LiteralString] = {"areas": AREA, "roads": ROAD, "components": COMPONENT, "duty_grids": DUTY_GRID}
LIVE: dict[str, LiteralString] = {
    "areas": " WHERE a.valid_to IS NULL AND a.level = %(level)s",
    "roads": " WHERE a.valid_to IS NULL",
    "components": " WHERE a.valid_to IS NULL",
    "duty_grids": " WHERE a.valid_to IS NULL",
}
ON: dict[str, LiteralString] = {
    "areas": " WHERE a.level = %(level)s AND a.valid_from <= %(day)s AND (a.valid_to IS NULL OR a.valid_to > %(day)s)",
    "roads": " WHERE a.valid_from <= %(day)s AND (a.valid_to IS NULL OR a.valid_to > %(day)s)",
    "components": " WHERE a.valid_from <= %(day)s AND (a.valid_to IS NULL OR a.valid_to > %(day)s)",
    "duty_grids": " WHERE a.valid_from <= %(day)s AND (a.valid_to IS NULL OR a.valid_to > %(day)s)",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """One row. `said`: its columns as `Layer.columns` names them; `geom` in degrees as stored."""

    id: int
    code: str
    said: dict[str, Any]
    geom: BaseGeometry = field(compare=False)

    def says(self, said: dict[str, Any], geom: BaseGeometry) -> bool:
        """Whether it says just this, every corner to a millimetre."""
        return self.said == said and _same(_plain(self.geom), _plain(geom))


def everything(tx: ReadTx, layer: Layer) -> dict[str, Standing]:
    """All rows of a layer by code."""
    return _rows(tx, layer, SELECT[layer.kind] + LIVE[layer.kind])


def as_of(tx: ReadTx, layer: Layer, day: date) -> list[Standing]:
    """The rows in force on a day, by code."""
    return _read(tx, layer, SELECT[layer.kind] + ON[layer.kind], day=day)


def by_code(tx: ReadTx, layer: Layer, codes: Sequence[str]) -> dict[str, Standing]:
    """Those of the rows that there are."""
    return _rows(tx, layer, SELECT[layer.kind] + LIVE[layer.kind] + " AND a.code = ANY (%(codes)s)", codes=list(codes))


def by_id(tx: ReadTx, layer: Layer, ids: Sequence[int]) -> dict[int, Standing]:
    """Rows by their id, in force or not. Not of duty grids: no one row holds what one said (`Change.was`)."""
    return {row.id: row for row in _read(tx, layer, SELECT[layer.kind] + " WHERE a.id = ANY (%(ids)s)", ids=list(ids))}


def under(tx: ReadTx, layer: Layer, parents: Sequence[str]) -> dict[str, Standing]:
    """The areas of a level that lie under these parents (codes)."""
    sql: LiteralString = AREA + LIVE["areas"] + " AND p.code = ANY (%(parents)s)"
    return _rows(tx, layer, sql, parents=list(parents))


def around(tx: ReadTx, layer: Layer, shapes: Sequence[BaseGeometry]) -> dict[str, Standing]:
    """The rows whose box meets the box of one of the shapes (degrees)."""
    sql: LiteralString = (
        SELECT[layer.kind]
        + LIVE[layer.kind]
        + """ AND EXISTS (SELECT FROM unnest(%(boxes)s::bytea[]) box
                       WHERE a.geom && ST_SetSRID(ST_GeomFromWKB(box), 4490))"""
    )
    boxes = [shapely.to_wkb(shapely.box(*shape.bounds)) for shape in shapes if not shape.is_empty]
    return _rows(tx, layer, sql, boxes=boxes)


def _rows(tx: ReadTx, layer: Layer, sql: LiteralString, **params: object) -> dict[str, Standing]:
    return {row.code: row for row in _read(tx, layer, sql, **params)}


def _read(tx: ReadTx, layer: Layer, sql: LiteralString, **params: object) -> list[Standing]:
    found = dicts(tx, sql + " ORDER BY a.code", **({"level": layer.key, "day": None} | params))
    shapes = [shapely.MultiPolygon() if row["wkb"] is None else shapely.from_wkb(row["wkb"]) for row in found]
    return [Standing(row["id"], row["code"], row["said"], shape) for row, shape in zip(found, shapes, strict=True)]


def _same(one: BaseGeometry, other: BaseGeometry) -> bool:
    """Whether every corner is the same to a millimetre.

    A ring may begin at another of its corners or run the other way round, as formats and datums have it; which corner
    comes first is not found by sorting them, for corners one above the other are told apart by less than a millimetre.
    A line that runs the other way is another line.
    """
    if shapely.equals_exact(one, other, tolerance=SAME_DEGREES, normalize=True):
        return True
    if shapely.get_dimensions([one, other]).min() < 2 or one.geom_type != other.geom_type:
        return False
    counts = shapely.get_num_coordinates([one, other])
    beside = abs(shapely.bounds(one) - shapely.bounds(other)).max() <= SAME_DEGREES
    return bool(counts[0] == counts[1] and beside and shapely.hausdorff_distance(one, other) <= SAME_DEGREES)


def _plain(shape: BaseGeometry) -> BaseGeometry:
    """A polygon and a multipolygon of it say the same."""
    parts = shapely.get_parts(shape)
    return parts[0] if len(parts) == 1 else shape
