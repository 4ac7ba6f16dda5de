"""After a change of calendar: every open deadline counted anew, in small transactions, by several workers at once.

Whoever touches a case first counts it by the calendar in force (`cases.settle`); this sweep only sees that nobody
has to wait for that, and says how far it is.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import date, datetime
from typing import LiteralString

from dispatch.cases.books import books
from dispatch.cases.overdue import settle_case
from dispatch.cases.settle_many import settle_many
from dispatch.failpoints import failpoint
from dispatch.lifecycle.states import Action
from dispatch.parked import Kind, park
from gis.db import TAKEOVER, ReadTx, Tx, column, execute, gone, one, rows, write

__all__ = ["Move", "Turn", "moves", "recount_some", "turn_of", "turns"]

log = logging.getLogger("wangge.work")

BATCH = 500  # cases in one transaction; whoever wants one of them waits a quarter of a second at most
LANES = 4  # parts of a turn, of as many cases each: so many workers can share it
# The last lane has no end: a report may be filed by the books of before the change.
BEGIN: LiteralString = """
    INSERT INTO calendar_turn (edition_id, lane, reached, last, begun_at)
    SELECT %(edition)s, n, coalesce(max(t.last) OVER (ORDER BY n ROWS UNBOUNDED PRECEDING EXCLUDE CURRENT ROW), 0),
           CASE WHEN n < %(lanes)s THEN coalesce(max(t.last) OVER (ORDER BY n), 0) END, %(now)s
      FROM generate_series(1, %(lanes)s) n
      LEFT JOIN (SELECT tile, max(id) AS last
                   FROM (SELECT id, ntile(%(lanes)s) OVER (ORDER BY id) AS tile FROM cases WHERE next_at IS NOT NULL) i
                  GROUP BY tile) t ON t.tile = n
     WHERE NOT EXISTS (SELECT FROM calendar_turn WHERE edition_id = %(edition)s)
    ON CONFLICT DO NOTHING
"""
# Another worker has the other lanes in hand: it goes on with them. Any lane: one that gets no further, because of its
# cases or of who has them in hand, does not draw every worker to it.
CLAIM: LiteralString = """
    SELECT edition_id AS edition, lane, reached, last FROM calendar_turn
     WHERE edition_id = %(edition)s AND done_at IS NULL AND (%(lane)s::int IS NULL OR lane = %(lane)s)
     ORDER BY random() LIMIT 1 FOR UPDATE SKIP LOCKED
"""
NEXT: LiteralString = """
    SELECT id FROM cases
     WHERE id > %(reached)s AND id <= coalesce(%(last)s, 9223372036854775807) AND next_at IS NOT NULL
     ORDER BY id LIMIT %(limit)s
"""
GO_ON: LiteralString = """
    UPDATE calendar_turn SET reached = %(reached)s, cases = cases + %(cases)s, moved = moved + %(moved)s,
           done_at = CASE WHEN %(done)s THEN %(now)s::timestamptz END
     WHERE edition_id = %(edition)s AND lane = %(lane)s AND reached = %(was)s
"""
TURNS: LiteralString = """
    SELECT e.id AS edition, e.name, e.in_force, sum(t.cases)::int AS cases, sum(t.moved)::int AS moved,
           min(t.begun_at) AS begun_at, CASE WHEN bool_and(t.done_at IS NOT NULL) THEN max(t.done_at) END AS done_at
      FROM calendar_turn t JOIN edition e ON e.id = t.edition_id GROUP BY e.id ORDER BY e.in_force DESC, e.id DESC
"""
MOVES: LiteralString = """
    SELECT c.number AS "case", m.key AS clock, (m.value ->> 0)::timestamptz AS from_due,
           (m.value ->> 1)::timestamptz AS to_due
      FROM step s JOIN cases c ON c.id = s.case_id, jsonb_each(s.data -> 'moved') m
     WHERE s.action = 'recount' AND s.at >= %(since)s AND (s.data ->> 'calendar')::int = %(edition)s
     ORDER BY c.id, m.key LIMIT %(limit)s OFFSET %(skip)s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """How far the open deadlines are counted by an edition of the calendar. `done_at` empty: not all of them yet."""

    edition: int
    name: str
    in_force: date
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


