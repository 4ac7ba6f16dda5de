"""Change sets through the one door that changes a layer: checked, held or put in force, undone, and recorded."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, LiteralString
from zoneinfo import ZoneInfo

import shapely
from psycopg.types.json import Jsonb

from dispatch.audit.trail import Kind, record
from dispatch.cases.books import books
from dispatch.cityfile.load import LOCK
from dispatch.cityfile.rows import RoadTrimRow
from dispatch.cityfile.trims import counting
from dispatch.layers.stranded import reasons_to_hold
from gis.changes.check import check
from gis.changes.duty import was
from gis.changes.layer import Layer, layer_of, layers_of
from gis.changes.sets import Change, ChangeSet, Op, State, changes_of, counted, lock, propose, set_of, stands
from gis.changes.standing import Standing, by_code, by_id
from gis.changes.write import write_rows
from gis.db import ReadTx, Tx, dicts, execute, value
from gis.plane import Plane
from gis.problems import Conflict, FormIncomplete, NotAllowed, Unavailable
from gis.tables import SRID
from gis.topology import ROUNDING_M, Fault

__all__ = ["Author", "Checked", "city_of", "draft", "look", "put_in_force", "undo", "withdraw"]

EDITION: LiteralString = """
    INSERT INTO edition (kind, name, in_force, source, content_hash)
    VALUES (%(kind)s, %(name)s, %(in_force)s, %(source)s, %(hash)s) RETURNING id
"""
LATEST: LiteralString = "SELECT max(in_force) FROM edition WHERE kind = %(kind)s"
LATER: LiteralString = """
    SELECT DISTINCT s.id FROM change_set s JOIN change c ON c.set_id = s.id
     WHERE s.id > %(id)s AND s.state = 'in_force' AND s.undoes IS NULL
       AND ((s.layer = %(layer)s AND c.code = ANY (%(codes)s))
            OR (s.layer = %(below)s AND c.said ->> 'parent' = ANY (%(added)s)))
     ORDER BY s.id
"""


@dataclass(frozen=True, slots=True)
class Author:
    """Who does it: `name` is a login, or `machine:<user>` at the command line; `person_id` None there."""

    name: str
    person_id: int | None = None
    whence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A set with its rows counted, what it would break, and why a second person has to look at it."""

    set: ChangeSet
    counts: dict[str, int]
    faults: list[Fault] = field(default_factory=list)
    held_for: list[dict[str, Any]] = field(default_factory=list)

    @property
    def errors(self) -> list[Fault]:
        """The faults that keep it out."""
        return [fault for fault in self.faults if not fault.warning]


def city_of(tx: ReadTx) -> dict[str, Any]:
    """The city's document. Raises Unavailable if none is loaded."""
    found = value(tx, "SELECT document FROM city")
    if found is None:
        raise Unavailable("No city has been loaded yet: wangge city load DIR", zh="尚未载入城市：wangge city load 目录")
    return dict(found)


def draft(
    tx: Tx,
    layer: Layer,
    changes: Sequence[Change],
    *,
    by: Author,
    reason: str,
    source: str,
    in_force: date | None = None,
) -> int:
    """Keep rows as a draft; its number. `in_force` None: today in the city. Raises as `gis.changes.sets.propose`."""
    day = in_force or _today(tx)
    number = propose(tx, layer, changes, author=by.name, reason=reason, source=source, in_force=day)
    _note(tx, by, number, {"did": "draft", "layer": layer.key, "rows": len(changes)})
    return number


def look(tx: ReadTx, number: int) -> Checked:
    """The set as a check finds it now. Raises NotFound."""
    one = set_of(tx, number)
    document = city_of(tx)
    levels = layers_of(document)
    layer = layer_of(document, one.layer)
    changes = changes_of(tx, number)
    faults = check(
        tx,
        layer,
        one,
        plane=Plane(*document["centre"]),
        below=levels.get(layer.below),
        above=levels.get(layer.above),
        rounding=float(document.get("check", {}).get("sliver_m", ROUNDING_M)),
    )
    held = reasons_to_hold(tx, layer, number, changes, books(tx).rulebook)
    if one.undoes is not None:  # to take back what was put in loses nothing that was there before
        held = [reason for reason in held if reason["kind"] != "lost"]
    return Checked(set=one, counts=counted(tx, number), faults=faults, held_for=held)


