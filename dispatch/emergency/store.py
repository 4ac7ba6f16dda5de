"""The store of spare parts: a ledger of what came and went. The stock is its sum; no number is ever overwritten.

Whoever takes something out, or puts something in, has the store to himself until his transaction ends: one lock for
all shelves, so that no two can wait for each other.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from gis.db import ReadTx, Tx, execute, one, rows
from gis.problems import Conflict, Forbidden, NotFound, wrong

__all__ = [
    "MOST", "Count", "Movement", "Named", "Shelf", "answer_count", "ask_count", "counts", "movements", "named",
    "receive", "shelves", "shelves_locked",
]  # fmt: skip

MOST = 100_000  # of one part in one movement
LONGEST = 200  # of a reason
LOCK: LiteralString = "SELECT pg_advisory_xact_lock(6227791)"
SHELVES: LiteralString = """
    SELECT s.id, s.unit_id AS unit, s.category, s.name, s.name_en, s.depot, s.depot_en, s.low,
           (SELECT coalesce(sum(m.quantity), 0)::int FROM stock_movement m WHERE m.spare_id = s.id) AS stock
      FROM spare s
     WHERE s.listed AND (%(units)s::text[] IS NULL OR s.unit_id = ANY (%(units)s))
       AND (%(category)s::text IS NULL OR s.category = %(category)s)
       AND (%(ids)s::text[] IS NULL OR s.id = ANY (%(ids)s))
     ORDER BY s.unit_id, s.category, s.id
"""
NAMED: LiteralString = "SELECT id, name, name_en FROM spare WHERE id = ANY (%(ids)s)"
MOVEMENTS: LiteralString = """
    SELECT m.id, m.spare_id AS spare, s.name, s.name_en, s.unit_id AS unit, m.kind, m.quantity, c.number AS case,
           p.name AS person, k.reason, m.at
      FROM stock_movement m JOIN spare s ON s.id = m.spare_id LEFT JOIN cases c ON c.id = m.case_id
      LEFT JOIN person p ON p.id = m.person_id LEFT JOIN stock_count k ON k.id = m.count_id
     WHERE %(units)s::text[] IS NULL OR s.unit_id = ANY (%(units)s)
     ORDER BY m.id DESC LIMIT %(limit)s
"""
RECEIVE: LiteralString = """
    INSERT INTO stock_movement (spare_id, kind, quantity, key, person_id, at)
    VALUES (%(spare)s, 'received', %(quantity)s, %(key)s, %(by)s, %(at)s) ON CONFLICT (key) DO NOTHING
"""
COUNTS: LiteralString = """
    SELECT k.id, k.spare_id AS spare, s.name, s.name_en, s.unit_id AS unit, k.counted, k.quantity, k.reason, k.asked_by,
           p.name AS asker, k.asked_at, k.answer
      FROM stock_count k JOIN spare s ON s.id = k.spare_id JOIN person p ON p.id = k.asked_by
"""
ASK: LiteralString = """
    INSERT INTO stock_count (spare_id, counted, quantity, reason, asked_by, asked_at)
    VALUES (%(spare)s, %(counted)s, %(quantity)s, %(reason)s, %(by)s, %(at)s)
    ON CONFLICT (spare_id) WHERE answer IS NULL DO NOTHING
"""
ANSWER: LiteralString = """
    UPDATE stock_count SET answer = %(answer)s, answered_by = %(by)s, answered_at = %(at)s
     WHERE id = %(id)s AND answer IS NULL
"""
CORRECT: LiteralString = """
    INSERT INTO stock_movement (spare_id, kind, quantity, count_id, person_id, at)
    VALUES (%(spare)s, 'corrected', %(quantity)s, %(id)s, %(by)s, %(at)s)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What a part is called."""

    id: str
    name: str
    name_en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """One part at one unit's depot. `stock`: how many are there now."""

    id: str
    unit: str
    category: str
    name: str
    name_en: str
    depot: str
    depot_en: str
    low: int
    stock: int

    @property
    def short(self) -> bool:
        """Whether there are few."""
        return self.stock < self.low

    def falls(self, quantity: int) -> bool:
        """Whether a movement of `quantity` (negative: taken out) makes few of enough."""
        return not self.short and self.stock + quantity < self.low


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """One line of the ledger. `case`: whose reply used it; `reason`: of a correction."""

    id: int
    spare: str
    name: str
    name_en: str
    unit: str
    kind: str
    quantity: int
    case: str | None
    person: str | None
    reason: str | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """A count that differs by `quantity` from what the ledger said when it was asked for."""

    id: int
    spare: str
    name: str
    name_en: str
    unit: str
    counted: int
    quantity: int
    reason: str
    asked_by: int
    asker: str
    asked_at: datetime
    answer: str | None