@dataclass(frozen=True, slots=True)
class _Lane:
    edition: int
    lane: int
    reached: int
    last: int | None


def recount_some(limit: int = BATCH) -> bool:
    """One transaction's worth of one lane; False if nothing is left to do, or other workers do it.

    A case that somebody has in hand is counted by him, perhaps by the books of before the change: it is looked at when
    he is done, and until then the lane goes no further. One that cannot be counted is put aside, and stops no other:
    cases that fail together are counted again one by one. Raises Unavailable: the database is gone.
    """
    in_hand: dict[int, _Lane] = {}
    try:
        return _go_on(in_hand, limit)
    except Exception as error:  # which case it is, is seen by taking each by itself
        if gone(error) or not in_hand:
            raise
        log.warning("%d cases cannot be counted together (%s): one by one", len(in_hand), type(error).__name__)
    for lane in in_hand.values():
        _count_one(lane.lane)
    return True


def _go_on(in_hand: dict[int, _Lane], limit: int, lane: int | None = None) -> bool:
    """Count the next cases of a lane that is free, or of this one. `in_hand` names them and how far the lane was,
    whatever becomes of it. False if there is no such lane."""
    with write(patience=TAKEOVER) as tx:
        edition = books(tx).editions["calendar"]
        claimed = one(tx, _Lane, CLAIM, edition=edition, lane=lane)
        if claimed is None:
            if execute(tx, BEGIN, edition=edition, lanes=LANES, now=tx.now):
                return True  # by itself: until this is committed nobody else can have a lane
            claimed = one(tx, _Lane, CLAIM, edition=edition, lane=lane)
        if claimed is None:
            return False
        ids = column(tx, NEXT, reached=claimed.reached, last=claimed.last, limit=limit)
        in_hand |= dict.fromkeys(ids, claimed)
        found = settle_many(tx, ids)
        failpoint("between-recounts")
        held = sorted({*ids} - found.looked_at)
        passed = [one for one in ids if not held or one < held[0]]
        moved = sum(any(step.action == Action.RECOUNT for step in draft.steps) for draft in found.changed)
        done = not held and len(ids) < limit
        _reach(tx, claimed, max(passed, default=claimed.reached), cases=len(passed), moved=moved, done=done)
    park(Kind.CASE, found.faults)
    _wait_for(held)
    return True


def _reach(tx: Tx, lane: _Lane, reached: int, *, cases: int, moved: int = 0, done: bool = False) -> None:
    """Put down how far it is, unless somebody else has gone on with it."""
    so_far = {"reached": reached, "cases": cases, "moved": moved, "done": done, "now": tx.now}
    execute(tx, GO_ON, edition=lane.edition, lane=lane.lane, was=lane.reached, **so_far)


def _count_one(lane: int) -> None:
    """The lane's next case by itself; one that fails is put aside and passed over."""
    in_hand: dict[int, _Lane] = {}
    try:
        _go_on(in_hand, 1, lane)
    except Exception as error:  # it concerns the case in hand; the others go on
        if gone(error) or not in_hand:
            raise
        park(Kind.CASE, dict.fromkeys(in_hand, error))
        with write() as tx:
            for case_id, claimed in in_hand.items():
                _reach(tx, claimed, case_id, cases=1)


def _wait_for(held: list[int]) -> None:
    """Settle those that somebody had in hand once he is done. One that is not free in time, or cannot be settled, is
    put aside; its lane comes back to it."""
    for case_id in held:
        try:
            with write() as tx:
                settle_case(tx, case_id, now=tx.now)
        except Exception as error:  # it concerns this case
            if gone(error):
                raise
            park(Kind.CASE, {case_id: error})


def turns(tx: ReadTx) -> list[Turn]:
    """Every turn of the calendar that a worker has begun, the latest first."""
    return rows(tx, Turn, TURNS)


def turn_of(tx: ReadTx, edition: int) -> Turn | None:
    """How far it is; None if no worker has begun."""
    return next((turn for turn in turns(tx) if turn.edition == edition), None)


def moves(tx: ReadTx, edition: int, since: datetime, *, limit: int = 500, skip: int = 0) -> list[Move]:
    """What the edition moved, by case. `since`: when it came into force. Index: step_recounts."""
    return rows(tx, Move, MOVES, edition=edition, since=since, limit=limit, skip=skip)