def put_in_force(tx: Tx, number: int, *, by: Author) -> Checked:
    """Put a draft in force whole, or hold it for a second person; a held one goes in by the hand of another.

    Raises FormIncomplete with the faults, NotAllowed for the author of a held set or one that is done with, Conflict
    if its day lies before today, or before the latest edition's.
    """
    _alone(tx)
    one = lock(tx, number, State.DRAFT, State.HELD)
    found = look(tx, number)
    if found.errors:
        raise FormIncomplete(
            f"Change set {number} has {len(found.errors)} faults and was not put in force; {found.errors[0].words}",
            zh=f"变更集 {number} 有 {len(found.errors)} 处错误，未生效；{found.errors[0].words_zh}",
            faults=[fault.feature() for fault in found.errors],
        )
    if found.held_for and (one.state is State.DRAFT or by.name == one.author):
        return _hold(tx, one, found, by)
    if one.state is State.HELD and by.name == one.author:
        raise _second_person(number)
    _write(tx, one, by)
    return Checked(set=set_of(tx, number), counts=found.counts, faults=found.faults, held_for=found.held_for)


def undo(tx: Tx, number: int, *, by: Author, reason: str) -> Checked:
    """Take a set back by a further one that restores what was in force before it, rows and shapes.

    Raises NotAllowed if it is not in force, Conflict if later sets or editions build on it (they are named).
    """
    _alone(tx)
    one = lock(tx, number, State.IN_FORCE)
    document = city_of(tx)
    layer = layer_of(document, one.layer)
    changes = changes_of(tx, number)
    _refuse_built_upon(tx, layer, one, changes)
    back = _backwards(changes, _before(tx, layer, changes))
    day = max(one.in_force, _today(tx))
    source = f"undoes change set {number}"
    further = propose(tx, layer, back, author=by.name, reason=reason, source=source, in_force=day, undoes=number)
    _note(tx, by, further, {"did": "undo", "undoes": number})
    return put_in_force(tx, further, by=by)


def withdraw(tx: Tx, number: int, *, by: Author) -> ChangeSet:
    """Give up a set that is not in force. Raises NotAllowed."""
    lock(tx, number, State.DRAFT, State.HELD)
    execute(tx, "UPDATE change_set SET state = 'withdrawn' WHERE id = %(id)s", id=number)
    _note(tx, by, number, {"did": "withdraw"})
    return set_of(tx, number)


def _alone(tx: Tx) -> None:
    """One at a time, city loads included: what is checked must be what is changed."""
    execute(tx, "SELECT pg_advisory_xact_lock(%(lock)s)", lock=LOCK)


def _today(tx: ReadTx) -> date:
    return tx.now.astimezone(ZoneInfo(str(city_of(tx)["time_zone"]))).date()


def _hold(tx: Tx, one: ChangeSet, found: Checked, by: Author) -> Checked:
    if one.state is State.HELD:
        raise _second_person(one.id)
    execute(
        tx,
        "UPDATE change_set SET state = 'held', held_for = %(why)s WHERE id = %(id)s",
        why=Jsonb(found.held_for),
        id=one.id,
    )
    _note(tx, by, one.id, {"did": "hold", "reasons": len(found.held_for)})
    return Checked(set=set_of(tx, one.id), counts=found.counts, faults=found.faults, held_for=found.held_for)


def _second_person(number: int) -> NotAllowed:
    return NotAllowed(
        f"Change set {number} is held: another person than its author has to put it in force",
        zh=f"变更集 {number} 需由另一人复核后生效",
        state=State.HELD.value,
        allowed=["withdraw"],
    )


