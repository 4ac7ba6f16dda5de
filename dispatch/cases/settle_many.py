"""Settle many cases in one transaction: those that nobody has in hand; what happens to each is decided one by one."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import LiteralString

from psycopg.rows import dict_row

from dispatch.cases.act import LOCK, Held, held_of
from dispatch.cases.books import books
from dispatch.cases.draft import Draft
from dispatch.cases.save_many import save_many
from dispatch.cases.settle import settle
from dispatch.parked import Kind, forgive
from gis.db import Tx
from gis.problems import FormIncomplete, NotAllowed

__all__ = ["Settled", "settle_many"]

# What is wrong with one case concerns no other.
OF_ITS_DATA = (ArithmeticError, LookupError, TypeError, ValueError, NotAllowed, FormIncomplete)
PORTION = 50  # cases the database writes while the next are worked out
LOCK_FREE: LiteralString = LOCK.replace("c.id = %(case)s", "c.id = ANY (%(cases)s)") + " SKIP LOCKED"


@dataclass(slots=True)
class Settled:
    """What came of it. `changed`: the cases that something happened to; `events`: how much; `looked_at`: ids of all
    that were free; `faults`: case → why it could not be settled, and was left as it is."""

    changed: list[Draft] = field(default_factory=list)
    events: int = 0
    looked_at: set[int] = field(default_factory=set)
    faults: dict[int, Exception] = field(default_factory=dict)


def settle_many(tx: Tx, cases: list[int], *, now: datetime | None = None) -> Settled:
    """Let happen to these cases what is due, and write it. `now`: only for a rehearsal's clock."""
    found = Settled()
    if not cases:
        return found
    with tx.connection.cursor(row_factory=dict_row) as cursor:
        held = [held_of(row) for row in cursor.execute(LOCK_FREE, {"cases": cases}).fetchall()]
    with tx.ahead() as end_portion:
        for first in range(0, len(held), PORTION):
            save_many(tx, [one.draft for one in held[first : first + PORTION] if _settled(tx, one, found, now)])
            end_portion()
        forgive(tx, Kind.CASE, found.looked_at - found.faults.keys())
    return found


def _settled(tx: Tx, one: Held, found: Settled, now: datetime | None) -> bool:
    """Whether anything happened to the case."""
    case_id = one.draft.case.id
    found.looked_at.add(case_id)
    try:
        count = settle(tx, one.draft, books(tx, one.city_version), now or one.now)
    except OF_ITS_DATA as fault:
        found.faults[case_id] = fault
        return False
    found.events += count
    if count:
        found.changed.append(one.draft)
    return count > 0
