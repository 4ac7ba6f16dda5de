"""After a change of calendar: every open deadline counted anew, in small transactions, any number of workers at once.

Whoever touches a case first counts it by the calendar in force (`cases.settle`); this sweep only sees that nobody
has to wait for that, and says how far it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from dispatch.cases.books import books
from dispatch.cases.overdue import settle_case
from dispatch.cases.parked import park
from dispatch.cases.settle_many import settle_many
from dispatch.failpoints import failpoint
from dispatch.lifecycle.states import Action
from gis.db import TAKEOVER, ReadTx, Tx, column, execute, one, rows, value, write

__all__ = ["Move", "Turn", "moves", "recount_some", "turn_of"]

BATCH = 500  # cases in one transaction; whoever wants one of them waits a quarter of a second at most
# Another worker has this turn in hand: it goes on with it.
CLAIM: LiteralString = """
    SELECT reached FROM calendar_turn WHERE edition_id = %(edition)s AND done_at IS NULL FOR UPDATE SKIP LOCKED
"""
NEXT: LiteralString = """
    SELECT id FROM cases WHERE id > %(reached)s AND next_at IS NOT NULL ORDER BY id LIMIT %(limit)s
"""
GO_ON: LiteralString = """
    UPDATE calendar_turn SET reached = coalesce(%(reached)s, reached), cases = cases + %(cases)s,
           moved = moved + %(moved)s, done_at = CASE WHEN %(done)s THEN %(now)s::timestamptz END
     WHERE edition_id = %(edition)s
"""
TURN: LiteralString = """
    SELECT t.edition_id AS edition, e.name, t.cases, t.moved, t.begun_at, t.done_at
      FROM calendar_turn t JOIN edition e ON e.id = t.edition_id WHERE t.edition_id = %(edition)s
"""
MOVES: LiteralString = """
    SELECT c.number AS "case", m.key AS clock, (m.value ->> 0)::timestamptz AS from_due,
           (m.value ->> 1)::timestamptz AS to_due
      FROM step s JOIN cases c ON c.id = s.case_id, jsonb_each(s.data -> 'moved') m
     WHERE s.action = 'recount' AND s.at >= %(since)s AND (s.data ->> 'calendar')::int = %(edition)s
     ORDER BY c.id, m.key LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """How far the open deadlines are counted by an edition of the calendar. `done_at` empty: not all of them yet."""

    edition: int
    name: str
    cases: int
    moved: int
    begun_at: datetime
    done_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One clock that a change of calendar moved."""

    case: str
    clock: str
    from_due: datetime | None
    to_due: datetime | None


def recount_some(limit: int = BATCH) -> bool:
    """One transaction's worth of cases; False if there is nothing left to do, or another worker does it.

    A case that somebody has in hand is counted by him, perhaps by the books of before the change: it is looked at when
    he is done. One that cannot be counted is put aside, and stops no other.
    """
    with write(patience=TAKEOVER) as tx:
        edition = books(tx).editions["calendar"]
        _begin(tx, edition)
        reached = value(tx, CLAIM, edition=edition)
        if reached is None:
            return False
        ids = column(tx, NEXT, reached=reached, limit=limit)
        found = settle_many(tx, ids)
        failpoint("between-recounts")
        done = len(ids) < limit
        moved = sum(any(step.action == Action.RECOUNT for step in draft.steps) for draft in found.changed)
        now, last = tx.now, max(ids, default=None)
        execute(tx, GO_ON, edition=edition, reached=last, cases=len(ids), moved=moved, done=done, now=now)
    park(found.faults)
    for case_id in {*ids} - found.looked_at:
        with write() as tx:
            settle_case(tx, case_id, now=tx.now)
    return not done


def _begin(tx: Tx, edition: int) -> None:
    execute(
        tx,
        "INSERT INTO calendar_turn (edition_id, begun_at) VALUES (%(edition)s, %(now)s) ON CONFLICT DO NOTHING",
        edition=edition,
        now=tx.now,
    )


def turn_of(tx: ReadTx, edition: int) -> Turn | None:
    """How far it is; None if no worker has begun."""
    return one(tx, Turn, TURN, edition=edition)


def moves(tx: ReadTx, edition: int, since: datetime, *, limit: int = 500) -> list[Move]:
    """What the edition moved, by case. `since`: when it came into force. Index: step_recounts."""
    return rows(tx, Move, MOVES, edition=edition, since=since, limit=limit)