def _write(tx: Tx, one: ChangeSet, by: Author) -> None:
    document = city_of(tx)
    layer = layer_of(document, one.layer)
    changes = changes_of(tx, one.id)
    _refuse_old_day(tx, layer, one)
    edition = value(
        tx,
        EDITION,
        kind=layer.kind,
        name=f"{layer.kind}-set-{one.id}",
        in_force=one.in_force,
        source=one.source,
        hash=_hash(changes),
    )
    write_rows(tx, layer, one, edition, levels=len(document["levels"]))
    if layer.kind == "roads":
        _trim(tx, changes)
    execute(
        tx,
        """UPDATE change_set SET state = 'in_force', edition_id = %(edition)s, publisher = %(by)s,
                  published_at = clock_timestamp() WHERE id = %(id)s""",
        edition=edition,
        by=by.name,
        id=one.id,
    )
    execute(tx, "UPDATE change_set SET state = 'undone' WHERE id = %(id)s", id=one.undoes)
    execute(tx, "UPDATE city SET version = version + 1")
    _note(tx, by, one.id, {"did": "in_force", "layer": layer.key, "undoes": one.undoes, **counted(tx, one.id)})


def _trim(tx: Tx, changes: Sequence[Change]) -> None:
    """What trims leave of the lines just written; a trim is measured along its line, so it is cut anew."""
    for change in changes:
        if change.said.get("trims"):
            trims = [RoadTrimRow(row=0, road=change.code, **trim) for trim in change.said["trims"]]
            left = shapely.to_wkb(shapely.set_srid(counting(change.geom, trims), SRID), hex=True, include_srid=True)
            execute(
                tx,
                "UPDATE road SET counts = %(left)s WHERE code = %(code)s AND valid_to IS NULL",
                left=left,
                code=change.code,
            )


def _refuse_old_day(tx: ReadTx, layer: Layer, one: ChangeSet) -> None:
    earliest = max(filter(None, (_today(tx), value(tx, LATEST, kind=layer.kind))))
    if one.in_force < earliest:
        raise Conflict(
            f"Change set {one.id} is to be in force from {one.in_force}, but what was in force before {earliest} "
            "cannot be changed any more: cases were decided by it, or a later edition is published",
            zh=f"变更集 {one.id} 的生效日期 {one.in_force} 早于 {earliest}，不能生效",
            earliest=earliest.isoformat(),
        )


def _refuse_built_upon(tx: ReadTx, layer: Layer, one: ChangeSet, changes: Sequence[Change]) -> None:
    codes = [change.code for change in changes]
    added = [change.code for change in changes if change.op is Op.ADD]
    later = [
        row["id"] for row in dicts(tx, LATER, id=one.id, layer=layer.key, below=layer.below, codes=codes, added=added)
    ]
    now = by_code(tx, layer, codes)
    other = [change.code for change in changes if not stands(change, now.get(change.code))]
    if later or other:
        what = (
            f"change sets {', '.join(map(str, later))} build"
            if later
            else f"a later edition changed {other[0]}, which builds"
        )
        raise Conflict(
            f"Change set {one.id} cannot be undone: {what} on it. Undo the later first",
            zh=f"变更集 {one.id} 不能撤销：后来的变更以它为基础{f'（变更集 {later}）' if later else f'（{other[0]}）'}",
            later=later,
            codes=other[:100],
        )


def _before(tx: ReadTx, layer: Layer, changes: Sequence[Change]) -> dict[int, Standing]:
    if layer.kind == "duty_grids":
        return was(tx, changes)
    return by_id(tx, layer, [change.old_id for change in changes if change.old_id is not None])


def _backwards(changes: Sequence[Change], old: dict[int, Standing]) -> list[Change]:
    back = []
    for change in changes:
        before = old.get(change.old_id) if change.old_id is not None else None
        if before is None:
            back.append(Change(no=change.no, op=Op.END, code=change.code))
        else:
            op = Op.ADD if change.op is Op.END else Op.ALTER
            back.append(Change(no=change.no, op=op, code=change.code, said=before.said, geom=before.geom))
    return back


def _hash(changes: Sequence[Change]) -> str:
    digest = hashlib.sha256()
    for change in changes:
        digest.update(f"{change.op} {change.code} {sorted(change.said.items())} ".encode())
        digest.update(b"" if change.geom is None else change.geom.wkb)
    return digest.hexdigest()


def _note(tx: Tx, by: Author, number: int, detail: dict[str, Any]) -> None:
    record(tx, Kind.LAYERS, person_id=by.person_id, whence=by.whence, object=f"change_set:{number}", detail=detail)