def shelves(
    tx: ReadTx,
    *,
    units: Collection[str] | None = None,
    category: str | None = None,
    ids: Collection[str] | None = None,
) -> list[Shelf]:
    """What is kept, by unit; of these units, for this subclass, these parts, or all. Index: stock_movement_spare."""
    chosen = {"units": None if units is None else list(units), "ids": None if ids is None else list(ids)}
    return rows(tx, Shelf, SHELVES, category=category, **chosen)


def named(tx: ReadTx, ids: Collection[str]) -> dict[str, Named]:
    """These parts by id, also those that are kept no more."""
    return {part.id: part for part in rows(tx, Named, NAMED, ids=list(ids))}


def shelves_locked(tx: Tx, ids: Collection[str]) -> dict[str, Shelf]:
    """These parts by id, with nobody else in the store until the transaction ends."""
    execute(tx, LOCK)
    return {shelf.id: shelf for shelf in shelves(tx, ids=ids)}


def movements(tx: ReadTx, units: Collection[str] | None = None, *, limit: int = 100) -> list[Movement]:
    """The ledger of these units, or of all, latest first."""
    return rows(tx, Movement, MOVEMENTS, units=None if units is None else list(units), limit=limit)


def receive(tx: Tx, spare: str, quantity: int, *, by: int | None, key: UUID, at: datetime) -> None:
    """Put new ones on the shelf. The same key again changes nothing. Raises FormIncomplete."""
    if not 0 < quantity <= MOST:
        raise wrong("quantity", f"From 1 to {MOST}", f"数量须为 1 到 {MOST}")
    execute(tx, LOCK)
    execute(tx, RECEIVE, spare=spare, quantity=quantity, key=key, by=by, at=at)


def counts(tx: ReadTx, units: Collection[str] | None = None) -> list[Count]:
    """The counts that wait for a second person, oldest first."""
    waits: LiteralString = """
     WHERE k.answer IS NULL AND (%(units)s::text[] IS NULL OR s.unit_id = ANY (%(units)s)) ORDER BY k.id
    """
    return rows(tx, Count, COUNTS + waits, units=None if units is None else list(units))


def ask_count(tx: Tx, spare: str, counted: int, *, reason: str, by: int) -> None:
    """Say what was counted, if that is not what the ledger says.

    Raises FormIncomplete (no reason, no difference), Conflict (one waits already), NotFound.
    """
    shelf = shelves_locked(tx, [spare]).get(spare)
    if shelf is None:
        raise NotFound("There is no such part", zh="没有这种备件")
    if not 0 <= counted <= MOST:
        raise wrong("counted", f"From 0 to {MOST}", f"数量须为 0 到 {MOST}")
    if not reason.strip() or len(reason) > LONGEST:
        raise wrong("reason", "Say why it differs", "请写明差异原因")
    if counted == shelf.stock:
        raise wrong("counted", "That is what the ledger says", "与账面数量一致，无需更正")
    difference = counted - shelf.stock
    said = {"spare": spare, "counted": counted, "quantity": difference, "reason": reason.strip(), "by": by}
    if not execute(tx, ASK, **said, at=tx.now):
        raise Conflict("A count of this part waits for its answer", zh="该备件已有盘点待确认")


def answer_count(tx: Tx, id: int, what: str, *, by: int, units: Collection[str] | None) -> Shelf | None:
    """`agreed` or `refused` by another person, `withdrawn` by who asked; the shelf, where that makes few of enough.

    `units`: those whose store the person keeps; None: all. Raises NotFound, Forbidden, Conflict.
    """
    execute(tx, LOCK)
    asked = one(tx, Count, COUNTS + " WHERE k.id = %(id)s", id=id)
    if asked is None or what not in ("agreed", "refused", "withdrawn") or not _of(asked.unit, units):
        raise NotFound("There is no such count", zh="没有这次盘点")
    if (asked.asked_by == by) != (what == "withdrawn"):
        raise Forbidden("A correction is agreed to by another person", zh="更正须由另一人确认")
    shelf = _corrected(tx, asked) if what == "agreed" else None
    if not execute(tx, ANSWER, id=id, answer=what, by=by, at=tx.now):
        raise Conflict("It has been answered already", zh="已有答复")
    if shelf is None:
        return None
    execute(tx, CORRECT, id=id, spare=asked.spare, quantity=asked.quantity, by=by, at=tx.now)
    return shelf if shelf.falls(asked.quantity) else None


def _corrected(tx: ReadTx, asked: Count) -> Shelf:
    """The shelf that a count corrects, as it is before. Raises Conflict: it is kept no more, or has too few by now."""
    shelf = next(iter(shelves(tx, ids=[asked.spare])), None)
    if shelf is None:
        raise Conflict(
            "This part is kept no more: refuse the count, or withdraw it", zh="该备件已不再管理，请驳回或撤回"
        )
    if shelf.stock + asked.quantity < 0:
        raise Conflict("Fewer are there than would be taken off: count again", zh="库存不足以更正，请重新盘点")
    return shelf


def _of(unit: str, units: Collection[str] | None) -> bool:
    return units is None or unit in units
