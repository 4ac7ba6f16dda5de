"""A change set held against what is in force, as a whole: what it would break, each fault with its place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import LiteralString

import shapely
from shapely.geometry import Point
from shapely.geometry.base import BaseGeometry

from gis.changes.duty import duty_faults
from gis.changes.layer import Layer
from gis.changes.sets import Change, ChangeSet, Op, changes_of
from gis.changes.standing import Standing, around, by_code, under
from gis.db import ReadTx, value
from gis.plane import Plane
from gis.topology import Fault, Piece, coverage_faults

__all__ = ["check"]

USED: dict[str, LiteralString] = {
    "areas": """SELECT array_agg(DISTINCT code ORDER BY code) FROM area
                 WHERE level = %(level)s AND code = ANY (%(codes)s)""",
    "components": "SELECT array_agg(DISTINCT code ORDER BY code) FROM component WHERE code = ANY (%(codes)s)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Around:
    """The neighbourhood of a set: rows of its level, their parents, and the level below, before and after."""

    before: Mapping[str, Standing]
    after: Mapping[str, Piece]
    moved: frozenset[str]  # codes whose shape or parent changes


def check(tx: ReadTx, layer: Layer, one: ChangeSet, *, plane: Plane, below: Layer | None, above: Layer | None,
          rounding: float) -> list[Fault]:  # fmt: skip
    """Every fault that the set would bring in; what was at fault before and stays so is none of the set's.

    `plane` lies through the city; `below`, `above`: the neighbouring levels of area, if there are.
    """
    changes = changes_of(tx, one.id)
    found = [*_codes(tx, layer, changes, again=one.undoes is not None)]
    if layer.kind == "duty_grids":
        return [*found, *duty_faults(tx, changes, plane=plane, rounding=rounding)]
    if not layer.is_area:
        return found
    near = _around(tx, layer, changes)
    found += _parents(tx, layer, changes, above)
    found += _with_parents(tx, layer, near, plane=plane, above=above, rounding=rounding)
    if below is not None:
        found += _with_children(tx, below, changes, plane=plane, rounding=rounding)
    return found


def _codes(tx: ReadTx, layer: Layer, changes: Sequence[Change], *, again: bool) -> Iterable[Fault]:
    """Codes off their layout, and numbers used before. `again`: the set only brings back what there was."""
    for change in changes:
        if change.op is Op.ADD and layer.code and not re.fullmatch(layer.code, change.code):
            yield _named("layout", layer, change, layer.code)
    if again or not (layer.is_finest or layer.kind == "components"):
        return
    added = {change.code: change for change in changes if change.op is Op.ADD}
    for code in value(tx, USED[layer.kind], level=layer.key, codes=list(added)) or ():
        yield _named("used", layer, added[code])


def _parents(tx: ReadTx, layer: Layer, changes: Sequence[Change], above: Layer | None) -> Iterable[Fault]:
    """Parents that are not there, and codes that do not begin with their parent's."""
    if above is None:
        return
    wanted = {str(change.said["parent"]) for change in changes if change.op is not Op.END}
    there = by_code(tx, above, sorted(wanted))
    for change in changes:
        if change.op is Op.END:
            continue
        parent = str(change.said["parent"])
        if parent not in there:
            yield _named("parent", layer, change, parent)
        elif layer.prefix and not change.code.startswith(parent):
            yield _named("prefix", layer, change, parent)


def _around(tx: ReadTx, layer: Layer, changes: Sequence[Change]) -> _Around:
    old = by_code(tx, layer, [change.code for change in changes])
    moved = [change for change in changes if _moves(change, old.get(change.code))]
    parents = {str(change.said.get("parent", "")) for change in moved} | {
        str(old[change.code].said["parent"]) for change in moved if change.code in old
    }
    shapes = [change.geom for change in moved if change.geom is not None]
    before = {**under(tx, layer, sorted(parents)), **around(tx, layer, shapes), **old}
    after = {code: Piece(code=code, parent=row.said["parent"], shape=row.geom) for code, row in before.items()}
    for change in changes:
        if change.geom is None:
            after.pop(change.code, None)
        else:
            after[change.code] = Piece(code=change.code, parent=str(change.said["parent"]), shape=change.geom)
    return _Around(before=before, after=after, moved=frozenset(change.code for change in moved))


def _moves(change: Change, old: Standing | None) -> bool:
    if old is None or change.geom is None:
        return True
    return not (old.said["parent"] == change.said["parent"] and old.geom.equals(change.geom))


def _with_parents(
    tx: ReadTx, layer: Layer, near: _Around, *, plane: Plane, above: Layer | None, rounding: float
) -> Iterable[Fault]:
    if not near.moved:
        return
    codes = {piece.parent for code, piece in near.after.items() if code in near.moved}
    codes |= {near.before[code].said["parent"] for code in near.moved if code in near.before}
    parents = {code: row.geom for code, row in by_code(tx, above, sorted(codes)).items()} if above else {}
    old = {code: Piece(code=code, parent=row.said["parent"], shape=row.geom) for code, row in near.before.items()}
    earlier = coverage_faults(layer.key, list(old.values()), parents, plane, rounding=rounding)
    for fault in coverage_faults(layer.key, list(near.after.values()), parents, plane, rounding=rounding):
        ours = fault.kind in ("gap", "empty") or near.moved & set(fault.codes)
        if ours and not _was_there(fault, earlier):
            yield fault


def _was_there(fault: Fault, earlier: Sequence[Fault]) -> bool:
    """Whether the fault stood before as it stands now, or larger."""
    same = [old for old in earlier if (old.kind, old.codes) == (fault.kind, fault.codes)]
    return any(fault.m2 <= old.m2 + 1 and old.shape.intersects(fault.shape) for old in same)


def _with_children(
    tx: ReadTx, below: Layer, changes: Sequence[Change], *, plane: Plane, rounding: float
) -> Iterable[Fault]:
    """What the level below makes of it: children left without a parent, outside of theirs, or a gap among them."""
    children = under(tx, below, [change.code for change in changes])
    parents = {change.code: change.geom for change in changes if change.geom is not None}
    for child in children.values():
        if child.said["parent"] not in parents:
            yield Fault(kind="orphan", level=below.key, codes=(child.code, child.said["parent"]), shape=child.geom)
    pieces = [Piece(code=row.code, parent=row.said["parent"], shape=row.geom) for row in children.values()]
    old = {row.code: row.geom for row in by_code(tx, _level_above(below), list(parents)).values()}
    earlier = coverage_faults(below.key, pieces, old, plane, rounding=rounding)
    for fault in coverage_faults(below.key, pieces, parents, plane, rounding=rounding):
        if fault.kind in ("across", "gap", "empty") and not _was_there(fault, earlier):
            yield fault


def _level_above(layer: Layer) -> Layer:
    """As far as a look-up by code needs it."""
    return Layer(key=layer.above, kind="areas", columns=layer.columns, shapes=layer.shapes, depth=layer.depth - 1)


def _named(kind: str, layer: Layer, change: Change, *more: str) -> Fault:
    shape: BaseGeometry = change.geom if change.geom is not None else Point()
    return Fault(kind=kind, level=layer.key, codes=(change.code, *more), shape=shapely.force_2d(shape))
