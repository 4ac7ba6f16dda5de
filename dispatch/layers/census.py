"""A census of components beside the register: whose code a row bears, what is new, moved, gone, or in other hands."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, LiteralString, TypeVar

import numpy
import shapely
from shapely.geometry.base import BaseGeometry

from dispatch.layers.wanted import Wanted
from gis.changes.sets import Change, Op
from gis.changes.standing import Standing
from gis.codes import COMPONENT, ComponentCode
from gis.db import ReadTx, dicts
from gis.plane import Plane
from gis.problems import FormIncomplete

__all__ = ["Difference", "differences", "recognised", "with_codes"]

Row = TypeVar("Row", Wanted, Change)
SAME_M = 2.0  # a thing of the same category this near is the same thing, measured again
MOVED_M = 0.05  # less is the rounding of a file
UNITS = ("supervisor", "owner", "maintainer")
# The district a point lies in and the highest number that ever was, ended rows included.
DISTRICT: LiteralString = """
    SELECT p.no, (SELECT t.code FROM area g JOIN area t ON t.id = g.path[1]
                   WHERE g.finest = 1 AND g.valid_to IS NULL AND ST_DWithin(g.geom, p.point, 1e-6)
                   ORDER BY greatest(ST_Distance(g.geom, p.point), 1e-8), g.code LIMIT 1) AS district
      FROM (SELECT no, ST_SetSRID(ST_GeomFromWKB(wkb), 4490) AS point
              FROM unnest(%(numbers)s::int[], %(points)s::bytea[]) r(no, wkb)) p
"""
HIGHEST: LiteralString = """
    SELECT left(code, 10) AS stem, max(right(code, 6)::int) AS number FROM component
     WHERE left(code, 10) = ANY (%(stems)s) AND code ~ '^[0-9]{16}$' GROUP BY 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One line of the report. `what`: added, moved, gone, owner (one of the three units), changed (another column)."""

    code: str
    what: str
    metres: float | None = None
    before: str = ""
    after: str = ""


def recognised(wanted: Sequence[Wanted], there: Mapping[str, Standing], plane: Plane) -> list[Wanted]:
    """Rows without a code get that of the component of their category within 2 m, the nearest pairs first."""
    bare = [row for row in wanted if not row.code]
    named = {row.code for row in wanted if row.code}
    known = [row for code, row in there.items() if code not in named]
    if not bare or not known:
        return list(wanted)
    tree = shapely.STRtree(plane.metres(numpy.array([row.geom for row in known], dtype=object)))
    points = plane.metres(numpy.array([row.geom for row in bare], dtype=object))
    mine, theirs = tree.query(points, predicate="dwithin", distance=SAME_M)
    metres = shapely.distance(points[mine], tree.geometries[theirs])
    found: dict[int, str] = {}
    taken = set()
    for _, i, j in sorted(zip(metres, mine, theirs, strict=True)):
        same = bare[i].said["category"] == known[j].said["category"]
        if same and bare[i].no not in found and known[j].code not in taken:
            found[bare[i].no] = known[j].code
            taken.add(known[j].code)
    return [replace(row, code=row.code or found.get(row.no, "")) for row in wanted]


def with_codes(tx: ReadTx, wanted: Sequence[Row]) -> list[Row]:
    """Rows still without a code take the next of their district and category, in the order of the file.

    Raises FormIncomplete with the rows that lie in no district.
    """
    bare = [row for row in wanted if not row.code]
    if not bare:
        return list(wanted)
    stems = _stems(tx, bare)
    last: Counter[str] = Counter()
    for known in dicts(tx, HIGHEST, stems=sorted(set(stems.values()))):
        last[known["stem"]] = known["number"]
    for row in wanted:
        if row.code and COMPONENT.fullmatch(row.code):
            last[row.code[:10]] = max(last[row.code[:10]], int(row.code[10:]))
    numbered = {}
    for row in bare:
        stem = stems[row.no]
        last[stem] += 1
        numbered[row.no] = str(ComponentCode(stem[:6], stem[6:8], stem[8:], last[stem]))
    return [replace(row, code=row.code or numbered[row.no]) for row in wanted]


def _stems(tx: ReadTx, bare: Sequence[Row]) -> dict[int, str]:
    """Row number → district and category, ten digits."""
    points = [shapely.to_wkb(row.geom) for row in bare]
    places = {r["no"]: r["district"] for r in dicts(tx, DISTRICT, numbers=[row.no for row in bare], points=points)}
    stems = {row.no: f"{places[row.no] or ''}{re.sub(r'[^0-9]', '', row.said['category'])}" for row in bare}
    lost = [
        {"row": no, "reason": "no code, and no district to number it in"} for no, s in stems.items() if len(s) != 10
    ]
    if lost:
        raise FormIncomplete(
            f"{len(lost)} components cannot be numbered: row {lost[0]['row']} has no code and lies in no district",
            zh=f"{len(lost)} 个部件无法编号：第 {lost[0]['row']} 行没有代码且不在任何区内",
            faults=lost,
        )
    return stems


def differences(changes: Sequence[Change], there: Mapping[str, Standing], plane: Plane) -> Iterator[Difference]:
    """What the census says that the register does not, one line for each matter."""
    for change in changes:
        if change.op is Op.ADD:
            yield Difference(code=change.code, what="added", after=str(change.said["category"]))
            continue
        old = there[change.code]
        if change.op is Op.END or change.geom is None:
            yield Difference(code=change.code, what="gone", before=str(old.said["category"]))
            continue
        metres = _apart(old.geom, change.geom, plane)
        if metres >= MOVED_M:
            yield Difference(code=change.code, what="moved", metres=round(metres, 2))
        yield from _columns(change.code, old.said, change.said)


def _columns(code: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Difference]:
    for column in (column for column in after if before[column] != after[column]):
        what = "owner" if column in UNITS else "changed"
        yield Difference(code=code, what=what, before=f"{column} {before[column]}", after=f"{column} {after[column]}")


def _apart(a: BaseGeometry, b: BaseGeometry, plane: Plane) -> float:
    return float(plane.metres(a).distance(plane.metres(b)))
