"""Duty grids drawn as outlines → the unit grids that lie in them, taken from the duty grids that had them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import LiteralString

from dispatch.people.roles import Role
from gis.changes.duty import outline, tours_of
from gis.changes.layer import DUTY_GRIDS, Layer
from gis.changes.sets import Change, Op
from gis.changes.standing import around, by_code
from gis.db import ReadTx, dicts
from gis.problems import FormIncomplete

__all__ = ["laid_out", "walkers_of"]


WALKERS: LiteralString = """
    SELECT login, name FROM person JOIN person_role ON person_id = id WHERE role = %(role)s AND NOT disabled
     ORDER BY login
"""


def walkers_of(tx: ReadTx) -> dict[str, str]:
    """Login → name of those who may walk a duty grid."""
    return {row["login"]: row["name"] for row in dicts(tx, WALKERS, role=Role.INSPECTOR.value)}


def laid_out(tx: ReadTx, layers: Mapping[str, Layer], changes: Sequence[Change]) -> list[Change]:
    """The changes with the unit grids whose middle lies in each outline, and their shape in its place.

    The ground comes from whoever had it: neighbours that give some of it up are altered with the set. What says only
    what is in force already is left out. Raises FormIncomplete for an outline without a unit grid, and where a
    neighbour would keep none.
    """
    finest = next(layer for layer in layers.values() if layer.is_finest)
    drawn = [_drawn(tx, finest, change) for change in changes]
    there = by_code(tx, DUTY_GRIDS, [change.code for change in drawn])
    news = [
        change
        for change in drawn
        if change.geom is None or change.code not in there or not there[change.code].says(change.said, change.geom)
    ]
    return [*news, *_givers(tx, drawn)]


def _drawn(tx: ReadTx, finest: Layer, change: Change) -> Change:
    if change.geom is None:
        return change
    if not change.geom.is_valid:
        raise FormIncomplete(
            f"The outline of {change.code} crosses itself",
            zh=f"{change.code} 的范围线自相交",
            fields={"geometry": "crosses itself"},
        )
    near = around(tx, finest, [change.geom])
    grids = sorted(code for code, row in near.items() if change.geom.covers(row.geom.representative_point()))
    if not grids:
        raise FormIncomplete(
            f"No unit grid has its middle in the outline of {change.code}",
            zh=f"{change.code} 的范围内没有单元网格",
            fields={"geometry": "no unit grid in it"},
        )
    return replace(change, said={**change.said, "grids": grids}, geom=outline(tx, grids))


def _givers(tx: ReadTx, drawn: Sequence[Change]) -> list[Change]:
    """Those that nobody drew, without the unit grids that others take from them."""
    taken = {grid for change in drawn for grid in change.said.get("grids", ())}
    codes = set(tours_of(tx, taken).values()) - {change.code for change in drawn}
    found = []
    last = max((change.no for change in drawn), default=0)
    for no, (code, row) in enumerate(by_code(tx, DUTY_GRIDS, sorted(codes)).items(), start=last + 1):
        left = [grid for grid in row.said["grids"] if grid not in taken]
        if not left:
            raise FormIncomplete(
                f"Nothing would be left of duty grid {code}: retire it in the same set",
                zh=f"责任网格 {code} 将不剩任何单元网格：请一并停用",
                fields={"geometry": f"takes all of {code}"},
            )
        found.append(Change(no=no, op=Op.ALTER, code=code, said={**row.said, "grids": left}, geom=outline(tx, left)))
    return found
