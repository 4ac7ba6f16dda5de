"""A change set in its states: draft → in force, or held until a second person puts it in force; then undone, by a
further set. One that is not in force yet may be withdrawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, LiteralString

import shapely
from psycopg.types.json import Jsonb
from shapely.geometry.base import BaseGeometry

from gis.changes.layer import Layer
from gis.changes.standing import Standing, by_code
from gis.db import ReadTx, Tx, dicts, execute, one, rows, value
from gis.problems import Conflict, FormIncomplete, NotAllowed, NotFound
from gis.tables import SRID

__all__ = [
    "Change",
    "ChangeSet",
    "Op",
    "State",
    "changes_of",
    "counted",
    "difference",
    "lock",
    "propose",
    "set_of",
    "sets",
    "stands",
]

MOST_SETS = 200


class Op(StrEnum):
    """What a row of a set does."""

    ADD = "add"
    ALTER = "alter"
    END = "end"


class State(StrEnum):
    """Where a set stands. HELD: checked, and waiting for a second person."""

    DRAFT = "draft"
    HELD = "held"
    IN_FORCE = "in_force"
    UNDONE = "undone"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One proposed row. `said`: the layer's columns; `geom`: degrees as stored, None where the row is ended.

    `was`: of a duty grid once in force, what it said before.
    """

    no: int
    op: Op
    code: str
    said: dict[str, Any] = field(default_factory=dict)
    geom: BaseGeometry | None = field(default=None, compare=False)
    was: dict[str, Any] | None = None
    old_id: int | None = None
    new_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSet:
    """A set without its rows."""

    id: int
    layer: str
    state: State
    author: str
    reason: str
    source: str
    in_force: date
    held_for: list[dict[str, Any]]
    publisher: str | None
    undoes: int | None
    created_at: datetime
    published_at: datetime | None

    def __post_init__(self) -> None:
        object.__setattr__(self, "state", State(self.state))

    def document(self) -> dict[str, Any]:
        """As JSON tells it."""
        return asdict(self)


SET: LiteralString = """
    SELECT id, layer, state, author, reason, source, in_force, held_for, publisher, undoes, created_at, published_at
      FROM change_set
"""
CHANGES: LiteralString = """
    SELECT no, op, code, said, was, ST_AsBinary(geom) AS wkb, old_id, new_id
      FROM change WHERE set_id = %(id)s ORDER BY no
"""
COUNTS: LiteralString = "SELECT op, count(*) AS n FROM change WHERE set_id = %(id)s GROUP BY op"
NEW_SET: LiteralString = """
    INSERT INTO change_set (layer, state, author, reason, source, in_force, undoes)
    VALUES (%(layer)s, 'draft', %(author)s, %(reason)s, %(source)s, %(in_force)s, %(undoes)s) RETURNING id
"""


def propose(
    tx: Tx,
    layer: Layer,
    changes: Sequence[Change],
    *,
    author: str,
    reason: str,
    source: str,
    in_force: date,
    undoes: int | None = None,
) -> int:
    """Keep the rows as a draft; its number. Nothing of the city changes by it.

    Raises FormIncomplete if reason or rows are missing or a row is not one of the layer's, Conflict if a row is to be
    added that is there, or altered or ended that is not.
    """
    missing = {name: "missing" for name, given in (("reason", reason.strip()), ("rows", changes)) if not given}
    if missing:
        raise FormIncomplete(
            "A change set wants a reason and at least one row", zh="变更须有理由和内容", fields=missing
        )
    _refuse_misfits(changes, by_code(tx, layer, [change.code for change in changes]), layer)
    number: int = value(
        tx,
        NEW_SET,
        layer=layer.key,
        author=author,
        reason=reason.strip(),
        source=source.strip(),
        in_force=in_force,
        undoes=undoes,
    )
    with tx.connection.cursor() as cursor:
        statement = "COPY change (set_id, no, op, code, said, geom) FROM STDIN"
        with cursor.copy(statement) as copy:
            for change in changes:
                copy.write_row(
                    (number, change.no, change.op.value, change.code, Jsonb(change.said), _ewkb(change.geom))
                )
    return number


