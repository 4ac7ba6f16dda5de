"""Duty grids as a layer: a name, the unit grids it is made of, and who walks it. Its shape follows from its grids."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import LiteralString

import shapely
from psycopg.types.json import Jsonb
from shapely.geometry import Point
from shapely.geometry.base import BaseGeometry

from gis.changes.layer import DUTY_GRIDS
from gis.changes.sets import Change, ChangeSet, Op, changes_of
from gis.changes.standing import Standing, by_code
from gis.db import ReadTx, Tx, dicts, execute, execute_many, value
from gis.plane import Plane
from gis.topology import Fault

__all__ = ["duty_faults", "keep_what_was", "outline", "tours_of", "was", "write_members"]

OUTLINE: LiteralString = """
    SELECT ST_AsBinary(ST_Multi(ST_Union(geom ORDER BY code COLLATE "C"))) FROM area
     WHERE finest = 1 AND valid_to IS NULL AND code = ANY (%(grids)s)
"""
TOURS: LiteralString = "SELECT grid, duty_grid FROM duty_grid_area WHERE valid_to IS NULL AND grid = ANY (%(grids)s)"
MEMBERS: LiteralString = """
    SELECT grid, duty_grid FROM duty_grid_area
     WHERE valid_to IS NULL AND (grid = ANY (%(grids)s) OR duty_grid = ANY (%(codes)s))
"""
SHAPES: LiteralString = """
    SELECT code, ST_AsBinary(geom) AS wkb FROM area WHERE finest = 1 AND valid_to IS NULL AND code = ANY (%(grids)s)
"""
# Only what changes is ended and begun: the tour of a unit grid that stays on it goes on from the day it began.
WRITTEN: tuple[LiteralString, ...] = (
    """UPDATE duty_grid_area d SET valid_to = %(day)s FROM change c
        WHERE c.set_id = %(set)s AND d.duty_grid = c.code AND d.valid_to IS NULL
          AND NOT coalesce(c.said -> 'grids' ? d.grid, false)""",
    """INSERT INTO duty_grid_area (grid, duty_grid, edition_id, valid_from)
       SELECT g.grid, c.code, %(edition)s, %(day)s
         FROM change c, jsonb_array_elements_text(c.said -> 'grids') g (grid)
        WHERE c.set_id = %(set)s AND c.op <> 'end'
          AND NOT EXISTS (SELECT FROM duty_grid_area d WHERE d.grid = g.grid AND d.valid_to IS NULL)""",
    """UPDATE person_duty_grid d SET valid_to = %(day)s FROM change c, person p
        WHERE c.set_id = %(set)s AND d.duty_grid = c.code AND p.id = d.person_id AND d.valid_to IS NULL
          AND NOT coalesce(c.said -> 'inspectors' ? p.login, false)""",
    """INSERT INTO person_duty_grid (person_id, duty_grid, edition_id, valid_from)
       SELECT p.id, c.code, %(edition)s, %(day)s
         FROM change c, jsonb_array_elements_text(c.said -> 'inspectors') w (login), person p
        WHERE c.set_id = %(set)s AND c.op <> 'end' AND p.login = w.login
          AND NOT EXISTS (SELECT FROM person_duty_grid d
                           WHERE d.person_id = p.id AND d.duty_grid = c.code AND d.valid_to IS NULL)""",
)


def outline(tx: ReadTx, grids: Iterable[str]) -> BaseGeometry:
    """Unit grids (codes) joined to one shape, corner for corner as `standing` joins them; empty if there are none."""
    wkb = value(tx, OUTLINE, grids=list(grids))
    return shapely.MultiPolygon() if wkb is None else shapely.from_wkb(wkb)


def tours_of(tx: ReadTx, grids: Iterable[str]) -> dict[str, str]:
    """Unit grid → the duty grid it is on."""
    return {row["grid"]: row["duty_grid"] for row in dicts(tx, TOURS, grids=list(grids))}


def was(tx: ReadTx, changes: Sequence[Change]) -> dict[int, Standing]:
    """What the duty grids that a set ended or altered said before it, by the row it ended."""
    return {
        change.old_id: Standing(change.old_id, change.code, change.was, outline(tx, change.was["grids"]))
        for change in changes
        if change.old_id is not None and change.was is not None
    }


def keep_what_was(tx: Tx, one: ChangeSet) -> None:
    """Keep with each row of the set what it said until now: its unit grids and inspectors are rows of their own."""
    before = by_code(tx, DUTY_GRIDS, [change.code for change in changes_of(tx, one.id)])
    given = [{"set": one.id, "code": code, "was": Jsonb(row.said)} for code, row in before.items()]
    execute_many(tx, "UPDATE change SET was = %(was)s WHERE set_id = %(set)s AND code = %(code)s", given)


def write_members(tx: Tx, one: ChangeSet, edition_id: int) -> None:
    """End and begin unit grids and inspectors as the set says on its day of force."""
    for statement in WRITTEN:
        execute(tx, statement, set=one.id, day=one.in_force, edition=edition_id)


def duty_faults(tx: ReadTx, changes: Sequence[Change], *, plane: Plane, rounding: float) -> Iterator[Fault]:
    """Unit grids that would be on no duty grid or on two, each with its shape; what is worth a look is a warning."""
    codes = {change.code for change in changes}
    said = {grid: set[str]() for change in changes for grid in change.said.get("grids", ())}
    before = {row["grid"]: row["duty_grid"] for row in dicts(tx, MEMBERS, grids=list(said), codes=list(codes))}
    after = said | {grid: {tour} - codes for grid, tour in before.items()}
    for change in changes:
        for grid in change.said.get("grids", ()):
            after[grid].add(change.code)
    shapes = {row["code"]: shapely.from_wkb(row["wkb"]) for row in dicts(tx, SHAPES, grids=list(after))}
    yield from _of_grids(after, shapes)
    for change in changes:
        if change.op is not Op.END:
            yield from _of_tour(change, plane.metres(outline(tx, change.said["grids"])), rounding)


def _of_grids(after: Mapping[str, set[str]], shapes: Mapping[str, BaseGeometry]) -> Iterator[Fault]:
    for grid, tours in sorted(after.items()):
        if grid not in shapes:
            for tour in sorted(tours):
                yield _fault("no_such_grid", (tour, grid), Point())
        elif not tours:
            yield _fault("unwatched", (grid,), shapes[grid])
        elif len(tours) > 1:
            yield _fault("shared", (grid, *sorted(tours)), shapes[grid])


def _of_tour(change: Change, flat: BaseGeometry, rounding: float) -> Iterator[Fault]:
    pieces = shapely.get_num_geometries(flat.buffer(rounding, quad_segs=1))
    shape = change.geom if change.geom is not None else Point()
    if pieces > 1:
        yield _fault("apart", (change.code, str(pieces)), shape, warning=True)
    if not change.said["inspectors"]:
        yield _fault("unwalked", (change.code,), shape, warning=True)


def _fault(kind: str, codes: tuple[str, ...], shape: BaseGeometry, *, warning: bool = False) -> Fault:
    return Fault(kind=kind, level=DUTY_GRIDS.key, codes=codes, shape=shape, warning=warning)