def _refuse_misfits(changes: Sequence[Change], there: dict[str, Standing], layer: Layer) -> None:
    seen: set[str | int] = set()
    faults = []
    for change in changes:
        reason = _misfit(change, change.code in there, layer)
        if change.code in seen:
            reason = "the code is given twice"
        if change.no in seen:
            reason = "the number of the row is given twice"
        if reason:
            faults.append({"row": change.no, "code": change.code, "reason": reason})
        seen.update((change.code, change.no))
    if faults:
        first = faults[0]
        raise Conflict(
            f"{len(faults)} rows do not fit what is in force; row {first['row']}, {first['code']}: {first['reason']}",
            zh=f"{len(faults)} 行与现行数据不符；第 {first['row']} 行 {first['code']}：{first['reason']}",
            faults=faults,
        )


def _misfit(change: Change, there: bool, layer: Layer) -> str | None:
    if change.op is Op.ADD and there:
        return "it is in force already"
    if change.op is not Op.ADD and not there:
        return "there is none in force"
    if change.op is Op.END:
        return None
    if set(change.said) != set(layer.columns):
        return f"it wants the columns {', '.join(layer.columns)}"
    if change.geom is None or change.geom.is_empty or change.geom.geom_type not in layer.shapes:
        return f"its shape has to be a {' or '.join(layer.shapes)}"
    return None


def difference(
    there: dict[str, Standing],
    wanted: Sequence[tuple[int, str, dict[str, Any], BaseGeometry]],
    *,
    complete: bool,
) -> list[Change]:
    """What makes a layer say what is wanted (row number, code, columns, shape).

    `complete`: what is not wanted is ended; otherwise it is left alone.
    """
    found = []
    for no, code, said, geom in wanted:
        old = there.get(code)
        if old is None or not old.says(said, geom):
            found.append(Change(no=no, op=Op.ADD if old is None else Op.ALTER, code=code, said=said, geom=geom))
    if complete:
        last = max((no for no, *_ in wanted), default=0)
        gone = sorted(there.keys() - {code for _, code, _, _ in wanted})
        found += [Change(no=no, op=Op.END, code=code) for no, code in enumerate(gone, start=last + 1)]
    return found


def set_of(tx: ReadTx, number: int) -> ChangeSet:
    """A set by its number. Raises NotFound."""
    found = one(tx, ChangeSet, SET + " WHERE id = %(id)s", id=number)
    if found is None:
        raise NotFound(f"There is no change set {number}", zh=f"没有变更集 {number}")
    return found


def lock(tx: Tx, number: int, *states: State) -> ChangeSet:
    """The set, ours until the transaction ends. Raises NotFound, NotAllowed if it stands in none of the states."""
    execute(tx, "SELECT FROM change_set WHERE id = %(id)s FOR UPDATE", id=number)
    found = set_of(tx, number)
    if found.state not in states:
        allowed = ", ".join(states)
        raise NotAllowed(
            f"Change set {number} is {found.state.value}; this can be done while it is {allowed}",
            zh=f"变更集 {number} 当前状态为 {found.state.value}，此操作仅适用于：{allowed}",
            state=found.state.value,
            allowed=list(states),
        )
    return found


def sets(tx: ReadTx, *, layer: str | None = None) -> list[ChangeSet]:
    """The latest sets, newest first."""
    sql: LiteralString = SET + " WHERE %(layer)s::text IS NULL OR layer = %(layer)s ORDER BY id DESC LIMIT %(most)s"
    return rows(tx, ChangeSet, sql, layer=layer, most=MOST_SETS)


def changes_of(tx: ReadTx, number: int) -> list[Change]:
    """The rows of a set in their order."""
    found = dicts(tx, CHANGES, id=number)
    shapes = shapely.from_wkb([row.pop("wkb") for row in found])
    return [Change(**(row | {"op": Op(row["op"]), "geom": shape})) for row, shape in zip(found, shapes, strict=True)]


def stands(change: Change, now: Standing | None) -> bool:
    """Whether what the change wrote is what is there now."""
    if change.geom is None:
        return now is None
    return now is not None and now.says(change.said, change.geom)


def counted(tx: ReadTx, number: int) -> dict[str, int]:
    """How many rows a set adds, alters and ends."""
    return {op.value: 0 for op in Op} | {row["op"]: row["n"] for row in dicts(tx, COUNTS, id=number)}


def _ewkb(geom: BaseGeometry | None) -> str | None:
    if geom is None:
        return None
    flat = shapely.set_srid(shapely.force_2d(geom), SRID)
    return str(shapely.to_wkb(flat, hex=True, include_srid=True, byte_order=1))
